from datetime import datetime
from types import SimpleNamespace

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.crm_gestion.models import crm_doppler_audience, crm_doppler_plan

from .common import CrmGestionCommon


class PlanCase(CrmGestionCommon):
    """A list of a segment of some people, each with an address."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account = cls.env["crm.doppler.account"].create(
            {"email": "us@ours.example", "require_consent": False}
        )
        cls.field = cls.env["crm.doppler.field"].create(
            {"account_id": cls.account.id, "name": "FIRSTNAME", "type": "string"}
        )
        cls.env["crm.doppler.mapping"].create(
            {
                "account_id": cls.account.id,
                "field_id": cls.field.id,
                "partner_field_id": cls.env.ref("base.field_res_partner__name").id,
            }
        )
        cls.tag = cls.env["res.partner.category"].create({"name": "Doppler"})
        cls.segment = cls.env["crm.segment"].create(
            {"name": "Ours", "domain": [("category_id", "in", cls.tag.ids)]}
        )
        cls.list = cls.env["crm.doppler.list"].create(
            {
                "account_id": cls.account.id,
                "name": "Ours",
                "segment_id": cls.segment.id,
            }
        )
        cls.ana = cls._person("Ana")
        cls.bea = cls._person("Bea")
        cls.people = cls.ana | cls.bea

    @classmethod
    def _person(cls, name, email=None, **values):
        return cls.env["res.partner"].create(
            {
                "name": name,
                "email": f"{name.lower()}@people.example" if email is None else email,
                "category_id": [Command.link(cls.tag.id)],
                **values,
            }
        )

    @classmethod
    def _consent(cls, partner, kind="given", date="2026-02-01 10:00:00"):
        return cls.env["crm.mailing.consent"].create(
            {"partner_id": partner.id, "kind": kind, "date": date}
        )

    def _compare(self):
        self.env["crm.doppler.plan"]._compare(self.list)
        self.env.flush_all()

    def _rows(self):
        """:return: dict name of a contact, or address -> address, to do, reason"""
        return {
            row.partner_id.name or row.email: (row.email, row.todo, row.reason)
            for row in self.list.member_ids
        }

    def _push(self):
        """As if the push had done what is planned."""
        for row in self.list.member_ids:
            if row.todo == "remove":
                row.write({"is_there": False, "todo": False, "sent_hash": False})
                if row.round != self.list.round:
                    row.unlink()
            elif row.todo:
                row.write(
                    {
                        "is_there": True,
                        "todo": False,
                        "sent_hash": row.hash,
                        "error": False,
                    }
                )
        self.env.flush_all()

    def _batches_of(self, size):
        self.patch(crm_doppler_plan, "BATCH", size)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestPlan(PlanCase):
    def test_who_is_new_is_to_be_added_and_then_is_done(self):
        self._compare()
        self.assertEqual(
            self._rows(),
            {
                "Ana": ("ana@people.example", "add", False),
                "Bea": ("bea@people.example", "add", False),
            },
        )
        self.assertEqual(self.list.compared_date, datetime(2026, 3, 2, 10))
        self._push()
        self._compare()
        self.assertEqual({row[1] for row in self._rows().values()}, {False})

    def test_the_same_comparison_writes_nothing(self):
        self._person("Dup", "ana@people.example")
        self._person("None", "")
        self._compare()
        self._push()
        self._compare()
        self.env.cr.execute("UPDATE crm_doppler_member SET write_date = '2020-01-01'")
        before = self._rows()
        self._compare()
        self.assertEqual(self._rows(), before)
        self.env.cr.execute("SELECT DISTINCT write_date FROM crm_doppler_member")
        self.assertEqual(self.env.cr.fetchall(), [(datetime(2020, 1, 1),)])
        self.assertEqual(set(self.list.member_ids.mapped("round")), {3})

    def test_only_what_is_sent_of_him_makes_an_update(self):
        self._compare()
        self._push()
        self.ana.name = "Ana María"
        self.bea.phone = "+54 11 4000 0000"
        self._compare()
        self.assertEqual(
            self._rows(),
            {
                "Ana María": ("ana@people.example", "update", False),
                "Bea": ("bea@people.example", False, False),
            },
        )

    def test_every_reason_in_its_order(self):
        self.account.require_consent = True
        everybody = {
            "no_email": self._person("No", ""),
            "invalid": self._person("Bad", "nobody at all"),
            "opted_out": self._person("Opted"),
            "blacklisted": self._person("Black"),
            "left_doppler": self._person("Left"),
            "bounced": self._person("Bounced", message_bounce=1),
            "role": self._person("Soporte", "soporte@people.example"),
            "no_consent": self._person("Silent"),
        }
        for reason, partner in everybody.items():
            if reason != "no_consent":
                self._consent(partner)
        self._make_gestion(
            contact_id=everybody["opted_out"].id,
            result_id=self.env.ref("crm_gestion.result_do_not_contact").id,
        )
        blacklist = self.env["mail.blacklist"]
        for reason in ("opted_out", "blacklisted"):
            blacklist._add(everybody[reason].email)
        for reason in ("blacklisted", "left_doppler"):
            self.env["crm.doppler.optout"].create(
                {
                    "account_id": self.account.id,
                    "email": everybody[reason].email,
                    "kind": "manual",
                }
            )
        self._compare()
        found = {row.partner_id: row.reason for row in self.list.member_ids}
        for reason, partner in everybody.items():
            with self.subTest(reason=reason):
                self.assertEqual(found[partner], reason)
        self.assertEqual(found[self.ana], "no_consent")
        self.assertFalse(self.list.member_ids.filtered("todo"))

    def test_what_doppler_says_of_an_address(self):
        kinds = {
            "hard_bounce": "bounced",
            "policy": "role",
            "never_open": "left_doppler",
            "administrative": "left_doppler",
        }
        for kind in kinds:
            partner = self._person(kind)
            self.env["crm.doppler.optout"].create(
                {"account_id": self.account.id, "email": partner.email, "kind": kind}
            )
        self._compare()
        rows = self._rows()
        self.assertEqual({kind: rows[kind][2] for kind in kinds}, kinds)

    def test_who_opted_out_keeps_out_his_address(self):
        """Also where he is archived, or in another company."""
        other = self.env["res.company"].create({"name": "Other"})
        asked = self.env["res.partner"].create(
            {"name": "Ana", "email": "ANA@people.example", "company_id": other.id}
        )
        self._make_gestion(
            contact_id=asked.id,
            company_id=other.id,
            result_id=self.env.ref("crm_gestion.result_do_not_contact").id,
        )
        asked.active = False
        self._compare()
        self.assertEqual(
            self._rows()["Ana"], ("ana@people.example", False, "opted_out")
        )

    def test_consent(self):
        self.account.require_consent = True
        carla, dora = self._person("Carla"), self._person("Dora")
        twin = self.env["res.partner"].create({"name": "Twin", "email": dora.email})
        self._consent(self.ana)
        self._consent(self.bea)
        self._consent(self.bea, "withdrawn", "2026-02-02 10:00:00")
        self._consent(carla, "withdrawn", "2026-01-02 10:00:00")
        self._consent(carla)
        self._consent(dora)
        self._consent(twin, "withdrawn")
        self._compare()
        self.assertEqual(
            {name: row[2] for name, row in self._rows().items()},
            {"Ana": False, "Bea": "opted_out", "Carla": False, "Dora": "opted_out"},
        )
        # who withdrew is not sent either where nobody has to agree
        self.account.require_consent = False
        self._compare()
        self.assertEqual(
            {name for name, row in self._rows().items() if row[2]}, {"Bea", "Dora"}
        )

    def test_an_address_is_one_row(self):
        """Of the lowest id that may be sent."""
        self.account.require_consent = True
        first = self._person("First", "Shared@people.example")
        second = self._person("Second", "shared@PEOPLE.example")
        third = self._person("Third", "shared@people.example")
        self._consent(second)
        self._consent(third)
        self._compare()
        rows = self._rows()
        self.assertEqual(rows["First"], (False, False, "no_consent"))
        self.assertEqual(rows["Second"], ("shared@people.example", "add", False))
        self.assertEqual(rows["Third"], (False, False, "duplicate"))
        self._push()
        # another one takes it over: the address stays, its row is his
        self._consent(first)
        self._compare()
        rows = self._rows()
        self.assertEqual(rows["First"], ("shared@people.example", "update", False))
        self.assertEqual(rows["Second"], (False, False, "duplicate"))

    def test_batches_do_not_matter(self):
        self.account.require_consent = True
        first = self._person("First", "shared@people.example")
        people = [self._person(f"P{number}") for number in range(4)]
        second = self._person("Second", "shared@people.example")
        for partner in [second, self.ana, *people]:
            self._consent(partner)
        self._compare()
        self._push()
        whole = self._rows()
        self.env.cr.execute("UPDATE crm_doppler_member SET write_date = '2020-01-01'")
        self._batches_of(2)
        self._compare()
        self.assertEqual(self._rows(), whole)
        self.env.cr.execute("SELECT DISTINCT write_date FROM crm_doppler_member")
        self.assertEqual(self.env.cr.fetchall(), [(datetime(2020, 1, 1),)])
        self.assertEqual(whole[first.name][2], "no_consent")

    def test_international_domains_are_one_address(self):
        self._person("One", "one@ñandú.example")
        self._person("Two", "one@xn--and-6ma2c.example")
        self.env["mail.blacklist"]._add("three@ñandú.example")
        self._person("Three", "three@xn--and-6ma2c.example")
        self._compare()
        rows = self._rows()
        self.assertEqual(rows["One"], ("one@xn--and-6ma2c.example", "add", False))
        self.assertEqual(rows["Two"], (False, False, "duplicate"))
        self.assertEqual(rows["Three"][1:], (False, "blacklisted"))

    def test_a_new_address_is_added_and_the_old_one_leaves(self):
        self._compare()
        self._push()
        self.ana.email = "new@people.example, other@people.example"
        self._compare()
        rows = {row.email: row.todo for row in self.list.member_ids}
        self.assertEqual(
            rows,
            {
                "ana@people.example": "remove",
                "new@people.example": "add",
                "bea@people.example": False,
            },
        )

    def test_leavers(self):
        self._compare()
        carla = self._person("Carla")
        self._push()
        self._compare()
        (self.ana | carla).category_id = False
        self._compare()
        # who was never there has no row
        self.assertEqual(
            self._rows(),
            {
                "Ana": ("ana@people.example", "remove", False),
                "Bea": ("bea@people.example", False, False),
            },
        )
        self.ana.category_id = self.tag
        self._compare()
        self.assertEqual(self._rows()["Ana"], ("ana@people.example", False, False))

    def test_who_is_deleted_or_archived_leaves(self):
        self._compare()
        self._push()
        self.ana.unlink()
        self.bea.active = False
        self._person("Carla")
        self._compare()
        self.assertEqual(
            self._rows(),
            {
                "ana@people.example": ("ana@people.example", "remove", False),
                "Bea": ("bea@people.example", "remove", False),
                "Carla": ("carla@people.example", "add", False),
            },
        )

    def test_nobody_is_taken_out_by_the_other_policy(self):
        """But for who does not want to be there, or is no contact any more."""
        self.list.policy = "add"
        carla, dora = self._person("Carla"), self._person("Dora")
        eva, flor = self._person("Eva"), self._person("Flor")
        self._compare()
        self._push()
        (self.ana | carla).category_id = False
        self.env["mail.blacklist"]._add(carla.email)
        self._consent(dora, "withdrawn")
        eva.unlink()
        flor.message_bounce = 1
        self._compare()
        self.assertEqual(
            self._rows(),
            {
                "Ana": ("ana@people.example", False, False),
                "Bea": ("bea@people.example", False, False),
                "Carla": ("carla@people.example", "remove", "blacklisted"),
                "Dora": ("dora@people.example", "remove", "opted_out"),
                "eva@people.example": ("eva@people.example", "remove", False),
                "Flor": ("flor@people.example", False, "bounced"),
            },
        )

    def test_half_a_walk_concludes_nothing(self):
        """A comparison that was broken off goes on, and starts anew where another one
        came between."""
        for number in range(4):
            self._person(f"P{number}")
        self._compare()
        self._push()
        self._batches_of(2)
        job = self.env["crm.doppler.job"]._enqueue(
            self.account, "push", list_=self.list, is_trial=True
        )
        Plan = self.env["crm.doppler.plan"]
        self.ana.category_id = False
        for _step in range(2):
            self.assertEqual(Plan._step(job, None), 0)
        self.assertEqual(job.progress["compare"]["done"], 2)
        self.account.state = "connected"
        self.assertEqual(self.list.working_note, "Comparing: 2 of 5 contacts.")
        self.assertFalse(self.list.member_ids.filtered("todo"))
        # somebody enters and leaves behind the walk
        self._compare()
        job.progress = {**job.progress, "other": 1}
        steps = 0
        while Plan._step(job, None) is not None:
            steps += 1
        self.assertEqual(job.progress, {"other": 1})
        self.assertEqual(self._rows()["Ana"][1], "remove")
        self.assertEqual(
            [row.partner_id for row in self.list.member_ids.filtered("todo")],
            [self.ana],
        )

    def test_an_empty_segment_takes_nobody_off(self):
        self._compare()
        self._push()
        self.people.category_id = False
        before = self.list.round
        with self.assertRaisesRegex(UserError, "Nobody is in the segment “Ours”"):
            self._compare()
        self.assertEqual(self.list.round, before)
        self.assertFalse(self.list.member_ids.filtered("todo"))

    def test_conditions_that_cannot_be_read_take_nobody_off(self):
        self._compare()
        self._push()
        self.env.cr.execute(
            "UPDATE crm_segment SET domain = %s WHERE id = %s",
            ("[('gone', '=', 1)]", self.segment.id),
        )
        self.segment.invalidate_recordset()
        with self.assertRaisesRegex(UserError, "cannot be read, so the list “Ours”"):
            self._compare()
        self.assertFalse(self.list.member_ids.filtered("todo"))

    def test_whom_doppler_refused_waits(self):
        self._compare()
        row = self.list.member_ids.filtered(lambda m: m.partner_id == self.ana)
        row.write({"reason": "refused", "error": "No such mailbox", "todo": False})
        self._compare()
        self.assertEqual((row.todo, row.reason), (False, "refused"))
        self.assertEqual(row.error, "No such mailbox")
        self.ana.email = "ana2@people.example"
        self._compare()
        self.assertEqual(self._rows()["Ana"], ("ana2@people.example", "add", False))

    def test_an_error_goes_with_what_it_was_about(self):
        self._compare()
        rows = self.list.member_ids
        rows.error = "Not now"
        self._compare()
        self.assertEqual(set(rows.mapped("error")), {"Not now"})
        self.ana.name = "Ana María"
        self._compare()
        self.assertEqual(
            {row.partner_id: row.error for row in rows},
            {self.ana: False, self.bea: "Not now"},
        )

    def test_whom_an_import_is_under_way_with(self):
        """What he was sent as is what is noted when it is over."""
        self._compare()
        row = self.list.member_ids.filtered(lambda m: m.partner_id == self.ana)
        job = self.env["crm.doppler.job"]._enqueue(
            self.account, "push", list_=self.list
        )
        row.import_id = self.env["crm.doppler.import"].create(
            {"job_id": job.id, "list_id": self.list.id, "state": "followed"}
        )
        sent = row.hash
        self.ana.name = "Ana María"
        self._compare()
        self.assertEqual((row.todo, row.hash), ("add", sent))
        row.import_id.state = "done"
        self._compare()
        self.assertNotEqual(row.hash, sent)

    def test_merged_contacts_are_one_again(self):
        self._compare()
        self._push()
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge(self.people.ids, self.ana)
        self._compare()
        self.assertEqual(
            {(r.partner_id, r.email, r.todo) for r in self.list.member_ids},
            {
                (self.ana, "ana@people.example", False),
                (self.ana, "bea@people.example", "remove"),
            },
        )

    def test_contacts_of_another_company_are_not_in_it(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.segment.company_id = False
        self._person("Theirs", company_id=other.id)
        self._person("Own", company_id=self.account.company_id.id)
        self._compare()
        self.assertEqual(set(self._rows()), {"Ana", "Bea", "Own"})

    def test_many_removals_wait_for_somebody_to_agree(self):
        people = self.people.union(*(self._person(f"P{i}") for i in range(18)))
        Plan = self.env["crm.doppler.plan"]
        self._compare()
        self._push()
        people[:4].category_id = False
        self._compare()
        self.assertFalse(Plan._removals_held(self.list))  # 4 of 20, and a handful
        people[:6].category_id = False
        self._compare()
        self.assertEqual(self.list.remove_count, 6)
        self.assertTrue(Plan._removals_held(self.list))
        self.assertTrue(self.list.is_held)
        self.list.with_user(self.director).action_agree_removals()
        self.assertFalse(Plan._removals_held(self.list))
        self.assertFalse(self.list.is_held)
        # the push compares again, which is the same; more is another question
        self._compare()
        self.assertFalse(Plan._removals_held(self.list))
        people[:7].category_id = False
        self._compare()
        self.assertTrue(Plan._removals_held(self.list))
        people[:2].category_id = self.tag
        self._compare()
        self.assertFalse(Plan._removals_held(self.list))
        self.assertEqual(self.list.agreed_removals, 0)

    def test_who_does_not_want_to_be_there_asks_nobody(self):
        people = self.people.union(*(self._person(f"P{i}") for i in range(8)))
        self._compare()
        self._push()
        for partner in people[:8]:
            self.env["mail.blacklist"]._add(partner.email)
        self._compare()
        self.assertEqual(self.list.remove_count, 8)
        self.assertFalse(self.env["crm.doppler.plan"]._removals_held(self.list))

    def test_queries_do_not_grow_with_the_people(self):
        tag = self.env["res.partner.category"].create({"name": "Many"})
        segment = self.env["crm.segment"].create(
            {"name": "Many", "domain": [("category_id", "in", tag.ids)]}
        )
        lists = self.env["crm.doppler.list"]
        for number, size in enumerate((3, 30)):
            own = tag.copy({"name": f"Many {number}"})
            self.env["res.partner"].create(
                [
                    {
                        "name": f"M{number}-{i}",
                        "email": f"m{number}-{i}@people.example",
                        "category_id": [Command.link(own.id)],
                    }
                    for i in range(size)
                ]
            )
            lists += lists.create(
                {
                    "account_id": self.account.id,
                    "name": own.name,
                    "segment_id": segment.copy(
                        {"domain": [("category_id", "in", own.ids)]}
                    ).id,
                }
            )
        counts = []
        for list_ in lists:
            self.env["crm.doppler.plan"]._compare(list_)  # warm
            counts.append(
                self._count_queries(
                    lambda list_=list_: self.env["crm.doppler.plan"]._compare(list_)
                )
            )
        self.assertLessEqual(counts[1], counts[0] + self.ALLOWANCE)
        self.assertEqual(len(lists[1].member_ids), 30)


@tagged("post_install", "-at_install")
class TestRow(CrmGestionCommon):
    """What is planned with one row."""

    def test_what_is_done(self):
        Plan = self.env["crm.doppler.plan"]
        Row, Wanted = crm_doppler_plan.Row, crm_doppler_audience.Wanted
        mirror = SimpleNamespace(policy="mirror")
        add = SimpleNamespace(policy="add")
        cases = [
            (mirror, (), Row(), "add"),
            (mirror, (), Row(is_there=True, sent_hash="x"), None),
            (mirror, (), Row(is_there=True, sent_hash="y"), "update"),
            (mirror, ("bounced",), Row(), None),
            (mirror, ("bounced",), Row(is_there=True), "remove"),
            (mirror, ("left_doppler",), Row(is_there=True), None),
            (mirror, (), Row(is_there=True, reason="refused"), None),
            (add, ("bounced",), Row(is_there=True), None),
            (add, ("no_consent",), Row(is_there=True), None),
            (add, ("no_consent", "withdrawn"), Row(is_there=True), "remove"),
            (add, ("bounced", "opted_out"), Row(is_there=True), "remove"),
        ]
        for list_, reasons, row, todo in cases:
            want = Wanted(1, "a@b.example", frozenset(reasons), "x")
            with self.subTest(policy=list_.policy, reasons=reasons, row=row):
                self.assertEqual(Plan._planned(list_, want, row).todo, todo)
