from datetime import datetime

from freezegun import freeze_time

from odoo.tests import tagged

from .import_loader_common import ImportLoaderCommon

CARMEN = {
    "ref": "LEA12",
    "name": "Carmen Vidal",
    "first_name": "Carmen",
    "last_name": "Vidal",
    "organization_name": "Bodegas Vidal S.L.",
    "cargo": "Owner",
    "phone": "+34 941 000 001",
    "mobile": "+34 600 000 001",
    "email": "carmen@vidal.example",
    "email2": "office@vidal.example",
    "website": "vidal.example",
    "city": "Logroño",
    "country": "Spain",
    "market": "Food",
    "origination": "Cold Call",
    "owner": "ana",
    "revenue": "350000.25",
    "lead_status": "Not Contacted",
    "description": "Wants a demo",
    "extra": "Rating: Active",
    "created": "2025-11-21 17:34:17",
}
CULTURE = {
    "ref": "LEA15",
    "name": "Ministry of Culture",
    "last_name": "Ministry of Culture",
    "organization_name": "Ministry of Culture",
    "email": "info@culture.example",
    "description": "Tender 114",
}
TOMAS = {
    "ref": "LEA16",
    "name": "Tomás Iriarte",
    "first_name": "Tomás",
    "last_name": "Iriarte",
    "email": "tomas@iriarte.example",
    "lead_status": "Lost Lead",
    "opt_out": True,
    "created": "2025-10-01 08:00:00",
}


class ImportLeadCommon(ImportLoaderCommon):
    ENTITY = "lead"

    @classmethod
    def _make_job(cls, **values):
        job = super()._make_job(**values)
        cls._choose("owner", "ana", cls.seller, job)
        cls._choose("market", "Food", cls.market, job)
        cls._choose("origination", "Cold Call", cls.cold_call, job)
        owner = cls.env.ref("crm_gestion.cargo_owner")
        cls._choose("cargo", "Owner", owner, job)
        cls._choose("lead_status", "Not Contacted", "open", job)
        cls._choose("lead_status", "Lost Lead", "lost", job)
        return job

    def _mails(self, noise):
        """Who owns a record follows it, and is not told of it."""
        return {name: count for name, count in noise.items() if "follow" not in name}


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestImportLoaderLead(ImportLeadCommon):
    def test_leads(self):
        noise = self._noise()
        carmen, culture, tomas = self._load(CARMEN, CULTURE, TOMAS)
        self.assertEqual(self._mails(noise), self._mails(self._noise()))
        self.assertEqual(carmen.type, "lead")
        self.assertEqual(carmen.name, "Bodegas Vidal S.L.")
        self.assertEqual(carmen.partner_name, "Bodegas Vidal S.L.")
        self.assertEqual(carmen.contact_name, "Carmen Vidal")
        self.assertEqual(carmen.function, "Owner")
        self.assertEqual(carmen.email_from, "carmen@vidal.example")
        self.assertEqual(carmen.phone, "+34 941 000 001")
        self.assertEqual(carmen.website, "http://vidal.example")
        self.assertEqual(carmen.city, "Logroño")
        self.assertEqual(carmen.country_id, self.env.ref("base.es"))
        self.assertEqual(carmen.market_id, self.market)
        self.assertEqual(carmen.origination_id, self.cold_call)
        self.assertEqual(carmen.user_id, self.seller)
        self.assertEqual(carmen.team_id, self.north)
        self.assertEqual(carmen.expected_revenue, 0)
        self.assertEqual(carmen.create_date, datetime(2025, 11, 21, 17, 34, 17))
        self.assertEqual(carmen.won_status, "pending")
        for text in (
            "Wants a demo",
            "Annual revenue: ",
            "350,000.25",
            "Second e-mail: office@vidal.example",
            "Mobile: +34 600 000 001",
            "Rating: Active",
        ):
            self.assertIn(text, carmen.description)
        self.assertFalse(carmen.partner_id)
        self.assertEqual(culture.name, "Ministry of Culture")
        self.assertFalse(culture.contact_name)
        self.assertFalse(culture.user_id)
        self.assertEqual(tomas.name, "Tomás Iriarte")
        self.assertFalse(tomas.partner_name)

    def test_a_lost_one_is_lost_since_then(self):
        [tomas] = self._load(TOMAS)
        self.assertFalse(tomas.active)
        self.assertEqual(tomas.won_status, "lost")
        self.assertEqual(tomas.date_closed, datetime(2025, 10, 1, 8))
        self.assertFalse(tomas.closure_ids)
        self.assertFalse(tomas.opportunity_stage_ids)

    def test_who_wants_no_mailings_gets_none(self):
        self._load(CARMEN, TOMAS)
        listed = self.env["mail.blacklist"].search([]).mapped("email")
        self.assertEqual(listed, ["tomas@iriarte.example"])

    def test_another_import_finds_them(self):
        leads = self._load(CARMEN, TOMAS)
        rows = self._plan(CARMEN, TOMAS, job=self._make_job())
        self.assertEqual(rows.mapped("state"), ["matched", "matched"])
        self.assertEqual(rows.mapped("res_id"), [lead.id for lead in leads])

    def test_rows_without_a_number_are_found_by_what_they_say(self):
        nameless = {"name": "Eva Sanz", "email": "eva@sanz.example"}
        same, lead = self._load(nameless, nameless)
        self.assertNotEqual(same, lead)
        rows = self._plan(nameless, {**nameless, "phone": "1"}, job=self._make_job())
        self.assertEqual(rows.mapped("state"), ["matched", "planned"])
        self.assertEqual(rows[0].res_id, lead.id)
        (lead | same).unlink()
        self.assertEqual(self._plan(nameless, job=self._make_job()).state, "planned")

    def test_refusals(self):
        self._choose("lead_status", "Odd", "odd")
        rows = self._plan({"email": "x@y.example"}, {**TOMAS, "lead_status": "Odd"})
        self.assertEqual(
            self._states(rows),
            [
                ("refused", "The name is missing."),
                ("refused", "“odd” is no status of a lead: choose another."),
            ],
        )
        self._call("_load", rows)
        self.assertFalse(self.env["mail.blacklist"].search([]))

    def test_many_cost_as_few(self):
        self.assertGrowsFlat(self._numbered)

    def _numbered(self, number):
        return {
            **CARMEN,
            "ref": f"LEA{number}",
            "organization_name": f"Company {number}",
            "email": f"someone{number}@vidal.example",
        }


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestImportCustomer(ImportLeadCommon):
    @classmethod
    def _make_job(cls, **values):
        return super()._make_job(lead_target="organization", **values)

    def test_leads_become_potential_customers(self):
        noise = self._noise()
        carmen, culture, tomas = self._load(CARMEN, CULTURE, TOMAS)
        self.assertEqual(self._mails(noise), self._mails(self._noise()))
        vidal = carmen.parent_id
        self.assertEqual(carmen.name, "Carmen Vidal")
        self.assertEqual(carmen.cargo_id, self.env.ref("crm_gestion.cargo_owner"))
        self.assertEqual(carmen.email, "carmen@vidal.example")
        self.assertEqual(carmen.user_id, self.seller)
        self.assertEqual(vidal.name, "Bodegas Vidal S.L.")
        self.assertTrue(vidal.is_company)
        self.assertFalse(vidal.email)
        self.assertEqual(vidal.website, "http://vidal.example")
        self.assertEqual(vidal.market_id, self.market)
        self.assertEqual(vidal.origination_id, self.cold_call)
        self.assertEqual(vidal.user_id, self.seller)
        self.assertEqual(vidal.account_status, "potential")
        self.assertEqual(vidal.city, "Logroño")
        self.assertEqual(vidal.create_date, datetime(2025, 11, 21, 17, 34, 17))
        for text in ("Wants a demo", "350,000.25", "Rating: Active"):
            self.assertIn(text, carmen.comment)
        self.assertTrue(culture.is_company)
        self.assertEqual(culture.email, "info@culture.example")
        self.assertIn("Tender 114", culture.comment)
        self.assertFalse(culture.child_ids)
        self.assertFalse(tomas.is_company)
        self.assertFalse(tomas.parent_id)

    def test_the_organization_has_a_row_of_its_own(self):
        [carmen] = self._load(CARMEN)
        row = self.env["crm.import.row"].search(
            [("import_id", "=", self.job.id), ("entity", "=", "organization")]
        )
        self.assertEqual(row.res_id, carmen.parent_id.id)
        self.assertEqual((row.state, row.number), ("made", 2))
        self.assertEqual(row.name, "Bodegas Vidal S.L.")
        self.assertTrue(row.loaded_at)

    def test_two_of_one_company_share_it(self):
        one, two = self._load(CARMEN, {**CARMEN, "ref": "LEA13", "name": "Juan Vidal"})
        self.assertEqual(one.parent_id, two.parent_id)
        self.assertNotEqual(one, two)
        [three] = self._load({**CARMEN, "ref": "LEA14", "name": "Eva Vidal"})
        self.assertEqual(three.parent_id, one.parent_id)

    def test_who_is_here_is_left_as_he_is(self):
        here = {**CARMEN, "organization_name": "Aceites del Sur"}
        lucia = {**here, "name": "Lucía Ferrer", "email": "lucia@aceites.example"}
        rows = self._plan(lucia, here)
        self.assertEqual(rows.mapped("state"), ["matched", "planned"])
        self._call("_load", rows)
        self.assertEqual(rows.mapped("state"), ["matched", "made"])
        [known, new] = self._records(rows)
        self.assertEqual(known, self.contact)
        self.assertEqual(new.parent_id, self.organization)
        self.assertFalse(self.organization.website)
        self.assertFalse(self.organization.city)
        self.assertFalse(
            self.env["crm.import.row"].search(
                [("import_id", "=", self.job.id), ("entity", "=", "organization")]
            )
        )

    def test_many_organizations_cost_as_few(self):
        self.assertGrowsFlat(
            lambda number: {
                **CULTURE,
                "ref": f"LEA{number}",
                "name": f"Ministry {number}",
                "organization_name": f"Ministry {number}",
                "last_name": None,
            }
        )

    def test_many_people_cost_as_few(self):
        """Of three organizations: what contacts share with theirs, Odoo writes once for
        each organization."""
        self.assertGrowsFlat(
            lambda number: {
                **CARMEN,
                "ref": f"LEA{number}",
                "organization_name": f"Company {number % 3}",
                "name": f"Somebody {number}",
                "email": f"someone{number}@vidal.example",
            }
        )
