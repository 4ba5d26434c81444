from datetime import date

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, HttpCase, tagged
from odoo.tools import format_date, mute_logger

from .common import PASSWORD, CrmGestionCommon


class SubstitutionCommon(CrmGestionCommon):
    """The seller is away; the stranger, of another team, covers her."""

    FROM, TO = "2026-03-02", "2026-03-06"

    @classmethod
    def _cover(cls, user=None, substitute=None, setter=None, **values):
        """:return: a substitution, in the mode of the test"""
        substitutions = cls.env["crm.substitution"].with_user(setter or cls.env.user)
        return substitutions.create(
            {
                "user_id": (user or cls.seller).id,
                "substitute_id": (substitute or cls.stranger).id,
                "date_from": cls.FROM,
                "date_to": cls.TO,
                **values,
            }
        ).with_env(cls.env)

    def _scope(self, user):
        """:return: the names of whom a user answers for, by another request"""
        self.env.invalidate_all()
        self.env["res.users"]._crm_drop_scopes()
        scope = self.env["res.users"].with_user(user)._crm_scope_user_ids()
        return sorted(self.env["res.users"].browse(scope).mapped("name"))


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestSubstitution(SubstitutionCommon):
    """Who covers whom, and who may set it."""

    def test_substitute_answers_for_the_absent_seller(self):
        self.assertEqual(self._scope(self.stranger), ["Stranger"])
        self._cover()
        self.assertEqual(self._scope(self.stranger), ["Seller", "Stranger"])
        self.assertEqual(self._scope(self.seller), ["Seller"])
        self.assertEqual(
            self._scope(self.south_head), ["South Head", "Stranger"], "not passed on"
        )

    def test_scope_follows_at_once(self):
        """Within one request too, where scopes are worked out once."""

        def scope():
            ids = self.env["res.users"].with_user(self.stranger)._crm_scope_user_ids()
            return sorted(self.env["res.users"].browse(ids).mapped("name"))

        self.assertEqual(scope(), ["Stranger"])
        row = self._cover()
        self.assertEqual(scope(), ["Seller", "Stranger"])
        row.date_from = "2026-03-04"
        self.assertEqual(scope(), ["Stranger"])
        row.date_from = self.FROM
        self.assertEqual(scope(), ["Seller", "Stranger"])
        row.unlink()
        self.assertEqual(scope(), ["Stranger"])

    def test_a_new_one_has_no_name_yet(self):
        """The form shows the word for a new record, and no technical name."""
        new = self.env["crm.substitution"].with_user(self.seller).new({})
        self.assertFalse(new.display_name)
        self.assertIn("Stranger", self._cover().display_name)

    def test_overlaps_are_allowed(self):
        self._cover()
        self._cover(self.colleague)
        self._cover(self.seller, self.colleague)
        self.assertEqual(
            self._scope(self.stranger), ["Colleague", "Seller", "Stranger"]
        )
        Substitution = self.env["crm.substitution"]
        self.assertEqual(
            Substitution._substitutes(self.seller | self.colleague),
            {
                self.seller: self.stranger | self.colleague,
                self.colleague: self.stranger,
            },
        )

    def test_chains_are_not_passed_on(self):
        """What the seller covers, and the teams that an absent head leads, are not
        part of it."""
        self._cover(self.seller, self.colleague)
        self._cover(self.colleague, self.stranger)
        self._cover(self.head, self.native_seller())
        self.assertEqual(self._scope(self.stranger), ["Colleague", "Stranger"])
        self.assertEqual(self._scope(self.other), ["Head", "Other"])

    def native_seller(self):
        self.other = self._make_user("other", "crm_gestion.group_seller")
        return self.other

    def test_warning_of_chains(self):
        later = {"date_from": "2026-03-06", "date_to": "2026-03-20"}
        away = self._cover(self.stranger, self.colleague, **later)
        row = self._cover()
        self.assertEqual(
            row.warning,
            f"Stranger is away from {self._day('2026-03-06')} to "
            f"{self._day('2026-03-20')}: whoever covers Stranger does not cover "
            "Seller.",
        )
        self.assertEqual(
            away.warning,
            f"Stranger covers Seller from {self._day(self.FROM)} to "
            f"{self._day(self.TO)}: that is not passed on to Colleague.",
        )
        away.date_from = "2026-03-07"
        row.invalidate_recordset()
        self.assertFalse(row.warning)

    def _day(self, day):
        return format_date(self.env, day)

    def test_warning_while_it_is_typed(self):
        self._cover(self.stranger, self.colleague)
        form = Form(self.env["crm.substitution"].with_user(self.seller))
        form.substitute_id = self.stranger
        form.date_to = date(2026, 3, 2)
        self.assertIn("Stranger is away", form.warning)
        form.date_from = date(2026, 3, 1)
        form.date_to = date(2026, 3, 1)
        self.assertFalse(form.warning)

    def test_seller_sets_his_own(self):
        row = self._cover(setter=self.seller)
        self.assertEqual(row.user_id, self.seller)
        for user in (self.colleague, self.head):
            with self.assertRaises(AccessError):
                self._cover(user, setter=self.seller)
        with self.assertRaises(AccessError):
            row.with_user(self.seller).user_id = self.colleague

    def test_substitute_reads_it_and_changes_nothing(self):
        row = self._cover(setter=self.seller)
        mine = row.with_user(self.stranger)
        self.assertEqual(
            mine.with_context(lang="en_US").display_name, "Stranger covers Seller"
        )
        for values in ({"date_to": "2026-12-31"}, {"user_id": self.stranger.id}):
            with self.assertRaises(AccessError):
                mine.write(values)
        with self.assertRaises(AccessError):
            mine.action_crm_end()
        with self.assertRaises(AccessError):
            self._cover(self.seller, self.colleague, setter=self.stranger)
        self.assertEqual(row.date_to, date(2026, 3, 6))
        self.assertFalse(row.with_user(self.colleague).has_access("read"))

    def test_head_sets_those_of_his_people(self):
        row = self._cover(self.colleague, setter=self.head)
        row.with_user(self.head).date_to = "2026-03-04"
        with self.assertRaises(AccessError):
            self._cover(self.colleague, setter=self.south_head)
        with self.assertRaises(AccessError):
            row.with_user(self.south_head).substitute_id = self.south_head
        below = self._make_team("Below", self.seller, self.native_seller())
        below.parent_id = self.north
        self._cover(self.other, setter=self.head)

    def test_head_who_covers_somebody_is_not_his_head(self):
        self._cover(self.seller, self.south_head)
        with self.assertRaises(AccessError):
            self._cover(self.seller, self.stranger, setter=self.south_head)

    def test_head_who_covers_one_of_his_people_stays_their_head(self):
        self._cover(self.seller, self.head)
        self._cover(self.seller, self.colleague, setter=self.head)

    def test_director_sets_those_of_his_companies(self):
        self._cover(setter=self.director)
        company = self.env["res.company"].create({"name": "Far Away"})
        values = {"company_id": company.id, "company_ids": [(6, 0, company.ids)]}
        far = self._make_user("far", "crm_gestion.group_seller", **values)
        near = self._make_user("near", "crm_gestion.group_seller", **values)
        with self.assertRaises(AccessError):
            self._cover(far, near, setter=self.director)

    def test_searched_and_computed_rights_agree(self):
        rows = (
            self._cover()
            | self._cover(self.colleague)
            | self._cover(self.stranger, self.seller)
        )
        allowed = {
            "seller": rows[0],
            "colleague": rows[1],
            "stranger": rows[2],
            "head": rows[0] | rows[1],
            "south_head": rows[2],
            "director": rows,
        }
        for role, expected in allowed.items():
            # sudo: what the field says, before the rules use it
            seen = rows.with_user(getattr(self, role)).sudo()
            found = seen.search([("id", "in", rows.ids), ("may_set", "=", True)])
            with self.subTest(role=role):
                self.assertEqual(set(found.ids), set(expected.ids))
                self.assertEqual(seen.filtered("may_set").ids, expected.ids)

    def test_nobody_deletes_one(self):
        row = self._cover()
        for user in (self.seller, self.head, self.director):
            with self.assertRaises(AccessError):
                row.with_user(user).unlink()
        self.assertTrue(row.exists())
        system = self._make_user("system", "base.group_system")
        row.with_user(system).unlink()
        self.assertEqual(self._scope(self.stranger), ["Stranger"])

    def test_possible_people(self):
        form = Form(self.env["crm.substitution"].with_user(self.seller))
        self.assertEqual(form.user_id, self.seller)
        self.assertEqual(form.absent_user_ids.ids, self.seller.ids)
        self.assertIn(self.stranger.id, form.substitute_user_ids.ids)
        self.assertNotIn(self.employee.id, form.substitute_user_ids.ids)
        team = Form(self.env["crm.substitution"].with_user(self.head))
        self.assertEqual(
            set(team.absent_user_ids.ids),
            set((self.head | self.seller | self.colleague).ids),
        )

    def test_only_salespeople(self):
        cases = [
            (self.employee, self.stranger, "Employee has no sales rights"),
            (self.seller, self.employee, "Employee has no role in the sales method"),
            (self.seller, self.native, "Native has no role in the sales method"),
        ]
        for user, substitute, message in cases:
            with self.assertRaisesRegex(ValidationError, message):
                self._cover(user, substitute)
        self._cover(self.native, self.stranger)
        self.stranger.action_archive()
        with self.assertRaises(ValidationError):
            self._cover()

    def test_one_company_in_common(self):
        company = self.env["res.company"].create({"name": "Far Away"})
        far = self._make_user(
            "far",
            "crm_gestion.group_seller",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        with self.assertRaisesRegex(ValidationError, "no company of Seller's"):
            self._cover(self.seller, far)

    def test_dates_and_people_make_sense(self):
        cases = [{"date_to": "2026-03-01"}, {"substitute_id": self.seller.id}]
        for values in cases:
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.cr.savepoint(),
            ):
                self._cover(**values)

    def test_end_now(self):
        rows = (
            self._cover(date_from="2026-02-20")
            | self._cover(self.colleague, date_from="2026-03-02")
            | self._cover(self.head, date_from="2026-03-05")
        )
        rows.with_user(self.director).action_crm_end()
        self.assertRecordValues(
            rows,
            [
                {"active": True, "date_to": date(2026, 3, 1), "state": "over"},
                {"active": False, "date_to": date(2026, 3, 6), "state": "over"},
                {"active": False, "date_to": date(2026, 3, 6), "state": "over"},
            ],
        )
        self.assertEqual(self._scope(self.stranger), ["Stranger"])
        self.assertFalse(
            self.env["crm.substitution"]
            .with_context(active_test=False)
            ._covered(self.stranger)[self.stranger]
        )

    def test_state_searched_and_computed_agree(self):
        rows = (
            self._cover(date_from="2026-02-02", date_to="2026-03-01")
            | self._cover(date_from="2026-03-02", date_to="2026-03-02")
            | self._cover(date_from="2026-03-03")
            | self._cover(active=False)
        )
        self.assertEqual(rows.mapped("state"), ["over", "running", "planned", "over"])
        everything = rows.with_context(active_test=False)
        for state in ("planned", "running", "over"):
            found = everything.search(
                [("id", "in", rows.ids), ("state", "=", state)], order="id"
            )
            self.assertEqual(
                found.ids, rows.filtered_domain([("state", "=", state)]).ids
            )

    def test_substitute_who_leaves_covers_nobody(self):
        self._cover()
        self.stranger.action_archive()
        self.assertFalse(
            self.env["crm.substitution"]._substitutes(self.seller)[self.seller]
        )

    def test_absent_seller_who_leaves_is_covered_on(self):
        lead = self._make_lead()
        self._cover()
        self.seller.action_archive()
        self.assertEqual(self._scope(self.stranger), ["Seller", "Stranger"])
        self.assertTrue(lead.with_user(self.stranger).has_access("write"))

    def test_growth(self):
        users = self.env["res.users"].union(
            *(self._make_user(f"s{n}", "crm_gestion.group_seller") for n in range(30))
        )
        for user in users:
            self._cover(user)
            self._cover(self.seller, user)
        Substitution = self.env["crm.substitution"]
        self.assertFlatGrowth(Substitution._covered, users[:3], users)
        self.assertFlatGrowth(Substitution._substitutes, users[:3], users)
        self.assertEqual(
            Substitution._covered(self.stranger)[self.stranger], set(users.ids)
        )


@tagged("post_install", "-at_install")
class TestSubstitutionWindow(SubstitutionCommon):
    """In these days, and not one day more: by the calendar of who covers, on both sides
    of midnight, and with no cache cleared."""

    ZONES = {
        # the last minute before the first day, its first one, the last one of the
        # last day, and the first one after it
        "America/Argentina/Buenos_Aires": (
            "2026-03-02 02:59:00",
            "2026-03-02 03:00:00",
            "2026-03-07 02:59:00",
            "2026-03-07 03:00:00",
        ),
        "Europe/Madrid": (
            "2026-03-01 22:59:00",
            "2026-03-01 23:00:00",
            "2026-03-06 22:59:00",
            "2026-03-06 23:00:00",
        ),
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lead = cls._make_lead(partner_id=cls.contact.id)
        cls._cover()

    def _sees(self, **context):
        """:return: whether the substitute finds and opens it in a request of its own,
        the rules of the registry being warm"""
        self.env.flush_all()
        self.env.invalidate_all()
        self.env.cr.cache.clear()  # that of a transaction
        leads = self.env["crm.lead"].with_user(self.stranger).with_context(**context)
        found = bool(leads.search_count([("id", "=", self.lead.id)]))
        self.assertEqual(leads.browse(self.lead.id).has_access("write"), found)
        return found

    def test_both_sides_of_midnight(self):
        for zone, moments in self.ZONES.items():
            self.stranger.tz = zone
            for moment, expected in zip(
                moments, (False, True, True, False), strict=True
            ):
                with self.subTest(zone=zone, moment=moment), freeze_time(moment):
                    self.assertEqual(self._sees(), expected)

    def test_a_client_cannot_send_another_time_zone(self):
        self.stranger.tz = "America/Argentina/Buenos_Aires"
        with freeze_time("2026-03-02 01:00:00"):
            self.assertFalse(self._sees(tz="Europe/Madrid"))
        with freeze_time("2026-03-07 04:00:00"):
            self.assertFalse(self._sees(tz="Pacific/Honolulu"))

    def test_ended_at_once(self):
        with freeze_time("2026-03-03 10:00:00"):
            self.assertTrue(self._sees())
            self.env["crm.substitution"].search(
                [("user_id", "=", self.seller.id)]
            ).with_user(self.seller).action_crm_end()
            self.assertFalse(self._sees())


@tagged("post_install", "-at_install")
class TestSubstitutionHttp(SubstitutionCommon, HttpCase):
    """The same through the session of a browser."""

    def _call(self, model, method, *args, **kwargs):
        self.env.flush_all()
        answer = self.url_open(
            f"/web/dataset/call_kw/{model}/{method}",
            json={
                "params": {
                    "model": model,
                    "method": method,
                    "args": args,
                    "kwargs": kwargs,
                }
            },
        ).json()
        self.env.invalidate_all()
        return answer

    def _finds(self, lead, **context):
        self.env.cr.cache.clear()
        answer = self._call(
            "crm.lead", "search_count", [("id", "=", lead.id)], context=context
        )
        read = self._call("crm.lead", "read", lead.ids, ["name"], context=context)
        self.assertEqual("result" in read, bool(answer["result"]))
        return bool(answer["result"])

    def test_window_over_a_session(self):
        lead = self._make_lead()
        self._cover()
        self.stranger.tz = "America/Argentina/Buenos_Aires"
        moments = {
            "2026-03-02 02:59:00": False,
            "2026-03-02 03:00:00": True,
            "2026-03-07 02:59:00": True,
            "2026-03-07 03:00:00": False,
        }
        for moment, expected in moments.items():
            with self.subTest(moment=moment), freeze_time(moment):
                self.authenticate(self.stranger.login, PASSWORD)
                self.assertEqual(self._finds(lead), expected)
                self.assertEqual(self._finds(lead, tz="Europe/Madrid"), expected)

    @freeze_time("2026-03-02 10:00:00")
    def test_nobody_makes_himself_a_substitute(self):
        self.authenticate(self.stranger.login, PASSWORD)
        values = {
            "user_id": self.seller.id,
            "substitute_id": self.stranger.id,
            "date_from": self.FROM,
            "date_to": self.TO,
        }
        with mute_logger("odoo.http"):
            forged = self._call("crm.substitution", "create", [values])
        self.assertEqual(
            forged["error"]["data"]["name"], AccessError.__module__ + ".AccessError"
        )
        own = self._call(
            "crm.substitution", "create",
            [{**values, "user_id": self.stranger.id, "substitute_id": self.seller.id}],
        )  # fmt: skip
        with mute_logger("odoo.http"):
            swapped = self._call(
                "crm.substitution", "write", own["result"],
                {"user_id": self.seller.id, "substitute_id": self.stranger.id},
            )  # fmt: skip
        self.assertIn("error", swapped)
        rows = self.env["crm.substitution"].search([("user_id", "=", self.seller.id)])
        self.assertFalse(rows)
        self.assertEqual(self._scope(self.stranger), ["Stranger"])
