import { registry } from "@web/core/registry";

const openMenu = (entry) => [
    { trigger: '.o_menu_sections [data-menu-xmlid="crm.crm_menu_report"]', run: "click" },
    { trigger: `.o-dropdown--menu [data-menu-xmlid="crm_gestion.${entry}"]`, run: "click" },
    { trigger: ".o_pivot_view table" },
];
const openRow = (text, field) => [
    { trigger: ".o_switch_view.o_list", run: "click" },
    {
        trigger: `.o_list_view .o_data_row:contains("${text}") td.o_data_cell:first`,
        run: "click",
    },
    { trigger: `.o_form_view .o_field_widget[name=${field}]` },
];

registry.category("web_tour.tours").add("crm_gestion_reports", {
    steps: () => [
        { trigger: ".o_navbar_apps_menu button:enabled", run: "click" },
        { trigger: '.o_app[data-menu-xmlid="crm.crm_menu_root"]', run: "click" },
        ...openMenu("menu_crm_opportunity_report"),
        { trigger: ".o_searchview_dropdown_toggler", run: "click" },
        {
            trigger: ".o_favorite_menu .o-dropdown-item:contains(Why We Lose)",
            run: "click",
        },
        { trigger: ".o_searchview_facet:contains(Why We Lose)" },
        { trigger: ".o_pivot_view th:contains(Nothing but the price)" },
        ...openRow("Lost of the tour", "expected_revenue"),
        ...openMenu("menu_crm_opportunity_stage"),
        ...openRow("Lost of the tour", "expected_revenue"),
        ...openMenu("menu_crm_gestion_report"),
        ...openRow("Aceites del Sur", "result_id"),
    ],
});
