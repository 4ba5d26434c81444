import { registry } from "@web/core/registry";

const TIMELINE = "button[name=action_crm_timeline]";

registry.category("web_tour.tours").add("crm_gestion_timeline", {
    steps: () => [
        {
            content: "Where there is no room for all buttons, some are behind More",
            trigger: ".o-form-buttonbox",
            run() {
                if (!document.querySelector(TIMELINE)) {
                    document.querySelector(".o_button_more").click();
                }
            },
        },
        {
            content: "From the organization to its history",
            trigger: TIMELINE,
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
