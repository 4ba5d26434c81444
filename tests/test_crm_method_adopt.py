from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import SQL

from odoo.addons.crm_gestion.models import crm_method_adoption, crm_opportunity_history

from .test_crm_stage import StageCommon

TRACKED = {
    "tracking_disable": False,
    "mail_notrack": False,
    "mail_create_nolog": False,
}


class AdoptCommon(StageCommon):
    """A pipeline in use: the company's own stages come first, ours wait behind them.
    Opportunities were there before the add-on: it has no record of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._enforce(False)

    @classmethod
    def _make_lead(cls, *args, created="2026-01-05 09:00:00", **values):
        lead = super()._make_lead(*args, **values)
        cls.env.flush_all()
        cls.env.cr.execute(
            SQL(
                """UPDATE crm_lead SET create_date = %s, date_last_stage_update = %s
                    WHERE id = %s""",
                created,
                created,
                lead.id,
            )
        )
        lead.invalidate_recordset()
        return lead

    @classmethod
    def _forget(cls):
        """As if the add-on had been installed just now."""
        cls.env.flush_all()
        cls.env.cr.execute("DELETE FROM crm_opportunity_stage")
        cls.env.cr.execute("DELETE FROM crm_opportunity_closure")
        cls.env.cr.execute("UPDATE crm_lead SET closure_kind = NULL")
        cls.env.invalidate_all()

    def _track(self, date, lead, user=None, **values):
        """Write as users do: tracked."""
        self.cr.precommit.run()  # what was created before is not new any more
        with freeze_time(date):
            tracked = lead.with_user(user or self.seller).with_context(**TRACKED)
            tracked.write(values)
            self.env.flush_all()
            self.cr.precommit.run()

    def _wizard(self):
        return self.env["crm.method.adopt"].with_user(self.director).create({})

    def _adopt(self, **mapping):
        wizard = self._wizard()
        for name, target in mapping.items():
            stage = getattr(self, name)
            self._line(wizard, stage).method_stage_id = target
        wizard.action_adopt()
        return wizard

    def _line(self, wizard, stage):
        return wizard.stage_ids.filtered(lambda line: line.stage_id == stage)

    def _user_line(self, wizard, user):
        return wizard.user_ids.filtered(lambda line: line.user_id == user)

    def _passages(self, lead):
        return lead.opportunity_stage_ids.sorted("id")


@tagged("post_install", "-at_install")
class TestAdoptWizard(AdoptCommon):
    """What the director is shown and may choose."""

    def test_only_a_director_adopts(self):
        for user in (self.head, self.seller, self.native):
            with self.assertRaises(AccessError):
                self.env["crm.method.adopt"].with_user(user).create({})
        self.assertFalse(self.env["crm.stage"]._method_enforced())
        self.assertEqual(self.examples.mapped("fold"), [False] * 4)

    def test_every_stage_is_shown_with_what_is_in_it(self):
        self._make_lead(stage_id=self.new.id)
        self._make_lead(stage_id=self.new.id).action_archive()
        self._make_lead(stage_id=self.new.id, type="lead")
        self._make_lead(stage_id=self.new.id).action_set_lost()
        self._make_lead(stage_id=self.won.id)
        self._make_lead(stage_id=self.won.id).action_archive()
        self._make_lead(stage_id=self.present_products.id)
        wizard = self._wizard()
        self.assertRecordValues(
            wizard.stage_ids,
            [
                {
                    "stage_id": stage.id,
                    "method_stage_id": target.id,
                    "open_count": open_count,
                    "closed_count": closed,
                    "enquiry_count": enquiries,
                }
                for stage, target, open_count, closed, enquiries in (
                    (self.new, self.generate_interest, 1, 2, 1),
                    (self.qualified, self.present_products, 0, 0, 0),
                    (self.proposition, self.size_proposal, 0, 0, 0),
                    (self.won, self.sales_order, 0, 2, 0),
                )
            ],
        )
        self.assertRecordValues(
            wizard,
            [{"opportunity_count": 5, "enquiry_count": 1, "is_enforced": False}],
        )

    def test_counts_do_not_depend_on_what_the_director_sees(self):
        other = self.env["res.company"].create({"name": "Other"})
        self._make_lead(stage_id=self.new.id, company_id=other.id, user_id=False)
        self.assertEqual(self._wizard().opportunity_count, 1)

    def test_own_stages_are_proposed_by_their_position(self):
        self.env["ir.model.data"].search([("module", "=", "crm")]).filtered(
            lambda data: data.model == "crm.stage"
        ).unlink()
        stages = self.env["crm.stage"].create(
            [{"name": f"Own {number}", "sequence": number} for number in range(4, 9)]
        )
        proposed = self.env["crm.method.adoption"]._propose_stages()
        self.assertEqual(
            [proposed[stage] for stage in self.examples[:3] + stages + self.won],
            [self.generate_interest] * 2
            + [self.present_products] * 2
            + [self.size_proposal] * 2
            + [self.negotiate] * 2
            + [self.sales_order],
        )

    def test_a_won_stage_goes_on_in_the_won_stage_only(self):
        wizard = self._wizard()
        for stage, target in (
            (self.won, self.negotiate),
            (self.new, self.sales_order),
            (self.new, self.qualified),
        ):
            with self.assertRaises(ValidationError):
                self._line(wizard, stage).method_stage_id = target
        self.assertFalse(self.env["crm.stage"]._method_enforced())

    def test_the_dialog_opens_and_says_that_it_was_done_already(self):
        with Form(self.env["crm.method.adopt"].with_user(self.director)) as form:
            self.assertFalse(form.is_enforced)
            self.assertEqual(len(form.stage_ids), 4)
        self._adopt()
        self.assertTrue(self._wizard().is_enforced)


@tagged("post_install", "-at_install")
class TestAdopt(AdoptCommon):
    """What adopting does to stages and opportunities."""

    def test_ours_come_first_and_the_others_are_folded_behind(self):
        self.qualified.fold = True
        self._adopt(qualified=self.generate_interest)
        stages = self.env["crm.stage"].search([])
        self.assertEqual(stages, self.method | self.examples)
        self.assertEqual(stages.mapped("fold"), [False] * 5 + [True] * 4)
        self.assertEqual(stages.mapped("sequence"), list(range(1, 10)))
        self.assertRecordValues(
            self.examples,
            [
                {"method_stage_id": self.generate_interest.id, "was_folded": False},
                {"method_stage_id": self.generate_interest.id, "was_folded": True},
                {"method_stage_id": self.size_proposal.id, "was_folded": False},
                {"method_stage_id": self.sales_order.id, "was_folded": False},
            ],
        )
        self.assertTrue(self.env["crm.stage"]._method_enforced())

    def test_everything_moves_and_stands_as_it_stood(self):
        stands = (
            "won_status", "probability", "active", "date_closed",
            "date_last_stage_update", "expected_revenue", "type",
            "write_date", "write_uid", "lost_reason_id", "user_id", "team_id",
        )  # fmt: skip
        leads = self.env["crm.lead"]
        leads |= self._make_lead(stage_id=self.new.id, probability=40)
        leads |= self._make_lead(
            stage_id=self.qualified.id, type="lead", probability=20
        )
        leads |= self._make_lead(stage_id=self.won.id)
        lost = self._make_lead(stage_id=self.proposition.id)
        lost.action_set_lost(lost_reason_id=self.price.id)
        archived = self._make_lead(stage_id=self.proposition.id, probability=30)
        archived.action_archive()
        leads |= lost | archived
        self._forget()
        before = leads.read(stands)
        natives = leads.stage_id
        messages = self.env["mail.message"].search_count([])
        mails = self.env["mail.mail"].search_count([])
        self._adopt()
        self.assertEqual(leads.read(stands), before)
        self.assertEqual(
            [lead.stage_id for lead in leads],
            [
                self.generate_interest,
                self.present_products,
                self.sales_order,
                self.size_proposal,
                self.size_proposal,
            ],
        )
        self.assertEqual(leads.native_stage_id, natives)
        self.env.flush_all()
        self.cr.precommit.run()
        self.assertEqual(self.env["mail.message"].search_count([]), messages)
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)

    def test_closed_opportunities_get_their_closure(self):
        won = self._make_lead(stage_id=self.won.id)
        lost = self._make_lead(stage_id=self.qualified.id)
        small = self._make_lead(stage_id=self.new.id)
        archived = self._make_lead(stage_id=self.new.id, probability=30)
        enquiry = self._make_lead(stage_id=self.new.id, type="lead")
        with freeze_time("2026-02-01 10:00:00"):
            lost.action_set_lost(lost_reason_id=self.price.id)
            (small | enquiry).action_set_lost(lost_reason_id=self.too_small.id)
            archived.action_archive()
            won.date_closed = "2026-02-03 12:00:00"
        self._forget()
        self._adopt()
        leads = won | lost | small | archived | enquiry
        self.assertEqual(
            leads.mapped("closure_kind"),
            ["won", "rejected", "unqualified", False, False],
        )
        self.assertRecordValues(
            (won | lost | small).closure_ids.sorted(lambda row: row.lead_id.id),
            [
                {
                    "lead_id": lead.id,
                    "kind": kind,
                    "date": date,
                    "user_id": self.seller.id,
                    "team_id": self.north.id,
                    "currency_id": self.env.company.currency_id.id,
                    "stage_id": stage.id,
                    "expected_revenue": 1000.0,
                    "is_automated": True,
                    "lost_reason_id": reason.id,
                    "reopen_date": False,
                }
                for lead, kind, date, stage, reason in (
                    (won, "won", won.date_closed, self.sales_order, self.price[:0]),
                    (
                        lost, "rejected", lost.date_closed, self.present_products,
                        self.price,
                    ),
                    (
                        small, "unqualified", small.date_closed,
                        self.generate_interest, self.too_small,
                    ),
                )
            ],
        )  # fmt: skip
        lost.with_user(self.seller).action_restore()
        self.assertEqual(lost.won_status, "pending")
        self.assertFalse(lost.closure_kind)
        self.assertTrue(lost.closure_ids.reopen_date)

    def test_predictions_count_from_the_first_stage_of_the_method(self):
        self._make_history()
        automatic = self._make_lead(stage_id=self.new.id)
        typed = self._make_lead(stage_id=self.new.id, probability=40.0)
        self._adopt()
        new = self._make_lead()
        self.assertRecordValues(
            automatic | typed | new,
            [
                {
                    "stage_id": self.generate_interest.id,
                    "probability": probability,
                    "automated_probability": 73.81,
                    "prorated_revenue": prorated,
                }
                for probability, prorated in (
                    (73.81, 738.1),
                    (40.0, 400),
                    (73.81, 738.1),
                )
            ],
        )

    def test_opportunities_go_on_in_the_method(self):
        lead = self._make_lead(stage_id=self.new.id)
        self._forget()
        self._adopt()
        lead.with_user(self.seller).stage_id = self.present_products
        self.assertEqual(
            self._passages(lead).mapped("move"),
            ["created", "forward"],
        )
        self.assertFalse(self._passages(lead)[-1].date_out)

    def test_a_second_time_only_what_is_new_moves(self):
        first = self._make_lead(stage_id=self.new.id)
        lost = self._make_lead(stage_id=self.new.id)
        lost.action_set_lost()
        self._forget()
        self._adopt()
        later = self.env["crm.stage"].create({"name": "Later", "sequence": 50})
        second = self._make_lead(stage_id=later.id)
        rows = first.opportunity_stage_ids | lost.opportunity_stage_ids
        before = rows.read(), lost.closure_ids.read(), self.examples.read(["fold"])
        wizard = self._wizard()
        self.assertEqual(wizard.opportunity_count, 1)
        self._line(wizard, later).method_stage_id = self.negotiate
        wizard.action_adopt()
        self.assertEqual(
            (rows.read(), lost.closure_ids.read(), self.examples.read(["fold"])),
            before,
        )
        self.assertEqual(rows, (first | lost).opportunity_stage_ids)
        self.assertRecordValues(
            first | second,
            [
                {
                    "stage_id": self.generate_interest.id,
                    "native_stage_id": self.new.id,
                },
                {"stage_id": self.negotiate.id, "native_stage_id": later.id},
            ],
        )
        self.assertEqual(
            self.env["crm.stage"].search([]), self.method | self.examples | later
        )
        self.assertEqual(self.new.was_folded, False)

    def test_what_was_recorded_already_speaks_of_the_method(self):
        lead = self._make_lead(stage_id=self.new.id)
        lead.stage_id = self.qualified
        lead.action_set_lost()
        rows = self._passages(lead)
        dates = rows.mapped("date_in")
        self._adopt()
        self.assertEqual(self._passages(lead), rows)
        self.assertEqual(rows.mapped("date_in"), dates)
        self.assertRecordValues(
            rows,
            [
                {"move": "created", "stage_id": self.generate_interest.id},
                {"move": "forward", "stage_id": self.present_products.id},
                {"move": "closed", "stage_id": self.present_products.id},
            ],
        )
        self.assertEqual(lead.closure_ids.stage_id, self.present_products)

    def test_many_cost_what_few_cost(self):
        def adopt():
            self.env["crm.method.adoption"]._adopt()

        def add(count):
            for number in range(count):
                lead = self._make_lead(stage_id=self.examples[number % 4].id)
                if number % 3 == 0 and not lead.stage_id.is_won:
                    lead.action_set_lost()
            self._forget()

        add(3)
        adopt()  # caches
        add(3)
        few = self._count_queries(adopt)
        add(30)
        many = self._count_queries(adopt)
        self.assertLessEqual(many, few + self.ALLOWANCE)


@tagged("post_install", "-at_install")
class TestAdoptHistory(AdoptCommon):
    """Passages are backdated from what Odoo tracked."""

    def test_tracked_moves_become_passages(self):
        lead = self._make_lead(stage_id=self.new.id)
        self._track("2026-01-10 09:00:00", lead, stage_id=self.qualified.id)
        self._track("2026-01-15 09:00:00", lead, stage_id=self.proposition.id)
        self._track("2026-01-20 09:00:00", lead, stage_id=self.new.id)
        self._track("2026-01-30 21:00:00", lead, self.head, stage_id=self.won.id)
        self._forget()
        self._adopt(qualified=self.generate_interest)
        rows = self._passages(lead)
        common = {
            "user_id": self.seller.id,
            "team_id": self.north.id,
            "company_id": lead.company_id.id,
        }
        interest, size, order = self.generate_interest, self.size_proposal, self.won
        order = self.sales_order
        self.assertEqual(
            rows.mapped(
                lambda row: (
                    row.move,
                    row.from_stage_id,
                    row.stage_id,
                    row.next_stage_id,
                    row.skipped_count,
                    str(row.date_in),
                    str(row.date_out),
                    row.days,
                    row.conversion,
                )
            ),
            [
                (
                    "created", interest[:0], interest, size, 0,
                    "2026-01-05 09:00:00", "2026-01-15 09:00:00", 10, 1,
                ),
                (
                    "skipped", interest, size, interest, 1,
                    "2026-01-15 09:00:00", "2026-01-20 09:00:00", 5, 0,
                ),
                (
                    "back", size, interest, order, 0,
                    "2026-01-20 09:00:00", "2026-01-30 21:00:00", 10.5, 1,
                ),
                (
                    "won", interest, order, order[:0], 3,
                    "2026-01-30 21:00:00", "2026-01-30 21:00:00", 0, 0,
                ),
            ],
        )  # fmt: skip
        self.assertRecordValues(rows, [common] * 4)
        self.assertEqual(rows[1:].mapped("create_uid"), self.seller | self.head)
        self.assertRecordValues(
            lead.closure_ids,
            [
                {
                    "kind": "won",
                    "date": rows[-1].date_in,
                    "user_id": self.head.id,
                    "stage_id": interest.id,
                }
            ],
        )

    def test_history_is_what_the_method_would_have_written(self):
        """The same moves, recorded when they happened and read from the tracking."""
        self._adopt()
        lead = self._make_lead(stage_id=self.generate_interest.id)
        lead.opportunity_stage_ids.date_in = lead.create_date
        self._track("2026-01-10 09:00:00", lead, stage_id=self.negotiate.id)
        self._track("2026-01-12 09:00:00", lead, stage_id=self.present_products.id)
        self._track(
            "2026-01-15 09:00:00", lead, self.director, stage_id=self.sales_order.id
        )
        self._track("2026-01-20 09:00:00", lead, stage_id=self.size_proposal.id)
        with freeze_time("2026-01-25 09:00:00"):
            lead.with_user(self.seller).action_set_lost()
        names = (
            "move", "stage_id", "from_stage_id", "next_stage_id", "skipped_count",
            "date_in", "date_out", "days", "conversion", "user_id", "team_id",
            "company_id",
        )  # fmt: skip

        def passages():
            return [{name: row[name] for name in names} for row in self._passages(lead)]

        recorded = passages()
        self.assertEqual(
            [row["move"] for row in recorded],
            ["created", "skipped", "back", "won", "reopened", "closed"],
        )
        self._forget()
        self._adopt()
        self.assertEqual(passages(), recorded)

    def test_without_tracking_there_is_one_passage(self):
        lead = self._make_lead(stage_id=self.new.id)
        lost = self._make_lead(stage_id=self.new.id)
        with freeze_time("2026-01-08 09:00:00"):
            lead.stage_id = self.qualified
            lost.action_set_lost()
        self._forget()
        self._adopt()
        self.assertRecordValues(
            self._passages(lead) | self._passages(lost),
            [
                {
                    "lead_id": opportunity.id,
                    "move": move,
                    "stage_id": stage.id,
                    "date_in": date_in,
                    "date_out": date_out,
                    "days": days,
                }
                for opportunity, move, stage, date_in, date_out, days in (
                    (
                        lead, "created", self.present_products,
                        lead.date_last_stage_update, False, 0,
                    ),
                    (
                        lost, "created", self.generate_interest, lost.create_date,
                        lost.date_closed, 3,
                    ),
                    (
                        lost, "closed", self.generate_interest, lost.date_closed,
                        lost.date_closed, 0,
                    ),
                )
            ],
        )  # fmt: skip

    def test_enquiries_have_no_passages_before_they_are_opportunities(self):
        enquiry = self._make_lead(stage_id=self.new.id, type="lead")
        lead = self._make_lead(stage_id=self.new.id, type="lead")
        self._track("2026-01-10 09:00:00", lead, stage_id=self.qualified.id)
        self._track(
            "2026-01-12 09:00:00",
            lead,
            type="opportunity",
            date_conversion="2026-01-12 09:00:00",
        )
        self._track("2026-01-15 09:00:00", lead, stage_id=self.proposition.id)
        self._forget()
        self._adopt()
        self.assertFalse(enquiry.opportunity_stage_ids)
        self.assertEqual(enquiry.stage_id, self.generate_interest)
        self.assertEqual(
            self._passages(lead).mapped(
                lambda row: (row.move, row.stage_id, str(row.date_in))
            ),
            [
                ("created", self.present_products, "2026-01-12 09:00:00"),
                ("forward", self.size_proposal, "2026-01-15 09:00:00"),
            ],
        )

    def test_deleted_stages_and_untracked_moves_do_not_confuse(self):
        gone = self.env["crm.stage"].create({"name": "Gone", "sequence": 2})
        lead = self._make_lead(stage_id=self.new.id)
        self._track("2026-01-10 09:00:00", lead, stage_id=gone.id)
        self._track("2026-01-12 09:00:00", lead, stage_id=self.qualified.id)
        lead.stage_id = self.proposition
        lead.date_last_stage_update = "2026-01-14 09:00:00"
        self._forget()
        gone.unlink()
        self._adopt()
        self.assertEqual(
            self._passages(lead).mapped(
                lambda row: (row.move, row.stage_id, str(row.date_in))
            ),
            [
                ("created", self.generate_interest, "2026-01-05 09:00:00"),
                ("forward", self.present_products, "2026-01-12 09:00:00"),
                ("forward", self.size_proposal, "2026-01-14 09:00:00"),
            ],
        )

    def test_a_cron_writes_the_history_of_what_is_beyond_the_first_ones(self):
        leads = self.env["crm.lead"].browse(
            [self._make_lead(stage_id=self.new.id).id for __ in range(5)]
        )
        leads[0].action_set_lost()
        self._forget()
        cron = self.env.ref("crm_gestion.ir_cron_history")
        self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]).unlink()
        with (
            patch.object(crm_method_adoption, "BATCH", 2),
            patch.object(crm_method_adoption, "HISTORY_NOW", 2),
        ):
            self._adopt()
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        self.assertEqual(len(triggers), 1)
        self.assertEqual(leads.stage_id, self.generate_interest)
        self.assertEqual(leads[0].closure_kind, "rejected")
        self.assertEqual(leads.opportunity_stage_ids.lead_id, leads[:2])
        # who moves meanwhile has a passage from then on
        leads[4].stage_id = self.present_products
        with (
            patch.object(crm_opportunity_history, "BATCH", 1),
            self.enter_registry_test_mode(),
        ):
            cron.method_direct_trigger()
        self.assertEqual(
            [len(lead.opportunity_stage_ids) for lead in leads], [2, 1, 1, 1, 2]
        )
        self.assertEqual(self.env["crm.opportunity.history"]._lacking(), [])

    def test_the_cron_alone_tells_what_was_closed(self):
        """As after an update from a version that knew no passages."""
        lost = self._make_lead(stage_id=self.size_proposal.id)
        won = self._make_lead(stage_id=self.sales_order.id)
        opened = self._make_lead(stage_id=self.size_proposal.id)
        lost.action_set_lost()
        self._forget()
        with self.enter_registry_test_mode():
            self.env.ref("crm_gestion.ir_cron_history").method_direct_trigger()
        leads = lost | won | opened
        self.assertEqual(
            [lead.closure_kind for lead in leads], ["rejected", "won", False]
        )
        self.assertEqual(
            [lead.closure_ids.kind for lead in leads], ["rejected", "won", False]
        )


@tagged("post_install", "-at_install")
class TestAdoptRoles(AdoptCommon):
    """Users with native sales rights get a role."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leader = cls._make_user("leader", "sales_team.group_sale_salesman")
        everything = "sales_team.group_sale_salesman_all_leads"
        cls.everything = cls._make_user("everything", everything)
        cls.manager = cls._make_user("manager", "sales_team.group_sale_manager")
        cls.west = cls._make_team("West", cls.leader, cls.native)
        cls._make_lead(cls.native)
        cls._make_lead(cls.seller)
        cls._make_lead(cls.seller).action_set_lost()
        cls._make_lead(cls.seller, type="lead")
        cls._make_lead(cls.everything)
        cls._make_lead(user_id=False)

    def test_roles_are_proposed_from_native_rights(self):
        wizard = self._wizard()
        proposed = {
            line.user_id: (line.role, line.sees_everything) for line in wizard.user_ids
        }
        self.assertNotIn(self.employee, proposed)
        self.assertEqual(
            {user: proposed[user] for user in (
                self.native, self.leader, self.everything, self.manager, self.seller,
                self.head, self.director,
            )},
            {
                self.native: ("seller", False),
                self.leader: ("head", False),
                self.everything: ("director", True),
                self.manager: ("director", True),
                self.seller: ("seller", False),
                self.head: ("head", False),
                self.director: ("director", True),
            },
        )  # fmt: skip

    def test_roles_are_given(self):
        self._adopt()
        for user, group in (
            (self.native, "group_seller"),
            (self.leader, "group_sales_head"),
            (self.everything, "group_sales_director"),
        ):
            self.assertTrue(user.has_group(f"crm_gestion.{group}"))
        self.assertFalse(self.native.has_group("crm_gestion.group_sales_head"))
        self.assertFalse(self.leader.has_group("crm_gestion.group_sales_director"))

    def test_no_role_leaves_native_rights(self):
        wizard = self._wizard()
        for user in (self.native, self.seller):
            self._user_line(wizard, user).role = False
        wizard.action_adopt()
        for user in (self.native, self.seller):
            self.assertFalse(user.has_group("crm_gestion.group_seller"))
            self.assertTrue(user.has_group("sales_team.group_sale_salesman"))

    def test_who_loses_sight_of_how_many(self):
        """All opportunities but his own, the unassigned and those of teams he leads;
        enquiries do not count."""
        self.everything.sale_team_id = False
        wizard = self._wizard()
        visible = self.env["crm.lead"].with_context(active_test=False)
        opportunities = [("type", "=", "opportunity")]
        before = visible.with_user(self.everything).search_count(opportunities)
        self.assertEqual(self._user_line(wizard, self.everything).lost_count, 3)
        self.assertEqual(self._user_line(wizard, self.native).lost_count, 0)
        self._user_line(wizard, self.everything).write(
            {"role": "seller", "take_everything": True}
        )
        wizard.action_adopt()
        after = visible.with_user(self.everything).search_count(opportunities)
        self.assertEqual((before, after), (5, 2))
        self.assertFalse(
            self.everything.has_group("sales_team.group_sale_salesman_all_leads")
        )
        self.assertTrue(self.everything.has_group("crm_gestion.group_seller"))

    def test_a_manager_may_become_head_of_his_team(self):
        self.north.user_id = self.manager
        wizard = self._wizard()
        line = self._user_line(wizard, self.manager)
        self.assertEqual(line.lost_count, 2)
        line.write({"role": "head", "take_everything": True})
        wizard.action_adopt()
        self.assertTrue(self.manager.has_group("crm_gestion.group_sales_head"))
        self.assertFalse(
            self.manager.has_group("sales_team.group_sale_salesman_all_leads")
        )

    def test_nothing_is_taken_that_the_director_did_not_take(self):
        wizard = self._wizard()
        self._user_line(wizard, self.everything).role = "seller"
        line = self._user_line(wizard, self.manager)
        line.write({"role": "director", "take_everything": True})
        wizard.action_adopt()
        self.assertTrue(
            self.everything.has_group("sales_team.group_sale_salesman_all_leads")
        )
        self.assertTrue(self.manager.has_group("sales_team.group_sale_manager"))

    def test_rights_from_another_group_are_refused_and_nothing_changes(self):
        other = self.env["res.groups"].create(
            {
                "name": "Back Office",
                "implied_ids": [
                    (4, self.env.ref("sales_team.group_sale_salesman_all_leads").id)
                ],
                "user_ids": [(4, self.everything.id)],
            }
        )
        wizard = self._wizard()
        self._user_line(wizard, self.everything).write(
            {"role": "seller", "take_everything": True}
        )
        with self.assertRaisesRegex(UserError, "Everything"):
            wizard.action_adopt()
        self.assertFalse(self.env["crm.stage"]._method_enforced())
        self.assertIn(other, self.everything.group_ids)
        self.assertFalse(self.everything.has_group("crm_gestion.group_seller"))

    def test_roles_go_to_people_with_sales_rights_only(self):
        wizard = self._wizard()
        self._user_line(wizard, self.native).user_id = self.employee
        with self.assertRaisesRegex(UserError, "Employee"):
            wizard.action_adopt()
        self.assertFalse(self.employee.has_group("crm_gestion.group_seller"))
        self.assertFalse(self.env["crm.stage"]._method_enforced())


@tagged("post_install", "-at_install")
class TestGiveBack(AdoptCommon):
    """Before uninstalling the stages of before are usable again."""

    def test_opportunities_go_back(self):
        self.qualified.fold = True
        stays = self._make_lead(stage_id=self.qualified.id)
        moves = self._make_lead(stage_id=self.qualified.id)
        won = self._make_lead(stage_id=self.proposition.id, probability=30)
        lost = self._make_lead(stage_id=self.new.id)
        lost.action_set_lost()
        self._adopt(qualified=self.generate_interest)
        moves.stage_id = self.negotiate
        won.stage_id = self.sales_order
        born = self._make_lead(stage_id=self.present_products.id, probability=20)
        leads = stays | moves | won | lost | born
        before = leads.read(["won_status", "probability", "active", "date_closed"])
        self.env["crm.stage"]._end_method()
        self.assertEqual(
            leads.read(["won_status", "probability", "active", "date_closed"]), before
        )
        self.assertEqual(
            [lead.stage_id for lead in leads],
            [self.qualified, self.proposition, self.won, self.new, self.new],
        )
        self.assertEqual(self.env["crm.stage"].search([]), self.examples | self.method)
        self.assertEqual(self.examples.mapped("fold"), [False, True, False, False])

    def test_where_the_method_was_there_first_its_stages_stay(self):
        self.env["crm.stage"]._start_method()
        lead = self._make_lead(stage_id=self.negotiate.id)
        self.env["crm.stage"]._end_method()
        self.assertEqual(lead.stage_id, self.negotiate)
        self.assertEqual(self.env["crm.stage"].search([]), self.method | self.examples)
        self.assertEqual(self.examples.mapped("fold"), [False] * 4)

    def test_without_adoption_nothing_changes(self):
        lead = self._make_lead(stage_id=self.new.id)
        before = self.env["crm.stage"].search([]).read(["sequence", "fold"])
        self.env["crm.stage"]._end_method()
        self.assertEqual(lead.stage_id, self.new)
        self.assertEqual(
            self.env["crm.stage"].search([]).read(["sequence", "fold"]), before
        )
