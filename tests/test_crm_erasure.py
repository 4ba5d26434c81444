from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged

from .common import CrmGestionCommon

NAME, EMAIL, PHONE = "Lucía Ferrer", "lucia@aceites.example", "+34 924 000 001"


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestCrmErasure(CrmGestionCommon):
    """Odoo's privacy look-up on a person who is all over our tables."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._speak_english()
        cls.admin = cls.env.ref("base.user_admin")
        second = cls.env["res.partner"].create({"name": "Second", "is_company": True})
        cls.lead = cls._make_lead(
            partner_id=cls.contact.id, description=f"For {NAME}", phone=PHONE
        )
        cls.rows = {
            "crm.affiliation": cls.env["crm.affiliation"].create(
                {
                    "contact_id": cls.contact.id,
                    "organization_id": second.id,
                    "email": "lucia@second.example",
                    "phone": "+34 924 000 002",
                }
            ),
            "crm.gestion": cls._make_gestion(
                contact_id=cls.contact.id, description=f"{NAME} wants a price"
            ),
            "crm.mailing.consent": cls.env["crm.mailing.consent"].create(
                {"partner_id": cls.contact.id, "date": "2026-03-01 10:00:00"}
            ),
            "crm.contact.form.entry": cls._make_entry(),
            "crm.doppler.delivery": cls._make_delivery(),
            "project.task": cls.env["crm.incident"]._open(
                [{"name": f"{NAME} rang", "partner_id": cls.contact.id}]
            ),
            "crm.opportunity.closure": cls._make_closure(),
            "crm.lead": cls.lead,
            "res.partner": cls.contact,
        }
        campaign = cls.env["utm.campaign"].create(
            {"title": "Spring", "campaign_type": "email"}
        )
        cls.env["crm.campaign.member"]._plan(campaign, cls.contact)
        cls.env["crm.export.log"].sudo()._log(
            "csv", "res.partner", 1, domain=f"[('email', '=', '{EMAIL}')]"
        )
        cls.rows["crm.export.log"] = cls.env["crm.export.log"].search([], limit=1)

    @classmethod
    def _make_entry(cls):
        form = cls.env["crm.contact.form"].create({"name": "Ask us"})
        return cls.env["crm.contact.form.entry"].create(
            {"form_id": form.id, "email": EMAIL, "privacy_text": "Yes"}
        )

    @classmethod
    def _make_delivery(cls):
        cls.account = cls.env["crm.doppler.account"].create(
            {"email": "ours@ours.example", "new_key": "0123456789"}
        )
        cls.optout = cls.env["crm.doppler.optout"].create(
            {"account_id": cls.account.id, "email": EMAIL, "kind": "manual"}
        )
        campaign = cls.env["crm.doppler.campaign"].create(
            {"account_id": cls.account.id, "ref": "1", "name": "Spring"}
        )
        moment = "2026-03-01 10:00:00"
        return cls.env["crm.doppler.delivery"].create(
            {
                "campaign_id": campaign.id,
                "partner_id": cls.contact.id,
                "email": EMAIL,
                "status": "opened",
                "clicks": 2,
                "date": moment,
                "changed_date": moment,
                "checked_date": moment,
            }
        )

    @classmethod
    def _make_closure(cls):
        paused = cls._make_lead(partner_id=cls.organization.id)
        cls.env["crm.opportunity.closure"]._close(
            paused,
            "standby",
            wake_date=date(2026, 4, 1),
            note=f"{NAME} is on leave",
        )
        return paused.closure_ids

    def _lookup(self, user=None, **values):
        lookup = (
            self.env["privacy.lookup.wizard"]
            .with_user(user or self.admin)
            .create({"name": NAME, "email": EMAIL, **values})
        )
        lookup.action_lookup()
        return lookup.line_ids

    def _erase(self, lines):
        lines.filtered("crm_can_erase").action_crm_erase()
        self.env.flush_all()
        self.env.invalidate_all()

    def test_everything_is_found_once(self):
        lines = self._lookup()
        found = [(line.res_model, line.res_id) for line in lines]
        self.assertEqual(len(found), len(set(found)))
        for model, record in self.rows.items():
            with self.subTest(model=model):
                self.assertIn((model, record.id), found)
        self.assertIn(("crm.doppler.optout", self.optout.id), found)

    def test_texts_go_and_figures_stay(self):
        gestion = self.rows["crm.gestion"]
        delivery = self.rows["crm.doppler.delivery"]
        self._erase(self._lookup())
        self.assertRecordValues(
            gestion,
            [
                {
                    "name": f"Erased #{gestion.id}",
                    "description": False,
                    "contact_id": self.contact.id,
                    "organization_id": self.organization.id,
                    "user_id": self.seller.id,
                    "outcome": "neutral",
                }
            ],
        )
        self.assertRecordValues(
            delivery,
            [{"status": "opened", "clicks": 2, "email": f"Erased #{delivery.id}"}],
        )
        self.assertRecordValues(
            self.lead,
            [
                {
                    "name": f"Erased #{self.lead.id}",
                    "email_from": False,
                    "phone": False,
                    "description": False,
                    "expected_revenue": 1000.0,
                    "won_status": "pending",
                }
            ],
        )
        self.assertRecordValues(
            self.contact,
            [
                {
                    "name": f"Erased #{self.contact.id}",
                    "email": False,
                    "phone": False,
                    "active": False,
                    "parent_id": self.organization.id,
                }
            ],
        )
        self.assertEqual(self.rows["crm.mailing.consent"].kind, "given")
        self.assertRecordValues(
            self.rows["crm.opportunity.closure"], [{"kind": "standby", "note": False}]
        )
        self.assertEqual(self.organization.name, "Aceites del Sur")

    def test_nothing_tells_of_him_any_more(self):
        """Every text column of our tables, and of what is talked about in Odoo's."""
        self._erase(self._lookup())
        for model, name, column in self._text_columns():
            with self.subTest(model=model, column=name):
                self.env.cr.execute(column)
                self.assertEqual(self.env.cr.fetchall(), [])

    def _text_columns(self):
        """:return: what to ask of each table: rows where he is still"""
        for model in self.env.values():
            ours = model._original_module == "crm_gestion"
            if model._abstract or model._transient or not model._auto:
                continue
            if not ours and model._name not in (
                *("res.partner", "crm.lead", "project.task", "mail.message"),
                *("mail.tracking.value", "mail.activity"),
            ):
                continue
            for name, field in model._fields.items():
                if not field.store or field.type not in ("char", "text", "html"):
                    continue
                if model._name in ("crm.doppler.optout", "mail.blacklist"):
                    continue
                yield (
                    model._name,
                    name,
                    f'SELECT id, "{name}" FROM {model._table} WHERE "{name}"::text '
                    f"ILIKE ANY(ARRAY['%{NAME}%', '%{EMAIL}%', '%924 000 00%'])",
                )

    def test_who_opted_out_stays_opted_out(self):
        self._erase(self._lookup())
        self.assertEqual(self.optout.email, EMAIL)

    def test_figures_of_the_campaign_stay(self):
        campaign = self.env["utm.campaign"].search([("title", "=", "Spring")])
        before = self.env["crm.campaign.member"].search_count(
            [("campaign_id", "=", campaign.id)]
        )
        self._erase(self._lookup())
        after = self.env["crm.campaign.member"].search_count(
            [("campaign_id", "=", campaign.id)]
        )
        self.assertEqual((before, after), (1, 1))

    def test_only_what_was_chosen(self):
        lines = self._lookup()
        self._erase(lines.filtered(lambda line: line.res_model == "crm.gestion"))
        self.assertFalse(self.rows["crm.gestion"].description)
        self.assertEqual(self.contact.name, NAME)
        self.assertEqual(self.rows["crm.contact.form.entry"].email, EMAIL)

    def test_recorded_in_odoos_log_without_his_name(self):
        lines = self._lookup()
        self._erase(lines)
        log = lines.wizard_id.log_id
        self.assertEqual(log.anonymized_name, "L**** F*****")
        self.assertIn(f"Erased Contact #{self.contact.id}", log.execution_details)

    def test_what_has_no_texts_of_ours_is_refused(self):
        user_lines = self._lookup(name="Seller", email="seller@ours.example")
        others = user_lines.filtered(lambda line: line.res_model == "res.users")
        self.assertTrue(others)
        with self.assertRaisesRegex(UserError, "archive or delete"):
            others.action_crm_erase()
        self.assertEqual(self.seller.name, "Seller")

    def test_administrators_only(self):
        lines = self._lookup()
        for user in (self.seller, self.head, self.director):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                lines.with_user(user).action_crm_erase()
        self.assertEqual(self.contact.name, NAME)

    def test_organization_of_many_is_not_touched_by_a_name_in_a_text(self):
        """A text that only mentions him is found, so that somebody looks at it."""
        other = self._make_gestion(
            organization_id=self.organization.id, description=f"Told by {EMAIL}"
        )
        found = self._lookup().filtered(lambda line: line.res_model == "crm.gestion")
        self.assertEqual(
            set(found.mapped("res_id")), {other.id, self.rows["crm.gestion"].id}
        )
