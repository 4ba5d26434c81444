import { registry } from "@web/core/registry";

// As the head sees it, in Spanish: an amount of 12,000 for two salespeople, evenly.
registry.category("web_tour.tours").add("crm_gestion_plan", {
    url: "/odoo/action-crm_gestion.crm_objective_plan_action",
    steps: () => [
        {
            content: "his own team is proposed",
            trigger: ".modal .o_field_widget[name=team_id] input:value('North')",
            timeout: 60000,
        },
        {
            trigger: ".modal .o_field_widget[name=method] input[data-value=even]",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=amount] input",
            run: "edit 12000 && press Tab",
        },
        { trigger: ".modal button[name=action_propose].btn-primary", run: "click" },
        {
            content: "a row for each of his salespeople",
            trigger:
                ".modal .o_data_row:contains('Colleague') td[name=amount_01]:contains('500')",
        },
        {
            trigger: ".modal .o_data_row:contains('Seller') td[name=amount_01]",
            run: "click",
        },
        {
            trigger: ".modal .o_selected_row td[name=amount_01] input",
            run: "edit 750 && press Tab",
        },
        {
            content: "the totals follow",
            trigger: ".modal tfoot:contains('12.250')",
        },
        {
            trigger: ".modal button[name=action_create_objectives]",
            run: "click",
        },
        {
            content: "what was made",
            trigger: "body:not(:has(.modal)) .o_list_view .o_data_row:contains('750')",
        },
    ],
});
