import { registry } from "@web/core/registry";

const row = (name) => `.o_crm_day .o_kanban_record:contains('${name}')`;

/** Follow the link of a number, as the telephone app would, and come back. */
function callAndComeBack(name) {
    return {
        content: "call, and come back to the page",
        trigger: `${row(name)} .o_crm_day_call`,
        run() {
            const stay = { capture: true, once: true };
            document.addEventListener("click", (event) => event.preventDefault(), stay);
            this.anchor.click();
            window.dispatchEvent(new Event("blur"));
            window.dispatchEvent(new Event("focus"));
        },
    };
}

registry.category("web_tour.tours").add("crm_gestion_day", {
    steps: () => [
        {
            content: "a link to the number, and one to its conversation",
            trigger: `${row("Lucía Ferrer")} a[href='tel:+34924000001']`,
            timeout: 60000,
        },
        { trigger: `${row("Lucía Ferrer")} a[href='https://wa.me/34924000001']` },
        callAndComeBack("Lucía Ferrer"),
        {
            trigger: ".modal .o_field_widget[name=result_id] input",
            run: "edit Interés inicial",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains('Interés inicial')",
            run: "click",
        },
        {
            trigger:
                ".modal .o_field_widget[name=next_activity_type_id] input:value('Reunión')",
        },
        {
            trigger: ".modal-footer button[name=action_create_opportunity]",
            run: "click",
        },
        {
            content: "the opportunity that the call opened",
            trigger:
                "body:not(:has(.modal)) .o_form_view .o_field_widget[name=organization_id] input:value('Aceites del Sur')",
        },
    ],
});

registry.category("web_tour.tours").add("crm_gestion_day_phone", {
    steps: () => [
        {
            trigger: `${row("Lucía Ferrer")} .o_crm_day_whatsapp`,
            timeout: 60000,
        },
        {
            trigger: `${row("Lucía Ferrer")} button[name=action_register]`,
            run: "click",
        },
        { trigger: ".modal .o_field_widget[name=result_id] input", run: "click" },
        {
            trigger: ".modal .o_kanban_record:contains('Interés inicial')",
            run: "click",
        },
        {
            trigger:
                ".modal .o_field_widget[name=next_activity_type_id] input:value('Reunión')",
        },
        {
            trigger: ".modal-footer button.btn-primary",
            run: "click",
        },
        {
            content: "what is dealt with is gone",
            trigger: "body:not(:has(.modal)) .o_crm_day:not(:contains('Lucía Ferrer'))",
        },
    ],
});
