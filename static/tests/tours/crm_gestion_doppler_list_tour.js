import { registry } from "@web/core/registry";
import { choose } from "@crm_gestion/../tests/tours/crm_gestion_steps";

registry.category("web_tour.tours").add("crm_gestion_doppler_list", {
    steps: () => [
        {
            content: "an empty list says what it is for",
            trigger: ".o_view_nocontent_smiling_face",
            timeout: 60000,
        },
        { trigger: ".o_list_button_add", run: "click" },
        {
            trigger: ".o_field_widget[name=name] input",
            run: "edit Nuestros",
        },
        ...choose("segment_id", "De la gira"),
        { trigger: ".o_form_button_save", run: "click" },
        {
            content: "what would be done, before anything is sent",
            trigger: "button[name=action_compare]",
            run: "click",
        },
        {
            trigger: ".oe_stat_button:has(.fa-user-plus) .o_stat_value:contains('1')",
        },
        {
            content: "who is left out, and why",
            trigger: ".oe_stat_button:has(.fa-ban)",
            run: "click",
        },
        { trigger: ".o_group_header:contains('No e-mail')", run: "click" },
        { trigger: ".o_data_row:contains('Aceites del Sur')" },
        { trigger: ".breadcrumb-item.o_back_button a", run: "click" },
        {
            content: "the lists that are at Doppler now",
            trigger: "button[name=action_choose]",
            run: "click",
        },
        {
            trigger: ".modal .o_data_row:contains('Clientes') button[name=action_choose]",
            run: "click",
        },
        {
            trigger: ".o_form_view:not(:has(.modal)) .o_field_widget[name=ref]:contains('7')",
        },
        { trigger: "button[name=action_compare]", run: "click" },
        { trigger: "button[name=action_push]", run: "click" },
        { trigger: ".modal .modal-footer .btn-primary", run: "click" },
        {
            content: "the queue does it",
            trigger: ".alert .o_field_widget[name=working_note]:contains('queue')",
        },
    ],
});
