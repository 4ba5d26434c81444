import { registry } from "@web/core/registry";

const cell = (name) => `.o_field_one2many[name=cost_ids] .o_selected_row [name=${name}]`;

registry.category("web_tour.tours").add("crm_gestion_money_plan", {
    steps: () => [
        {
            content: "the director plans a campaign",
            trigger: ".o_list_button_add",
            timeout: 60000,
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=title] input, .o_field_widget[name=title] textarea",
            run: "edit Feria de primavera",
        },
        {
            trigger: ".o_field_widget[name=budget] input",
            run: "edit 1000",
        },
        {
            trigger: ".o_field_widget[name=expected_revenue] input",
            run: "edit 5000",
        },
        {
            content: "what it cost already",
            trigger: ".o_notebook .nav-link[name=crm_costs]",
            run: "click",
        },
        {
            trigger: ".o_field_one2many[name=cost_ids] .o_field_x2many_list_row_add a",
            run: "click",
        },
        {
            trigger: `${cell("name")} input`,
            run: "edit Stand",
        },
        {
            trigger: `${cell("amount")} input`,
            run: "edit 1200",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "more than the budget",
            trigger: ".o_form_saved, .o_form_view:has(.alert-warning:contains('120'))",
        },
        {
            trigger: ".o_form_view .alert-warning:contains('120')",
        },
    ],
});

registry.category("web_tour.tours").add("crm_gestion_money_result", {
    steps: () => [
        {
            content: "what it brought, in the list",
            trigger: ".o_data_row:contains('Feria de primavera') td[name=roi]:contains('150')",
            timeout: 60000,
        },
        {
            trigger: ".o_data_row:contains('Feria de primavera') td[name=title]",
            run: "click",
        },
        {
            trigger: ".o_notebook .nav-link[name=crm_result]",
            run: "click",
        },
        {
            content: "profit and loss",
            trigger: ".o_crm_campaign_result [name=profit]:contains('1.800')",
        },
        {
            content: "the orders behind it",
            trigger: ".o_crm_campaign_result tr:has([name=new_customer_count]) button",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains('Mill')",
        },
    ],
});
