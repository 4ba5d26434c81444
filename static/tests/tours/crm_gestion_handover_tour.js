import { registry } from "@web/core/registry";
import { choose } from "@crm_gestion/../tests/tours/crm_gestion_steps";

registry.category("web_tour.tours").add("crm_gestion_handover", {
    url: "/odoo/action-crm_gestion.crm_handover_action",
    steps: () => [
        {
            content: "an empty list says what it is for",
            trigger: ".o_view_nocontent_smiling_face",
            timeout: 60000,
        },
        { trigger: ".o_list_button_add", run: "click" },
        ...choose("user_id", "Seller"),
        ...choose("successor_id", "Colleague"),
        { trigger: "button[name=action_preview]", run: "click" },
        {
            content: "what goes to whom, before anything moves",
            trigger: ".o_field_widget[name=summary] td:contains('Colleague')",
        },
        { trigger: "button[name=action_start]", run: "click" },
        { trigger: ".modal-footer .btn-primary", run: "click" },
        {
            content: "done: its record can be printed",
            trigger: ".o_statusbar_buttons button:contains('acta')",
        },
        { trigger: "button[name=action_view_lines]", run: "click" },
        { trigger: ".o_group_header:contains('Oportunidades')", run: "click" },
        {
            content: "the row is there for good",
            trigger: ".o_data_row:contains('Venta abierta')",
        },
        {
            content: "what is the same in all rows takes no place",
            trigger:
                ".o_list_table:has(th[data-name=successor_id]):not(:has(th[data-name=user_id])):not(:has(th[data-name=kind]))",
        },
    ],
});
