import { registry } from "@web/core/registry";

// A seller looks what the e-mails of a campaign achieved, and brings the figures up to date.
registry.category("web_tour.tours").add("crm_gestion_metric_tour", {
    steps: () => [
        {
            trigger: ".o_notebook a[name='crm_email']",
            run: "click",
        },
        {
            content: "nothing was counted yet",
            trigger: ".o_form_view button[name='action_crm_refresh_email']",
            run: "click",
        },
        {
            content: "clicks come first",
            trigger: ".o_field_widget[name='crm_email_clicks']:contains('1')",
        },
        {
            trigger: ".o_field_widget[name='crm_email_metric_ids'] td:contains('Offer of March')",
        },
        {
            trigger: ".o_form_view button[name='action_crm_email_curve']",
            run: "click",
        },
        {
            trigger: ".o_graph_view canvas",
        },
    ],
});
