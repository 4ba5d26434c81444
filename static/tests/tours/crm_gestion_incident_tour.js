import { registry } from "@web/core/registry";
import { choose } from "./crm_gestion_steps";

const CARD = ".o_kanban_record:contains('No arranca la prensa')";

/** Write into the conversation and send it. */
const comment = (words) => [
    { trigger: ".o-mail-Chatter-logNote", run: "click" },
    { trigger: ".o-mail-Composer-input", run: `edit ${words}` },
    { trigger: ".o-mail-Composer-send:enabled", run: "click" },
    { trigger: `.o-mail-Message-content:contains('${words}')` },
];

/** What does not fit beside the others is in a menu. */
const openIncident = [
    {
        trigger: ".o_form_view .o-form-buttonbox",
        run: () => {
            if (!document.querySelector("button[name=action_crm_open_incident]")) {
                document.querySelector(".o_button_more").click();
            }
        },
    },
    { trigger: "button[name=action_crm_open_incident]", run: "click" },
];

/** Nothing on the page is wider than the page. */
const fits = () => ({
    trigger: "body",
    run: () => {
        const { scrollWidth, clientWidth } = document.documentElement;
        if (scrollWidth > clientWidth) {
            throw new Error(`The page is ${scrollWidth} wide on ${clientWidth}`);
        }
    },
});

const dialog = [
    { trigger: ".modal .o_field_widget[name=name] input", run: "edit No arranca la prensa" },
    ...choose("contact_id", "Lucía Ferrer"),
    { trigger: ".modal .o_field_widget[name=type_id] input", run: "click" },
    {
        trigger: ".modal .o_field_widget[name=type_id] .o-autocomplete--dropdown-item:eq(0)",
        run: "click",
    },
    { trigger: ".modal .o_field_widget[name=type_id] input:not(:value(''))" },
    {
        trigger: ".modal .o_field_widget[name=description] textarea",
        run: "edit Hace un ruido y se para.",
    },
];

// The seller's screen is Spanish: what it says is not what the steps look for.
registry.category("web_tour.tours").add("crm_gestion_incident_open", {
    steps: () => [
        ...openIncident,
        {
            trigger: ".modal .o_field_widget[name=organization_id] input:value(Aceites del Sur)",
        },
        ...dialog,
        { trigger: ".modal .o_field_widget[name=severity] input", run: "click" },
        { trigger: ".o_select_menu_item:eq(2)", run: "click" },
        { trigger: ".modal button[name=action_open]", run: "click" },
        { trigger: ".o_crm_incident_form .o_field_widget[name=crm_number]:not(:empty)" },
        { trigger: ".o_crm_incident_form .o_crm_countdown[data-state]" },
        ...comment("Pasaré mañana"),
        fits(),
        // who told of it is told of it a second time: it is there already
        { trigger: ".o_back_button, .breadcrumb-item:contains(Aceites)", run: "click" },
        { trigger: ".o_form_view .alert-danger button[name=action_crm_severe_incidents]" },
        ...openIncident,
        { trigger: ".modal .alert-warning .o_data_row:contains('No arranca la prensa')" },
        { trigger: ".modal button.btn-close, .modal .o_form_button_cancel, .modal button[special=cancel]", run: "click" },
        { trigger: "body:not(:has(.modal))" },
    ],
});

registry.category("web_tour.tours").add("crm_gestion_incident_solve", {
    steps: () => [
        { trigger: CARD, run: "click" },
        { trigger: "button[name=action_crm_start]:enabled", run: "click" },
        { trigger: "button[name=action_crm_solve].btn-primary:enabled", run: "click" },
        { trigger: "button[name=action_crm_reopen]" },
        { trigger: ".o_statusbar_status .o_arrow_button_current[data-value]" },
    ],
});

registry.category("web_tour.tours").add("crm_gestion_incident_phone", {
    steps: () => [
        { trigger: CARD },
        fits(),
        { trigger: CARD, run: "click" },
        { trigger: ".o_crm_incident_form .o_field_widget[name=crm_number]" },
        { trigger: ".o_crm_incident_form .o_crm_countdown" },
        fits(),
    ],
});
