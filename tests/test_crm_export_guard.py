from contextlib import suppress

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from .common import PASSWORD, CrmGestionCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 12:00:00")
class TestExportGuard(CrmGestionCommon):
    """Who takes data out and brings data in: by role."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system = cls._make_user(
            "system", "base.group_system,crm_gestion.group_seller"
        )
        cls.colleague.group_ids += cls.env.ref("base.group_allow_export")
        cls.Guard = cls.env["crm.export.guard"]

    def test_by_role(self):
        for user, may in (
            (self.seller, False),
            (self.head, False),
            (self.colleague, False),
            (self.director, True),
            (self.system, True),
            (self.native, True),
            (self.employee, True),
        ):
            with self.subTest(user=user.name):
                self.assertEqual(self.Guard.with_user(user)._may_export(), may)
                self.assertEqual(self.Guard._may_export(user), may)
                self.assertTrue(self.Guard.with_user(user).sudo()._may_export())

    def test_superuser_code_exports(self):
        lead = self._make_lead()
        exported = lead.with_user(self.seller).sudo().export_data(["name"])
        self.assertEqual(exported["datas"], [["Sale of software"]])
        row = self.env["crm.export.log"].search([("user_id", "=", self.seller.id)])
        self.assertRecordValues(
            row, [{"channel": "rpc", "records": 1, "model": "crm.lead"}]
        )

    def test_the_refusal_changes_nothing_and_says_what_to_do(self):
        lead = self._make_lead().with_user(self.seller)
        with self.assertRaises(AccessError) as caught:
            lead.export_data(["name"])
        self.assertIn("ask yours", str(caught.exception))

    def test_a_refusal_that_code_caught_is_recorded(self):
        """Nothing is rolled back then: it is noted when the transaction commits."""
        lead = self._make_lead().with_user(self.seller)
        self.env.cr.postcommit.clear()
        with suppress(AccessError):
            lead.export_data(["name"])
        with self.enter_registry_test_mode():
            self.env.cr.postcommit.run()
        self.assertRecordValues(
            self.env["crm.export.log"].search([("user_id", "=", self.seller.id)]),
            [{"channel": "rpc", "records": 1, "model": "crm.lead", "refused": True}],
        )

    def test_odoos_own_refusal_stays(self):
        with self.assertRaises(UserError) as caught:
            self._make_lead(self.native).with_user(self.native).export_data(["name"])
        self.assertNotIsInstance(caught.exception, AccessError)
        self.assertFalse(
            self.env["crm.export.log"].search([("user_id", "=", self.native.id)])
        )

    def test_imports_are_the_directors(self):
        for model, names, row in (
            ("res.partner", ["name"], ["Imported"]),
            ("crm.lead", ["name"], ["Imported"]),
            ("crm.market", ["name", "code"], ["Imported", "IMP"]),
            ("crm.gestion", ["description", "organization_id"], ["Imported", "Nobody"]),
            ("product.template", ["name"], ["Imported"]),
        ):
            before = self.env[model].search_count([])
            for user in self.seller | self.head | self.colleague:
                with (
                    self.subTest(model=model, user=user.name),
                    self.assertRaises(AccessError) as caught,
                ):
                    self.env[model].with_user(user).load(names, [row])
                self.assertIn("send yours the file", str(caught.exception))
            self.assertEqual(self.env[model].search_count([]), before)

    def test_imports_of_others(self):
        for user in self.director | self.native:
            with self.subTest(user=user.name):
                result = (
                    self.env["res.partner"].with_user(user).load(["name"], [["New"]])
                )
                self.assertEqual(len(result["ids"]), 1)
        result = (
            self.env["res.partner"].with_user(self.seller).sudo()
            .load(["name"], [["New"]])
        )  # fmt: skip
        self.assertEqual(len(result["ids"]), 1)

    def test_import_screen(self):
        for user, refused in (
            (self.seller, True),
            (self.head, True),
            (self.director, False),
            (self.system, False),
        ):
            screen = (
                self.env["base_import.import"]
                .with_user(user)
                .create(
                    {
                        "res_model": "res.partner",
                        "file": b"Name\nImported",
                        "file_type": "text/csv",
                    }
                )
            )
            options = {"quoting": '"', "separator": ",", "has_headers": True}
            for dryrun in (True, False):
                with self.subTest(user=user.name, dryrun=dryrun):
                    if refused:
                        with self.assertRaises(AccessError):
                            screen.execute_import(["name"], ["name"], options, dryrun)
                    else:
                        result = screen.execute_import(
                            ["name"], ["name"], dict(options), dryrun
                        )
                        self.assertFalse(result["messages"])
        imported = self.env["res.partner"].search_count([("name", "=", "Imported")])
        self.assertEqual(imported, 2)


@tagged("post_install", "-at_install")
class TestScreen(CrmGestionCommon, HttpCase):
    """The screen shows only what works."""

    def _tour(self, name, user):
        self.start_tour("/odoo", f"crm_gestion_info_{name}", login=user.login)

    def test_seller_finds_no_way_out(self):
        self.seller.password = PASSWORD
        self._tour("seller", self.seller)

    def test_director_finds_them_and_the_log(self):
        self.env["crm.export.log"].with_user(self.seller)._log("csv", "crm.lead", 7)
        self._tour("director", self.director)

    def test_dashboards_are_shared_by_directors_only(self):
        """Whoever has the address of a shared dashboard takes its file."""
        group = self.env["spreadsheet.dashboard.group"].create({"name": "Figures"})
        self.env["spreadsheet.dashboard"].search([]).is_published = False
        self.env["spreadsheet.dashboard"].create(
            {
                "name": "Of the Test",
                "dashboard_group_id": group.id,
                "group_ids": self.env.ref("base.group_user").ids,
                "is_published": True,
            }
        )
        for user, name in ((self.seller, "seller"), (self.director, "director")):
            with self.subTest(user=user.name):
                self.start_tour(
                    "/odoo/dashboards",
                    f"crm_gestion_share_{name}",
                    login=user.login,
                    timeout=120,
                )
