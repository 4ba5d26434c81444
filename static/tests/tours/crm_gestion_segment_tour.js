import { registry } from "@web/core/registry";
import { choose } from "@crm_gestion/../tests/tours/crm_gestion_steps";

registry.category("web_tour.tours").add("crm_gestion_segment", {
    url: "/odoo/segments",
    steps: () => [
        {
            content: "an empty list says what it is for",
            trigger: ".o_view_nocontent_smiling_face",
            timeout: 60000,
        },
        { trigger: ".o_list_button_add", run: "click" },
        {
            trigger: ".o_field_widget[name=name] input",
            run: "edit De Lucía",
        },
        ...choose("salesperson_ids", "Seller"),
        {
            content: "who is in it, before it is saved",
            trigger: ".o_field_widget[name=sample_ids] td:contains('Lucía Ferrer')",
        },
        {
            trigger: ".o_stat_value:contains('2')",
        },
        { trigger: "button[name=action_schedule_calls]", run: "click" },
        {
            content: "what comes of it",
            trigger: ".modal .o_field_widget[name=line_ids] td:contains('Seller')",
        },
        {
            trigger: ".modal .o_field_widget[name=summary] input",
            run: "edit Novedades",
        },
        { trigger: ".modal button[name=action_schedule]", run: "click" },
        { trigger: ".o_notification:contains('2')" },
        {
            content: "frozen, with its list",
            trigger: "button[name=action_freeze]",
            run: "click",
        },
        { trigger: "button[name=action_unfreeze]" },
        { trigger: ".oe_stat_button[name=action_view_partners]", run: "click" },
        { trigger: ".o_data_row:contains('Lucía Ferrer')" },
    ],
});
