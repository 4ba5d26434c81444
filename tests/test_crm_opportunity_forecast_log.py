from datetime import date, datetime
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import CrmGestionCommon
from .test_crm_opportunity_line import LineCommon

NOW = datetime(2026, 3, 2, 10, 0)


class ForecastCommon(CrmGestionCommon):
    def assertChanges(self, lead, *changes):
        """:param changes: (field, old, new, change) of each row, oldest first"""
        rows = lead.sudo().forecast_log_ids.sorted("id")
        found = [(row.field, row.old, row.new, row.change) for row in rows]
        self.assertEqual(found, list(changes))
        return rows


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestForecastLog(ForecastCommon):
    """Every change of the expected closing date and amount is a row."""

    def test_what_an_opportunity_is_created_with_is_no_change(self):
        lead = self._make_lead(date_deadline="2026-04-30")
        self.assertChanges(lead)
        self.assertEqual(lead.push_count, 0)

    def test_first_date_is_a_row_and_no_push(self):
        lead = self._make_lead().with_user(self.seller)
        lead.date_deadline = "2026-04-30"
        self.assertChanges(lead, ("date_deadline", False, "2026-04-30", 0.0))
        self.assertEqual(lead.push_count, 0)

    def test_only_a_later_date_is_a_push(self):
        lead = self._make_lead(date_deadline="2026-04-30").with_user(self.seller)
        lead.date_deadline = "2026-05-10"
        lead.date_deadline = "2026-05-03"
        lead.date_deadline = "2026-05-03"
        lead.date_deadline = "2026-06-03"
        lead.date_deadline = False
        lead.date_deadline = "2026-07-03"
        self.assertChanges(
            lead,
            ("date_deadline", "2026-04-30", "2026-05-10", 10.0),
            ("date_deadline", "2026-05-10", "2026-05-03", -7.0),
            ("date_deadline", "2026-05-03", "2026-06-03", 31.0),
            ("date_deadline", "2026-06-03", False, 0.0),
            ("date_deadline", False, "2026-07-03", 0.0),
        )
        self.assertEqual(lead.push_count, 2)

    def test_row_tells_who_and_when(self):
        lead = self._make_lead().with_user(self.head)
        lead.write({"expected_revenue": 1250.5, "date_deadline": "2026-04-30"})
        rows = self.assertChanges(
            lead,
            ("date_deadline", False, "2026-04-30", 0.0),
            ("expected_revenue", "1000.00", "1250.50", 250.5),
        )
        values = {
            "user_id": self.head.id,
            "date": NOW,
            "team_id": self.north.id,
            "company_id": lead.company_id.id,
        }
        self.assertRecordValues(rows, [values, values])

    def test_change_is_recorded_without_tracking_too(self):
        lead = self._make_lead().with_context(tracking_disable=True)
        lead.expected_revenue = 900.0
        self.assertChanges(lead, ("expected_revenue", "1000.00", "900.00", -100.0))

    def test_import_records_changes(self):
        lead = self._make_lead(date_deadline="2026-04-30")
        xmlid = lead.export_data(["id"])["datas"][0][0]
        result = (
            self.env["crm.lead"]
            .with_user(self.director)
            .load(["id", "date_deadline"], [[xmlid, "2026-05-30"]])
        )
        self.assertEqual(result["ids"], lead.ids)
        self.assertChanges(lead, ("date_deadline", "2026-04-30", "2026-05-30", 30.0))
        self.assertEqual(lead.push_count, 1)

    def test_form_records_one_row(self):
        lead = self._make_lead().with_user(self.seller)
        with Form(lead) as form:
            form.expected_revenue = 1100.0
        self.assertChanges(lead, ("expected_revenue", "1000.00", "1100.00", 100.0))

    def test_enquiry_forecasts_nothing(self):
        lead = self._make_lead(type="lead")
        lead.expected_revenue = 900.0
        self.assertChanges(lead)

    def test_nested_writes_are_one_change(self):
        """An automation that corrects the amount inside the write."""
        lead = self._make_lead().with_user(self.seller)
        Lead = self.env.registry["mail.thread"]
        native = Lead.write

        def write(records, vals):
            res = native(records, vals)
            if vals.get("expected_revenue") == 1234.0:
                records.write({"expected_revenue": 1200.0})
            return res

        with patch.object(Lead, "write", write):
            lead.expected_revenue = 1234.0
        self.assertChanges(lead, ("expected_revenue", "1000.00", "1200.00", 200.0))

    def test_failed_write_leaves_no_trace(self):
        lead = self._make_lead()
        with self.assertRaises(AccessError), self.cr.savepoint():
            lead.with_user(self.stranger).date_deadline = "2026-04-30"
        self.env.invalidate_all()
        self.assertChanges(lead)
        lead.with_user(self.seller).date_deadline = "2026-04-30"
        self.assertChanges(lead, ("date_deadline", False, "2026-04-30", 0.0))

    def test_who_gives_the_opportunity_away_pushes_it_too(self):
        lead = self._make_lead(date_deadline="2026-04-30").with_user(self.seller)
        lead.write(
            {
                "date_deadline": "2026-05-30",
                "user_id": self.stranger.id,
                "team_id": self.south.id,
            }
        )
        self.assertEqual(lead.sudo().push_count, 1)

    def test_nobody_writes_rows_by_hand(self):
        lead = self._make_lead()
        lead.expected_revenue = 900.0
        row = lead.forecast_log_ids.with_user(self.director)
        for refused in (
            lambda: row.write({"new": "1"}),
            lambda: row.unlink(),
            lambda: row.copy(),
        ):
            with self.assertRaises(AccessError):
                refused()
        self.assertChanges(lead, ("expected_revenue", "1000.00", "900.00", -100.0))

    def test_copy_starts_without_changes(self):
        lead = self._make_lead(date_deadline="2026-04-30")
        lead.date_deadline = "2026-05-30"
        copy = lead.copy()
        self.assertChanges(copy)
        self.assertEqual(copy.push_count, 0)

    def test_merge_keeps_the_changes_of_all(self):
        winner = self._make_lead(probability=90.0, date_deadline="2026-04-30")
        other = self._make_lead(probability=20.0, date_deadline="2026-04-30")
        (winner | other).write({"date_deadline": "2026-05-30"})
        other.expected_revenue = 500.0
        merged = (winner | other).with_user(self.seller).merge_opportunity()
        self.assertEqual(merged, winner)
        pushed = ("date_deadline", "2026-04-30", "2026-05-30", 30.0)
        self.assertChanges(
            merged,
            pushed,
            pushed,
            ("expected_revenue", "1000.00", "500.00", -500.0),
        )
        self.assertEqual(merged.push_count, 2)

    def test_filters_find_pushed_and_overdue(self):
        view = self.env.ref("crm.view_crm_case_opportunities_filter")
        arch = self.env["crm.lead"].get_view(view.id, "search")["arch"]
        self.assertIn('name="pushed"', arch)
        pushed = self._make_lead(date_deadline="2026-03-01")
        other = self._make_lead(date_deadline="2026-02-01")
        pushed.date_deadline = "2026-04-01"
        other.date_deadline = "2026-01-01"
        found = self.env["crm.lead"].search(
            [("id", "in", (pushed | other).ids), ("push_count", ">", 0)]
        )
        self.assertEqual(found, pushed)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestForecastOfLines(LineCommon, ForecastCommon):
    def test_change_of_lines_is_a_change_of_forecast(self):
        lead = self._make_sale()
        self.assertChanges(lead)
        lead.line_ids.with_user(self.seller).quantity = 3
        rows = self.assertChanges(lead, ("expected_revenue", "200.00", "300.00", 100.0))
        self.assertEqual(rows.user_id, self.seller)
        lead.with_user(self.seller).write(
            {
                "expected_revenue": 400.0,
                "line_ids": [Command.update(lead.line_ids.id, {"quantity": 4})],
            }
        )
        self.assertEqual(len(lead.forecast_log_ids), 2)

    def test_conversion_of_the_night_is_nobodys_change(self):
        self._in_dollars()
        lead = self._make_sale()
        Cron = self.env.registry["ir.cron"]
        with (
            freeze_time("2026-03-10 03:00:00"),
            patch.object(Cron, "_commit_progress", return_value=60.0),
        ):
            self.env["crm.opportunity.line"]._cron_reconvert()
        self.assertAmount(lead, 160.0)
        self.assertChanges(lead)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestForecastGrowth(CrmGestionCommon):
    def test_one_insert_whatever_the_number(self):
        leads = self._make_lead()
        for _i in range(32):
            leads |= self._make_lead()
        leads = leads.with_user(self.seller).with_context(tracking_disable=True)
        days = iter(range(1, 29))

        def push(leads):
            day = next(days)
            leads.write(
                {"date_deadline": date(2026, 5, day), "expected_revenue": 1000.0 + day}
            )

        self.assertFlatGrowth(push, leads[:3], leads[3:])
        self.assertEqual(leads[5].push_count, 0)
        self.assertEqual(leads[0].push_count, 1)
