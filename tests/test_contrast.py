import json

from odoo.tests import tagged

from .common import BrowserCommon

# What is measured on a screen: what we draw. The frame, the search bar, the titles
# of folded columns and the rows of a chatter are Odoo's.
SCREENS = [
    ("/odoo/my-day", ".o_crm_day .o_kanban_record"),
    ("/odoo/my-dashboard", ".o_crm_dashboard_page"),
    ("/odoo/gestiones", ".o_list_view .o_data_row"),
    ("/odoo/incidents", ".o_crm_incident_kanban .o_kanban_record"),
]
DIALOGS = (
    "action_log_gestion",
    "action_register_activity",
    "action_crm_close",
    "action_crm_generate_order",
)
CODE = """
(async (plan) => {
    const wait = (time) => new Promise((resolve) => setTimeout(resolve, time));
    const until = async (selector) => {
        for (let time = 0; time < 600; time++) {
            if (document.querySelector(selector)) {
                return wait(300);
            }
            await wait(50);
        }
        throw new Error(`waited in vain for ${selector}`);
    };
    const problems = [];
    const measure = (name, selector) => {
        const found = window.crmGestionContrast(selector);
        if (found.measured < 3) {
            problems.push(`${name}: ${found.measured} texts only`);
        }
        problems.push(...found.problems.map((problem) => `${name}: ${problem}`));
    };
    const script = document.createElement("script");
    script.src = "/crm_gestion/static/tests/contrast/crm_gestion_contrast.js";
    document.head.append(script);
    await new Promise((resolve) => (script.onload = resolve));
    const faint = document.createElement("p");
    faint.id = "crm_gestion_faint";
    faint.textContent = "Faint";
    faint.style = "color: #888; background: #fff";
    document.body.append(faint);
    if (window.crmGestionContrast("#crm_gestion_faint").problems.length !== 1) {
        throw new Error("it does not complain of a faint text");
    }
    const { action, orm, dialog } = odoo.__WOWL_DEBUG__.root.env.services;
    for (const [path, selector] of plan.screens) {
        await action.doAction(plan.actions[path]);
        await until(selector);
        measure(path, selector);
    }
    for (const method of plan.dialogs) {
        await action.doAction(await orm.call("crm.lead", method, [[plan.lead]]));
        await until(".modal .modal-footer button");
        measure(method, ".modal-content");
        dialog.closeAll();
        await wait(300);
    }
    if (problems.length) {
        throw new Error(problems.join("\\n"));
    }
})(%s).then(
    () => console.log("test successful"),
    (error) => console.error(error.message)
);
"""


@tagged("post_install", "-at_install")
class TestContrast(BrowserCommon):
    """Texts of the daily screens and dialogs stand out from what is behind them: 4.5 to
    1, large ones, icons and states 3 to 1 (WCAG 2 AA), as the browser computes them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lead = cls._make_lead(
            name="Renovación anual", partner_id=cls.contact.id, expected_revenue=900.0
        )
        cls._make_gestion(lead_id=cls.lead.id, contact_id=cls.contact.id)
        cls.lead.activity_schedule(
            activity_type_id=cls.env.ref("mail.mail_activity_data_call").id,
            date_deadline="2026-03-02",
            user_id=cls.seller.id,
        )
        cls.env["project.task"].create(
            {
                "name": "Llegó roto",
                "project_id": cls.env.ref("crm_gestion.incident_desk").id,
                "partner_id": cls.contact.id,
                "user_ids": [(6, 0, cls.seller.ids)],
            }
        )

    def test_daily_screens(self):
        actions = {
            "/odoo/" + action.path: action.id
            for action in self.env["ir.actions.actions"].search([("path", "!=", False)])
        }
        plan = {
            "screens": SCREENS,
            "actions": {path: actions[path] for path, _selector in SCREENS},
            "dialogs": DIALOGS,
            "lead": self.lead.id,
        }
        self.browser_js(
            "/odoo/my-day",
            CODE % json.dumps(plan),
            "window.odoo?.__WOWL_DEBUG__?.root?.env?.services?.menu"
            " && !!document.querySelector('.o_action_manager > .o_action')",
            login=self.seller.login,
            timeout=240,
        )
