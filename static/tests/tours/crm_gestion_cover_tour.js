import { registry } from "@web/core/registry";

const { DateTime } = luxon;
const row = (name) => `.o_crm_day .o_kanban_record:contains('${name}')`;

registry.category("web_tour.tours").add("crm_gestion_cover_set", {
    steps: () => [
        {
            content: "the seller goes on holidays",
            trigger: ".o_list_button_add",
            timeout: 60000,
            run: "click",
        },
        {
            content: "she is the one who is away",
            trigger: ".o_field_widget[name=user_id] input:value('Seller')",
        },
        {
            trigger: ".o_field_widget[name=substitute_id] input",
            run: "edit Stranger",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains('Stranger')",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=date_to] button, .o_field_widget[name=date_to] input",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=date_to] input",
            run(helpers) {
                const day = DateTime.now().plus({ days: 7 });
                return helpers.edit(day.toFormat("dd/MM/yyyy"));
            },
        },
        {
            trigger: ".o_field_widget[name=reason] input",
            run: "edit Vacaciones",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "it runs, and may be ended",
            trigger: ".o_form_saved button[name=action_crm_end]",
        },
    ],
});

registry.category("web_tour.tours").add("crm_gestion_cover_work", {
    steps: () => [
        {
            content: "the step of the absent seller waits, marked as hers",
            trigger: `${row("Lucía Ferrer")} .o_crm_day_covered:contains('Seller')`,
            timeout: 60000,
        },
        {
            trigger: `${row("Lucía Ferrer")} button[name=action_register]`,
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=result_id] input",
            run: "edit Informado",
        },
        {
            trigger: ".modal .o_field_widget[name=result_id] .o-autocomplete--dropdown-item:contains('Informado')",
            run: "click",
        },
        {
            trigger: ".modal-footer .o_form_button_save",
            run: "click",
        },
        {
            content: "done, and nothing is planned any more",
            trigger:
                "body:not(:has(.modal)) .o_crm_day:not(:has(.o_kanban_record:contains('Primer aviso')))",
        },
    ],
});
