from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytz
from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.crm_gestion.models.crm_handover_scope import KINDS

from .common import CrmGestionCommon
from .import_loader_common import ImportLoaderCommon

# What time it is in UTC when it is 23:30 of 31 March there: another day east and west.
LATE = {
    "America/Argentina/Buenos_Aires": "2026-04-01 02:30:00",
    "Europe/Madrid": "2026-03-31 21:30:00",
    "Pacific/Auckland": "2026-03-31 10:30:00",
}
LAST_DAY = date(2026, 3, 31)


@tagged("post_install", "-at_install")
class TestTimeZones(CrmGestionCommon):
    """Half an hour before midnight of the last day of the month: what happens then is
    of that day and of that month, wherever the company and its seller are."""

    def _settle(self, zone):
        self.env.company.resource_calendar_id.tz = zone
        for user in (self.seller, self.head, self.director):
            user.tz = zone

    def _gestiones(self, user, **values):
        gestiones = self.env["crm.gestion"].with_user(user)
        return gestiones.with_context(tz=user.tz, **values)

    @contextmanager
    def _late(self, zone):
        """Be there at that time; give what time it is in UTC."""
        with self.subTest(zone=zone), freeze_time(LATE[zone]):
            self._settle(zone)
            yield datetime.fromisoformat(LATE[zone])

    def test_moments_are_what_they_are_meant_to_be(self):
        for zone, moment in LATE.items():
            utc = pytz.utc.localize(datetime.fromisoformat(moment))
            local = utc.astimezone(pytz.timezone(zone))
            self.assertEqual(str(local)[:16], "2026-03-31 23:30")

    def test_gestion_is_grouped_under_its_day(self):
        for zone in LATE:
            with self._late(zone) as moment:
                gestion = self._make_gestion(date=moment, contact_id=self.contact.id)
                [group] = self._gestiones(self.seller).formatted_read_group(
                    [("id", "=", gestion.id)], ["date:day"], ["__count"]
                )
                self.assertIn("31", group["date:day"][1])
                [(day, count)] = self._gestiones(self.seller)._read_group(
                    [("id", "=", gestion.id)], ["date:month"], ["__count"]
                )
                self.assertEqual((day.month, count), (3, 1))

    def test_gestion_counts_for_the_month(self):
        for zone in LATE:
            with self._late(zone) as moment:
                objective = self.env["crm.objective"].create(
                    {
                        "user_id": self.seller.id,
                        "metric": "gestiones",
                        "date_from": "2026-03-01",
                        "date_to": "2026-03-31",
                        "target": 10,
                    }
                )
                before = objective.actual
                self._make_gestion(date=moment, contact_id=self.contact.id)
                nextday = moment + timedelta(hours=1)
                with freeze_time(nextday):
                    self._make_gestion(date=nextday, contact_id=self.contact.id)
                self.env.flush_all()
                self.env.invalidate_all()
                self.assertEqual(objective.actual - before, 1, zone)
                objective.unlink()

    def test_what_is_due_today_waits_and_is_not_late(self):
        for zone in LATE:
            with self._late(zone):
                step = self.contact.activity_schedule(
                    activity_type_id=self.call.id,
                    date_deadline=LAST_DAY,
                    user_id=self.seller.id,
                )
                self.env.flush_all()
                days = self.env["crm.day"].with_user(self.seller)
                [row] = days.with_context(tz=self.seller.tz).search(
                    [("activity_id", "=", step.id)]
                )
                self.assertEqual((row.kind, row.date), ("step", LAST_DAY))
                self.assertFalse(
                    days.with_context(tz=self.seller.tz).search(
                        [("activity_id", "=", step.id), ("date", "<", "today")]
                    )
                )
                step.unlink()

    def test_next_step_is_proposed_from_the_day(self):
        self.interest.write({"next_activity_type_id": self.call.id, "next_days": 1})
        for zone in LATE:
            with self._late(zone) as moment:
                gestion = self._gestiones(self.seller).new({"date": moment})
                self.interest._propose_next_step(gestion)
                self.assertEqual(gestion.next_date, date(2026, 4, 1))

    def test_imported_work_of_today_is_not_history(self):
        for zone in LATE:
            with self._late(zone) as moment:
                gestiones = self._gestiones(self.seller, import_file=True)
                morning = gestiones.new({"date": moment - timedelta(hours=15)})
                yesterday = gestiones.new({"date": moment - timedelta(hours=24)})
                self.assertFalse(morning._is_history())
                self.assertTrue(yesterday._is_history())

    def test_objective_of_the_month_still_runs(self):
        """A hand-over on its last evening takes it along, one past midnight does not:
        what ended stays with who worked for it."""
        objective = self.env["crm.objective"].create(
            {
                "user_id": self.seller.id,
                "metric": "gestiones",
                "date_from": "2026-03-01",
                "date_to": "2026-03-31",
                "target": 10,
            }
        )
        running = KINDS["objective"].domain
        for zone in LATE:
            with self._late(zone) as moment:
                self.assertTrue(objective.filtered_domain(running(self.env)), zone)
                self.assertIn(objective, objective.search(running(self.env)), zone)
                over = moment + timedelta(hours=1)
                with freeze_time(over):
                    self.assertNotIn(
                        objective, objective.search(running(self.env)), zone
                    )


@tagged("post_install", "-at_install")
@freeze_time("2026-04-01 12:00:00")
class TestTimeZonesOfImports(ImportLoaderCommon):
    ENTITY = "campaign"

    def test_cost_is_of_the_day_of_the_files(self):
        """What their moment is in UTC is another day where they come from."""
        loader = self.env["crm.import.loader.campaign"]
        for zone, moment in LATE.items():
            with self.subTest(zone=zone):
                values = {"created": datetime.fromisoformat(moment)}
                job = self._make_job(tz=zone)
                self.assertEqual(loader._cost_date(job, values), LAST_DAY)
