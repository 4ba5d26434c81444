import { registry } from "@web/core/registry";

/** Type a part of a name into a field of the dialog, and pick what is offered. */
const choose = (field, text, offered = text) => [
    {
        trigger: `.modal .o_field_widget[name=${field}] input`,
        run: `edit ${text}`,
    },
    {
        trigger: `.o-autocomplete--dropdown-item:contains(${offered})`,
        run: "click",
    },
];
const save = { trigger: ".modal .o_form_button_save", run: "click" };

registry.category("web_tour.tours").add("crm_gestion_activity_done", {
    steps: () => [
        {
            content: "Mark the planned call done",
            trigger: ".o-mail-Activity-markDone",
            run: "click",
        },
        {
            trigger: ".o-mail-ActivityMarkAsDone textarea",
            run: "edit Llamará la semana que viene",
        },
        {
            content: "Choose what came of it",
            trigger: ".o-mail-ActivityMarkAsDone select.o_crm_gestion_result",
            run: "selectByLabel No contesta",
        },
        {
            trigger: ".o-mail-ActivityMarkAsDone button.btn-primary.mx-2",
            run: "click",
        },
        {
            content: "It is done",
            trigger: ".o-mail-Thread .o-mail-Message:contains(Llamará la semana que viene)",
        },
        {
            content: "Find the gestión on the opportunity, which counts it already",
            trigger: ".oe_stat_button[name=action_view_gestiones]:contains(1)",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(No contesta)",
        },
    ],
});

registry.category("web_tour.tours").add("crm_gestion_log_anywhere", {
    steps: () => [
        {
            content: "Log from the top bar, wherever one is",
            trigger: ".o_crm_gestion_log button",
            run: "click",
        },
        ...choose("organization_id", "Aceites", "Aceites del Sur"),
        ...choose("result_id", "Informado"),
        save,
        {
            trigger: "body:not(:has(.modal))",
        },
    ],
});

registry.category("web_tour.tours").add("crm_gestion_meeting_held", {
    steps: () => [
        {
            content: "The meeting is over: it was held",
            trigger: ".o_form_view button[name=action_crm_held]",
            run: "click",
        },
        ...choose("result_id", "Informado"),
        save,
        {
            trigger:
                "body:not(:has(.modal)) .o_form_view:not(:has(button[name=action_crm_held])) .ribbon",
        },
    ],
});
