import { markup } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

const openMenu = (xmlid, content) => [
    {
        trigger: ".o_menu_sections [data-menu-xmlid='crm.crm_menu_sales']",
        content,
        run: "click",
    },
    {
        trigger: `.o-dropdown--menu [data-menu-xmlid='${xmlid}']`,
        content,
        run: "click",
    },
];

// What a seller does on his first day, with his own data; the test types for him.
registry.category("web_tour.tours").add("crm_gestion_first_steps", {
    url: "/odoo/crm",
    steps: () => [
        ...openMenu(
            "crm_gestion.menu_crm_day",
            markup(_t("<b>My Day</b> tells what awaits you: steps, meetings, customers."))
        ),
        { trigger: ".o_crm_day" },
        ...openMenu(
            "crm.menu_crm_opportunities",
            markup(_t("Your opportunities are in <b>My Pipeline</b>, a column for each stage."))
        ),
        {
            trigger: ".o_opportunity_kanban .o-kanban-button-new",
            content: markup(_t("<b>Create an opportunity</b>: somebody is interested.")),
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            trigger: ".o_kanban_quick_create .o_field_widget[name=partner_id] input",
            content: markup(
                _t("<b>Write a few letters</b> of the contact's name, and choose or create him.")
            ),
            tooltipPosition: "right",
            run: "edit Brandon Freeman",
        },
        {
            isActive: ["auto"],
            trigger: ".o-autocomplete--dropdown-item:contains('Brandon Freeman')",
            run: "click",
        },
        {
            trigger: ".o_kanban_quick_create .o_field_widget[name=name] input:not(:value(''))",
        },
        {
            trigger: ".o_kanban_quick_create .o_kanban_edit",
            content: markup(_t("It has a name now. <b>Open it</b>.")),
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            trigger: "button[name=action_register_activity]",
            content: markup(
                _t("You have talked with the customer? <b>Register it</b>: that is what moves the opportunity.")
            ),
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=result_id] input",
            content: _t("What came of it? The result proposes the next step."),
            tooltipPosition: "right",
            run: "click",
        },
        {
            // not the line that says that they are being looked for
            trigger: ".o-autocomplete--dropdown-item:not(:has(.o_loading)):first",
            content: _t("Choose one of the results."),
            tooltipPosition: "right",
            run: "click",
        },
        { trigger: ".modal .o_field_widget[name=result_id] input:not(:value(''))" },
        {
            trigger: ".modal .o_field_widget[name=description] textarea",
            content: _t("Write what was said, so that whoever comes after you knows it."),
            tooltipPosition: "top",
            run: "edit He wants to see the product.",
        },
        {
            trigger: ".modal button[name=action_register]",
            content: markup(
                _t("The stage above is where the opportunity goes. <b>Register</b>.")
            ),
            tooltipPosition: "top",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) .o_lead_opportunity_form .o_statusbar_status",
            timeout: 30000,
        },
        {
            trigger: ".o_notebook .nav-link[name=gestiones]",
            content: markup(
                _t("The opportunity is in its next stage, and its <b>Gestiones</b> tell why.")
            ),
            tooltipPosition: "top",
            run: "click",
        },
        { trigger: ".o_field_widget[name=gestion_ids] .o_data_row" },
    ],
});
