import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("crm_gestion_timeline", {
    steps: () => [
        {
            content: "From the organization to its history",
            trigger: "button[name=action_crm_timeline]",
            run: "click",
        },
        {
            content: "The latest comes first",
            trigger: ".o_data_row:first .o_data_cell[name=summary]:contains(Pide precios)",
        },
        {
            content: "Only what was done about opportunities",
            trigger: ".o_searchview_dropdown_toggler",
            run: "click",
        },
        {
            trigger: ".o_filter_menu .o-dropdown-item:contains(Opportunities), .o_filter_menu .o-dropdown-item:contains(Oportunidades)",
            run: "click",
        },
        {
            trigger: ".o_list_view:not(:has(.o_data_cell:contains(Pide precios)))",
        },
        {
            content: "A row opens its record",
            trigger: ".o_data_row .o_data_cell[name=summary]:contains(Venta de software)",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_field_widget[name=name]:contains(Venta de software), .o_form_view .o_field_widget[name=name] textarea:value(Venta de software)",
        },
    ],
});
