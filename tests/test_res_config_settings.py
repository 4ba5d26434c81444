from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import CrmGestionCommon

BATCH = "odoo.addons.crm_gestion.models.crm_partner_completeness.BATCH"
ORGANIZATION_FIELDS = {
    "vat", "email", "phone", "website", "street", "city", "country_id", "market_id",
    "origination_id", "user_id", "child_ids",
}  # fmt: skip
CONTACT_FIELDS = {"email", "phone", "origination_id", "parent_id", "cargo_id"}


class SettingsCase(CrmGestionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls._make_user(
            "admin", "base.group_system,crm_gestion.group_sales_director"
        )
        cls.completeness_cron = cls.env.ref("crm_gestion.ir_cron_completeness")

    def setUp(self):
        super().setUp()
        # Odoo stamps create_date with the transaction's time: let it follow the tests'
        self.patch(self.env.cr, "now", fields.Datetime.now)

    def _open(self):
        return self.env["res.config.settings"].with_user(self.admin).create({})

    def _save(self, **values):
        settings = self._open()
        settings.write(values)
        settings.execute()

    def _fields_of_partner(self, *names):
        return self.env["ir.model.fields"].search(
            [("model", "=", "res.partner"), ("name", "in", names)]
        )

    def _count(self, kind, *names):
        """Let these data count for the completeness of organizations or contacts."""
        self._save(
            **{
                f"crm_{kind}_field_ids": [
                    Command.set(self._fields_of_partner(*names).ids)
                ]
            }
        )

    def _count_triggers(self):
        return self.env["ir.cron.trigger"].search_count(
            [("cron_id", "=", self.completeness_cron.id)]
        )

    def _run(self, cron):
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestWhatCounts(SettingsCase):
    """Which data count for the completeness of a file."""

    def test_everything_that_may_count_does_by_default(self):
        settings = self._open()

        self.assertEqual(
            set(settings.crm_organization_field_ids.mapped("name")),
            ORGANIZATION_FIELDS,
        )
        self.assertEqual(
            set(settings.crm_contact_field_ids.mapped("name")), CONTACT_FIELDS
        )

    def test_other_data_count_after_the_crons_run(self):
        self._count("organization", "phone", "market_id")
        self.assertEqual(self.organization.completeness, 36)

        self._run(self.completeness_cron)

        self.assertEqual(self.organization.completeness, 50)
        self.assertEqual(self.organization.missing_data, "Phone")
        self.assertEqual(self.contact.completeness, 80)

    def test_each_kind_has_its_own_data(self):
        self._count("contact", "email")

        self._run(self.completeness_cron)

        self.assertEqual(self.contact.completeness, 100)
        self.assertEqual(self.organization.completeness, 36)
        self.assertEqual(
            set(self._open().crm_contact_field_ids.mapped("name")), {"email"}
        )

    def test_change_queues_the_cron_once(self):
        before = self._count_triggers()

        self._count("contact", "email", "phone")

        self.assertEqual(self._count_triggers(), before + 1)

    def test_saving_without_a_change_queues_nothing(self):
        self._count("contact", "email", "phone")
        before = self._count_triggers()

        self._save()
        self._save(crm_correction_days=3)

        self.assertEqual(self._count_triggers(), before)
        self.assertEqual(
            set(self._open().crm_contact_field_ids.mapped("name")), {"email", "phone"}
        )

    def test_nothing_that_counts_makes_every_file_complete(self):
        self._count("contact")

        self._run(self.completeness_cron)

        self.assertFalse(self._open().crm_contact_field_ids)
        self.assertEqual(self.contact.completeness, 100)
        self.assertEqual(self.contact.missing_data, "")

    def test_only_administrators_choose(self):
        with self.assertRaises(AccessError):
            self.env["res.config.settings"].with_user(self.seller).create({})

        self.assertEqual(
            set(self._open().crm_contact_field_ids.mapped("name")), CONTACT_FIELDS
        )

    def test_settings_page_opens_and_saves(self):
        form = Form(self._open())
        form.crm_correction_days = 3
        form.crm_former_months = 12
        form.save().execute()

        self.assertRecordValues(
            self._open(), [{"crm_correction_days": 3, "crm_former_months": 12}]
        )


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestCompletenessCron(SettingsCase):
    """Works the percentages out again, in bounded batches, and loses nobody."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls.env["res.partner"].create(
            [
                {"name": f"Person {number}", "email": f"{number}@a.example"}
                for number in range(5)
            ]
        )
        cls.people[-1].active = False

    def _spoil(self):
        """As before the add-on was there."""
        self.env.flush_all()
        self.env.cr.execute("UPDATE res_partner SET completeness = NULL")
        self.env.invalidate_all()

    def _partners_without(self):
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT id FROM res_partner WHERE completeness IS NULL ORDER BY id"
        )
        return [row[0] for row in self.env.cr.fetchall()]

    def test_everybody_is_worked_out_archived_partners_too(self):
        self._spoil()

        self._run(self.completeness_cron)

        self.assertFalse(self._partners_without())
        self.assertEqual(self.people.mapped("completeness"), [20] * 5)
        self.assertEqual(self.organization.completeness, 36)

    def test_batches_are_bounded(self):
        self._spoil()
        total = self.env["res.partner"].with_context(active_test=False).search_count([])
        Cron = self.env.registry["ir.cron"]
        commit = Cron._commit_progress
        sizes = []

        def counted(cron, processed=0, **kwargs):
            sizes.append(processed)
            return commit(cron, processed, **kwargs)

        with patch(BATCH, 2), patch.object(Cron, "_commit_progress", counted):
            self._run(self.completeness_cron)

        self.assertFalse(self._partners_without())
        self.assertEqual(sizes, [2] * (total // 2) + [1] * (total % 2))

    def test_run_that_was_cut_short_is_continued(self):
        self._spoil()
        everybody = self._partners_without()
        Cron = self.env.registry["ir.cron"]
        Partner = self.env["res.partner"]
        # no time is left after the second batch
        for left in ([10, 0], [10, 0]):
            with (
                patch(BATCH, 2),
                patch.object(Cron, "_commit_progress", side_effect=left),
            ):
                Partner._cron_compute_completeness()
        self.assertEqual(self._partners_without(), everybody[8:])

        with patch.object(Cron, "_commit_progress", return_value=10):
            Partner._cron_compute_completeness()

        self.assertFalse(self._partners_without())

    def test_next_run_begins_again(self):
        self._run(self.completeness_cron)
        self._spoil()

        self._run(self.completeness_cron)

        self.assertFalse(self._partners_without())

    def test_change_of_what_counts_begins_again(self):
        with (
            patch(BATCH, 2),
            patch.object(
                self.env.registry["ir.cron"], "_commit_progress", return_value=0
            ),
        ):
            self.env["res.partner"]._cron_compute_completeness()

        self._count("contact", "email")
        self._spoil()
        self._run(self.completeness_cron)

        self.assertFalse(self._partners_without())
        self.assertEqual(self.people.mapped("completeness"), [100] * 5)

    def test_cron_reports_what_is_left(self):
        with patch(BATCH, 2):
            self._run(self.completeness_cron)

        progress = self.env["ir.cron.progress"].search(
            [("cron_id", "=", self.completeness_cron.id)], order="id desc", limit=1
        )
        self.assertEqual(progress.remaining, 0)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestCorrectionDaysSetting(SettingsCase):
    def _log(self):
        return (
            self.env["crm.gestion"]
            .with_user(self.seller)
            .create({"contact_id": self.contact.id, "description": "As it was"})
        )

    def _assert_frozen(self, gestion, now):
        with freeze_time(now), self.assertRaises(UserError):
            gestion.description = "Otherwise"
        self.assertEqual(gestion.description, "As it was")

    def test_a_week_by_default(self):
        self.assertEqual(self._open().crm_correction_days, 7)

    def test_days_are_obeyed(self):
        gestion = self._log()

        self._save(crm_correction_days=3)

        self._assert_frozen(gestion, "2026-03-05 10:00:01")
        with freeze_time("2026-03-05 10:00:00"):
            gestion.description = "As it really was"
        self.assertEqual(gestion.description, "As it really was")

    def test_no_days_freeze_at_once(self):
        gestion = self._log()

        self._save(crm_correction_days=0, crm_incident_reopen_days=0)

        self.assertEqual(self._open().crm_correction_days, 0)
        self.assertEqual(self._open().crm_incident_reopen_days, 0)
        self._assert_frozen(gestion, "2026-03-02 10:00:01")


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestFormerMonthsSetting(SettingsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.status_cron = cls.env.ref("crm_gestion.ir_cron_account_status")
        order = cls.env["sale.order"].create(
            {
                "partner_id": cls.contact.id,
                "order_line": [Command.create({"product_id": cls._make_product().id})],
            }
        )
        with freeze_time("2025-03-02 10:00:00"):
            order.action_confirm()

    def test_two_years_by_default(self):
        self.assertEqual(self._open().crm_former_months, 24)
        self._run(self.status_cron)
        self.assertEqual(self.organization.account_status, "customer")

    def test_fewer_months_make_former_customers(self):
        self._save(crm_former_months=11)

        self._run(self.status_cron)

        self.assertEqual(self.organization.account_status, "former")
        self.assertEqual(self.contact.account_status, "former")

    def test_more_months_make_customers_of_them_again(self):
        self._save(crm_former_months=11)
        self._run(self.status_cron)

        self._save(crm_former_months=12)
        self._run(self.status_cron)

        self.assertEqual(self.organization.account_status, "customer")
        self.assertEqual(self.contact.account_status, "customer")
