import { registry } from "@web/core/registry";

const openCrm = [
    { trigger: ".o_navbar_apps_menu button:enabled", run: "click" },
    { trigger: '.o_app[data-menu-xmlid="crm.crm_menu_root"]', run: "click" },
];
const openMenu = (section, entry) => [
    { trigger: `.o_menu_sections [data-menu-xmlid="${section}"]`, run: "click" },
    { trigger: `.o-dropdown--menu [data-menu-xmlid="${entry}"]`, run: "click" },
];
const openCog = [
    { trigger: ".o_cp_action_menus .fa-cog", run: "click" },
    { trigger: ".o-dropdown--menu .o-dropdown-item" },
];
const organizations = [
    ...openCrm,
    ...openMenu("crm_gestion.menu_crm_accounts", "crm_gestion.menu_crm_organization"),
    { trigger: ".o_switch_view.o_list", run: "click" },
    { trigger: ".o_list_view .o_data_row" },
];
const pivot = [
    ...openMenu("crm.crm_menu_report", "crm_gestion.menu_crm_gestion_report"),
    { trigger: ".o_switch_view.o_pivot", run: "click" },
    { trigger: ".o_pivot_view .o_pivot_flip_button" },
];

function absent(selector) {
    if (document.querySelector(selector)) {
        throw new Error(`It is there: ${selector}`);
    }
}

registry.category("web_tour.tours").add("crm_gestion_info_seller", {
    steps: () => [
        ...organizations,
        // nothing else is in it
        { trigger: ".o_list_view", run: () => absent(".o_cp_action_menus .fa-cog") },
        ...pivot,
        { trigger: ".o_pivot_buttons", run: () => absent(".o_pivot_download") },
    ],
});

registry.category("web_tour.tours").add("crm_gestion_info_director", {
    steps: () => [
        ...organizations,
        ...openCog,
        { trigger: ".o-dropdown--menu .o_import_menu" },
        ...pivot,
        { trigger: ".o_pivot_buttons .o_pivot_download" },
        ...openMenu("crm.crm_menu_config", "crm_gestion.menu_crm_export_log"),
        { trigger: ".o_list_view .o_data_row:contains(Seller) td[name=records]:contains(7)" },
    ],
});

const dashboard = ".o_spreadsheet_dashboard_action:has(.o_dashboard_star)";
const share = ".o_control_panel button:has(.fa-share-alt)";

registry.category("web_tour.tours").add("crm_gestion_share_seller", {
    steps: () => [
        { trigger: `${dashboard} .o_renderer`, run: () => absent(share) },
    ],
});

registry.category("web_tour.tours").add("crm_gestion_share_director", {
    steps: () => [{ trigger: `${dashboard}:has(.o_renderer) ${share}` }],
});
