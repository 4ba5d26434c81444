import { registry } from "@web/core/registry";

const CUSTOMERS = "Empresa;Sector;Vendedor\nTour Sol;Food;nobody\nTour Luna;Food;nobody\n";

/** A director brings a list of customers along, from the menu to the result. */
registry.category("web_tour.tours").add("crm_gestion_import", {
    url: "/odoo/crm",
    steps: () => [
        { trigger: "button[data-menu-xmlid='crm.crm_menu_config']", run: "click" },
        {
            trigger: "[data-menu-xmlid='crm_gestion.menu_crm_import']",
            run: "click",
        },
        { trigger: ".o_list_button_add", run: "click" },
        { trigger: "div[name=name] input", run: "edit Tour customers" },
        { trigger: "div[name=source] input[data-value=sheet]", run: "click" },
        {
            content: "A file is added",
            trigger: "div[name=upload_ids] input[type=file]:not(:visible)",
            async run({ anchor }) {
                const files = new DataTransfer();
                files.items.add(new File([CUSTOMERS], "tour.csv", { type: "text/csv" }));
                anchor.files = files.files;
                anchor.dispatchEvent(new Event("change"));
            },
        },
        { trigger: "div[name=upload_ids] .o_attachment" },
        { trigger: "button[name=action_read]", run: "click" },
        {
            content: "What its rows are, and its columns",
            trigger: "div[name=file_ids] .o_data_row td:contains(tour.csv)",
            run: "click",
        },
        { trigger: ".modal div[name=column_ids] .o_data_row:contains(Vendedor)" },
        { trigger: ".modal .o_form_button_cancel", run: "click" },
        { trigger: "a[name=meanings]", run: "click" },
        {
            content: "A text that nobody here bears",
            trigger: "div[name=meaning_ids] .o_data_row:contains(nobody) td[name=action]",
            run: "click",
        },
        {
            trigger: "div[name=meaning_ids] .o_selected_row div[name=action] input",
            run: "click",
        },
        { trigger: ".o_select_menu_item:eq(2)", run: "click" },
        { trigger: "button[name=action_check]:enabled", run: "click" },
        { trigger: "button[name=action_run]", run: "click" },
        { trigger: ".modal .btn-primary", run: "click" },
        { trigger: ".o_arrow_button_current[data-value=done]" },
        { trigger: "button.oe_stat_button:has(.fa-check)", run: "click" },
        { trigger: ".o_data_row:contains(Tour Luna) .text-bg-success" },
    ],
});
