from datetime import datetime

from freezegun import freeze_time

from odoo.tests import tagged

from .import_loader_common import QUIET, ImportLoaderCommon

GROUP = {
    "ref": "ACC838",
    "name": "Grupo Peñalara S.A.",
    "vat": "ESB12345674",
    "street": "Calle de Alcalá, 45",
    "city": "Madrid",
    "zip": "28014",
    "state": "Madrid",
    "country": "España",
    "delivery_street": "Pol. Ind. La Garena",
    "delivery_city": "Alcalá de Henares",
    "delivery_country": "Spain",
    "phone": "+34 91 555 10 00",
    "email": "info@penalara.example",
    "email2": "compras@penalara.example",
    "website": "www.penalara.example",
    "owner": "ana",
    "market": "Food",
    "description": "Customer since 2011.",
    "extra": "Employees: 1200",
    "created": "2019-11-21 17:34:16",
}
BRANCH = {
    "ref": "ACC839",
    "name": "Peñalara Logística",
    "parent": "Grupo Peñalara S.A.",
    "street": "Calle Mayor, 2",
    "city": "Getafe",
    "country": "Ruritania",
    "opt_out": True,
    "email": "log@penalara.example",
}


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestImportLoaderOrganization(ImportLoaderCommon):
    ENTITY = "organization"

    @classmethod
    def _make_job(cls, **values):
        job = super()._make_job(**values)
        cls._choose("owner", "ana", cls.seller, job)
        cls._choose("market", "Food", cls.market, job)
        return job

    def _finished(self, *values_list):
        rows = self._plan(*values_list)
        self._call("_load", rows)
        self._call("_finish", rows)
        return rows

    def _call(self, method, rows, job=None):
        if method != "_finish":
            return super()._call(method, rows, job)
        job = self.job.with_context(**QUIET)
        self.env["crm.import.loader.organization"].with_env(job.env)._finish(job)
        job.env.flush_all()
        self.env.invalidate_all()
        return None

    def test_organizations(self):
        group, branch = self._records(self._finished(GROUP, BRANCH))
        self.assertTrue(group.is_company)
        self.assertEqual(
            group.read(["name", "vat", "street", "city", "zip", "phone", "email"]),
            [
                {
                    "id": group.id,
                    "name": "Grupo Peñalara S.A.",
                    "vat": "ESB12345674",
                    "street": "Calle de Alcalá, 45",
                    "city": "Madrid",
                    "zip": "28014",
                    "phone": "+34 91 555 10 00",
                    "email": "info@penalara.example",
                }
            ],
        )
        self.assertEqual(group.country_id, self.env.ref("base.es"))
        self.assertEqual(group.state_id, self.env.ref("base.state_es_m"))
        self.assertEqual(group.website, "http://www.penalara.example")
        self.assertEqual(group.user_id, self.seller)
        self.assertEqual(group.market_id, self.market)
        self.assertEqual(group.account_status, "potential")
        self.assertEqual(group.create_date, datetime(2019, 11, 21, 17, 34, 16))
        self.assertEqual(
            group.comment,
            "<p>Customer since 2011.<br>Second e-mail: compras@penalara.example<br>"
            "Employees: 1200</p>",
        )
        delivery = group.child_ids - branch
        self.assertEqual(delivery.type, "delivery")
        self.assertEqual(delivery.street, "Pol. Ind. La Garena")
        self.assertEqual(branch.parent_id, group)
        # a country that nobody knows stays readable
        self.assertEqual(
            (branch.street, branch.street2, branch.city, branch.country_id.id),
            ("Calle Mayor, 2", "Ruritania", "Getafe", False),
        )

    def test_who_objected_gets_no_mailing(self):
        _group, branch = self._records(self._finished(GROUP, BRANCH))
        self.assertTrue(branch.is_blacklisted)
        consent = self.env["crm.mailing.consent"].search(
            [("partner_id", "=", branch.id)]
        )
        self.assertEqual(consent.mapped("kind"), ["withdrawn"])
        self.assertEqual(consent.source, "import")

    def test_nobody_is_written_to(self):
        before = self._noise()
        self._finished(GROUP, BRANCH)
        after = self._noise()
        # who owns an account follows it
        self.assertEqual(after.pop("mail.followers"), before.pop("mail.followers") + 1)
        self.assertEqual(after, before)

    def test_who_was_here_is_left_as_it_is(self):
        here = self.env["res.partner"].create(
            {"name": "Peñalara", "is_company": True, "vat": "B12345674"}
        )
        values = here.copy_data()[0]
        rows = self._finished(GROUP)
        self.assertEqual(rows.state, "matched")
        self.assertEqual((rows.res_model, rows.res_id), ("res.partner", here.id))
        self.assertEqual(here.copy_data()[0], values)

    def test_another_tax_id_is_another_organization(self):
        self.env["res.partner"].create(
            {"name": GROUP["name"], "is_company": True, "vat": "ESA28015865"}
        )
        self.assertEqual(self._finished(GROUP).state, "made")

    def test_two_that_may_be_meant_are_none(self):
        for _name in range(2):
            self.env["res.partner"].create(
                {"name": BRANCH["name"], "is_company": True, "vat": False}
            )
        self.assertEqual(self._finished({"name": BRANCH["name"]}).state, "made")

    def test_the_second_import_finds_the_first(self):
        first = self._finished(GROUP, BRANCH)
        job = self._make_job()
        again = self._plan(GROUP, {**BRANCH, "name": "Renamed"}, job=job)
        self.assertEqual(again.mapped("state"), ["matched", "matched"])
        self.assertEqual(again.mapped("res_id"), first.mapped("res_id"))

    def test_a_circle_stays_open(self):
        rows = self._finished(
            {"name": "One", "parent": "Two"}, {"name": "Two", "parent": "One"}
        )
        self.assertEqual(rows.mapped("state"), ["made", "made"])
        one, two = [self.env["res.partner"].browse(row.res_id) for row in rows]
        self.assertEqual(one.parent_id, two)
        self.assertFalse(two.parent_id)
        self.assertFalse(rows[0].reason)
        self.assertTrue(rows[1].reason)

    def test_what_nobody_decided_keeps_its_row_from_being_made(self):
        rows = self._plan({"name": "One", "market": "Mining"})
        self.assertEqual(
            self._states(rows),
            [
                (
                    "refused",
                    "Say under “What Texts Mean” what “Mining” means here, or to "
                    "leave it empty.",
                )
            ],
        )
        self._choose("market", "Mining", action="make")
        self._call("_plan", rows)
        self.assertEqual(rows.state, "planned")
        self.assertFalse(self.env["crm.market"].search([("name", "=", "Mining")]))
        self._call("_load", rows)
        market = self.env["crm.market"].search([("name", "=", "Mining")])
        self.assertEqual(self._records(rows)[0].market_id, market)
        self.assertEqual(len(market), 1)

    def test_growth(self):
        self.assertGrowsFlat(
            lambda number: {
                **GROUP,
                "ref": f"A{number}",
                "name": f"Organization {number}",
                "vat": "",
                "email": f"o{number}@many.example",
            }
        )


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestImportLoaderContact(ImportLoaderCommon):
    ENTITY = "contact"

    @classmethod
    def _make_job(cls, **values):
        job = super()._make_job(**values)
        cls.owner_position = cls.env.ref("crm_gestion.cargo_owner")
        cls._choose("cargo", "Gerente", cls.owner_position, job)
        return job

    def _organizations(self, *names):
        rows = self._rows(*({"name": name} for name in names), entity="organization")
        self._call("_plan", rows)
        self._call("_load", rows)
        return self._records(rows)

    def test_contacts(self):
        (clinic,) = self._organizations("Clínica Santa Fe")
        boss, clerk = self._load(
            {
                "first_name": "Rafael",
                "last_name": "Ortega",
                "name": "Rafael Ortega",
                "organization": "Clínica Santa Fe",
                "cargo": "Gerente",
                "email": "shared@clinic.example",
                "phone": "957 000 112",
                "mobile": "600 000 001",
                "department": "Dirección",
                "do_not_call": True,
            },
            {
                "name": "Ventas Clínica",
                "organization": "Clínica Santa Fe",
                "email": "shared@clinic.example",
                "reports_to": "Rafael Ortega",
            },
        )
        self.assertEqual(
            (boss.name, boss.parent_id, boss.cargo_id, boss.email, boss.phone),
            (
                "Rafael Ortega",
                clinic,
                self.owner_position,
                "shared@clinic.example",
                "957 000 112",
            ),
        )
        self.assertEqual(
            boss.comment,
            "<p>Mobile: 600 000 001<br>Department: Dirección<br>Wants no calls.</p>",
        )
        # a shared mail box does not make one person of two
        self.assertNotEqual(boss, clerk)
        self.assertEqual(clerk.parent_id, clinic)
        self.assertFalse(clerk.manager_contact_id)
        loader = self.env["crm.import.loader.contact"].with_env(self.job.env)
        loader._finish(self.job)
        self.assertEqual(clerk.manager_contact_id, boss)

    def test_of_two_of_a_name_that_of_the_organization_is_meant(self):
        one, two = self._organizations("One", "Two")
        first, second = self._load(
            {"name": "Ana Gil", "organization": "One"},
            {"name": "Ana Gil", "organization": "Two"},
        )
        self.assertEqual((first.parent_id, second.parent_id), (one, two))
        found = self.env["crm.import.lookup"]._find(
            self.job,
            {("contact", "Ana Gil", "Two"), ("contact", "Ana Gil", "")},
        )
        self.assertEqual(found["contact", "Ana Gil", "Two"].record, second)
        doubt = found["contact", "Ana Gil", ""]
        self.assertFalse(doubt.record)
        self.assertEqual(
            doubt.problem,
            "Several are called “Ana Gil”: say under Questions which one is meant.",
        )

    def test_which_of_two_organizations_is_asked_once(self):
        _one, two = self._organizations("Twins", "Twins")
        rows = self._plan(
            {"name": "Ana Gil", "organization": "Twins"},
            {"name": "Eva Sol", "organization": "Twins"},
        )
        self.assertEqual(rows.mapped("state"), ["refused", "refused"])
        question = self.env["crm.import.choice"].search(
            [("import_id", "=", self.job.id), ("asked", "=", True)]
        )
        self.assertEqual(
            (len(question), question.kind, question.name, question.action),
            (1, "organization", "Twins", False),
        )
        row = self.env["crm.import.row"].search(
            [
                ("import_id", "=", self.job.id),
                ("entity", "=", "organization"),
                ("res_id", "=", two.id),
            ]
        )
        question.write({"action": "use", "row_id": row.id})
        self._call("_plan", rows)
        self._call("_load", rows)
        people = self._records(rows)
        self.assertEqual([person.parent_id for person in people], [two, two])

    def test_who_works_for_nobody_here_is_refused(self):
        rows = self._plan({"name": "Ana Gil", "organization": "Nowhere"})
        self.assertEqual(
            self._states(rows),
            [
                (
                    "refused",
                    "“Nowhere” is neither in the files nor here: add its file, or "
                    "create it first.",
                )
            ],
        )

    def test_growth(self):
        self._organizations("Many")
        self.assertGrowsFlat(
            lambda number: {
                "name": f"Person {number}",
                "organization": "Many",
                "email": f"p{number}@many.example",
            }
        )
