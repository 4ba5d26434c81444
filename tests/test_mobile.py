import json

from odoo.fields import Command
from odoo.tests import tagged

from .common import BrowserCommon

PHONE, TABLET = "390x844", "820x1180"
DIALOGS = (
    "action_log_gestion",
    "action_register_activity",
    "action_crm_close",
    "action_crm_generate_order",
)


@tagged("post_install", "-at_install")
class TestMobile(BrowserCommon):
    """Each role goes through all menus of the app, the first record of each, and the
    main dialogs, on a phone and on a tablet: nothing fails, nothing is cut off, and no
    button is out of reach. What a menu is added for later is walked through as well.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.seller | cls.head | cls.director).lang = "es_ES"
        product = cls._make_product()
        closure = cls.env["crm.opportunity.closure"]
        won = cls.env.ref("crm_gestion.stage_sales_order")
        for user in (cls.seller, cls.head, cls.director):
            lead = cls._make_lead(
                user,
                name="Renovación anual de las licencias de gestión",
                partner_id=cls.contact.id,
                line_ids=[Command.create({"product_id": product.id})],
            )
            cls._make_gestion(user, lead_id=lead.id, description="Pide un descuento")
            done = cls._make_lead(user, name="Ganada", partner_id=cls.contact.id)
            closure._win(done, won, "Por teléfono")
            cls.env["project.project"].create(
                {
                    "name": "Puesta en marcha",
                    "partner_id": cls.contact.id,
                    "allow_billable": True,
                    "crm_lead_id": done.id,
                    "user_id": user.id,
                }
            )
            setattr(cls, f"lead_of_{user.login}", lead)
            setattr(cls, f"won_of_{user.login}", done)

    def _run(self, user, size, code):
        """Run code of a page once the walk is there."""
        self.browser_size, self.touch_enabled = size, True
        self.browser_js(
            "/odoo/my-day",
            f"""
            const script = document.createElement("script");
            script.src = "/crm_gestion/static/tests/mobile/crm_gestion_walk.js";
            script.onload = () => ({code})().then(
                () => console.log("test successful"),
                (error) => console.error(error.message)
            );
            document.head.append(script);
            """,
            "window.odoo?.__WOWL_DEBUG__?.root?.env?.services?.menu"
            " && !!document.querySelector('.o_action_manager > .o_action')",
            login=user.login,
            timeout=600,
        )

    def _walk(self, user, size, menus, records=True):
        """:param int menus: how many there must be at least"""
        lead = getattr(self, f"lead_of_{user.login}")
        done = getattr(self, f"won_of_{user.login}")
        dialogs = [
            {"model": "crm.lead", "id": lead.id, "method": method} for method in DIALOGS
        ]
        dialogs += [
            {
                "model": "crm.lead",
                "id": done.id,
                "method": "action_crm_create_project",
            },
            {
                "model": "res.partner",
                "id": self.organization.id,
                "method": "action_log_gestion",
            },
        ]
        plan = {
            "app": "crm.crm_menu_root",
            "records": records,
            "dialogs": dialogs,
            "menus": menus,
        }
        self._run(user, size, f"() => window.crmGestionWalk({json.dumps(plan)})")

    def test_walk_complains(self):
        """Else that it finds nothing would say nothing."""
        code = """async () => {
            const complaints = () => window.crmGestionOverflow().length;
            if (complaints()) {
                throw new Error("of a page that is as it should be");
            }
            const button = document.createElement("button");
            button.textContent = "Beside the screen";
            button.style = "position: absolute; top: 200px; left: 380px; width: 90px";
            document.querySelector(".o_action_manager").append(button);
            if (!complaints()) {
                throw new Error("not of a button beside the screen");
            }
            button.remove();
            const failure = await window
                .crmGestionWalk({
                    app: "crm.crm_menu_root",
                    dialogs: [],
                    menus: 1000,
                    only: "crm_gestion.menu_crm_day",
                })
                .then(() => "", (error) => error.message);
            if (!failure.includes("menus only")) {
                throw new Error(`of too few menus: ${failure}`);
            }
        }"""
        self._run(self.seller, PHONE, code)

    def test_seller_on_a_phone(self):
        self._walk(self.seller, PHONE, 35)

    def test_head_on_a_phone(self):
        self._walk(self.head, PHONE, 38)

    def test_director_on_a_phone(self):
        self._walk(self.director, PHONE, 50)

    def test_seller_on_a_tablet(self):
        self._walk(self.seller, TABLET, 35, records=False)

    def test_director_on_a_tablet(self):
        self._walk(self.director, TABLET, 50, records=False)
