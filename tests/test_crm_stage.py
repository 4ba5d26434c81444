from odoo.tests import tagged

from .common import CrmGestionCommon


class StageCommon(CrmGestionCommon):
    """Stages as they are when the data of the add-on have just been loaded: the
    company's own ones first, ours behind them and folded."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.method = (
            cls.generate_interest
            | cls.present_products
            | cls.size_proposal
            | cls.negotiate
            | cls.sales_order
        )
        cls.env["crm.stage"].search([("is_method", "=", False)]).unlink()
        cls.new, cls.qualified, cls.proposition, cls.won = cls.env["crm.stage"].create(
            [
                {"name": "New", "sequence": 1},
                {"name": "Qualified", "sequence": 2},
                {"name": "Proposition", "sequence": 3},
                {"name": "Won", "sequence": 70, "is_won": True},
            ]
        )
        cls.examples = cls.new | cls.qualified | cls.proposition | cls.won
        cls.env["ir.model.data"]._update_xmlids(
            [
                {"xml_id": f"crm.stage_lead{number}", "record": stage, "noupdate": True}
                for number, stage in enumerate(cls.examples, start=1)
            ]
        )
        cls.method.write({"fold": True})
        for sequence, stage in enumerate(cls.method, start=1001):
            stage.sequence = sequence

    @classmethod
    def _make_history(cls):
        """Three were won, one was lost: Odoo predicts 3.1 / 4.2 before the stage of the
        lost one, and adds 0.1 to every count."""
        cls.env["ir.config_parameter"].set_param("crm.pls_start_date", "2000-01-01")
        for __ in range(3):
            cls._make_lead(stage_id=cls.won.id)
        cls._make_lead(stage_id=cls.proposition.id).action_set_lost()
        cls.env["crm.lead"]._rebuild_pls_frequency_table()


@tagged("post_install", "-at_install")
class TestStartMethod(StageCommon):
    """On an empty pipeline the method comes first."""

    def test_stages_of_the_method_come_first_and_unfolded(self):
        own = self.env["crm.stage"].create({"name": "Frozen", "sequence": 0})
        self.env["crm.stage"]._start_method()
        stages = self.env["crm.stage"].search([])
        self.assertEqual(
            stages,
            self.method | own | self.examples,
        )
        self.assertEqual(stages.mapped("fold"), [False] * 5 + [True] * 5)
        self.assertEqual(len(set(stages.mapped("sequence"))), 10)

    def test_new_opportunities_begin_in_the_first_stage(self):
        self.assertEqual(self._make_lead().stage_id, self.new)
        self.env["crm.stage"]._start_method()
        lead = self.env["crm.lead"].with_user(self.seller).create({"name": "A sale"})
        self.assertEqual(lead.stage_id, self.generate_interest)

    def test_won_button_takes_to_the_last_stage_of_the_method(self):
        self.env["crm.stage"]._start_method()
        lead = self._make_lead().with_user(self.seller)
        lead.action_set_won()
        self.assertEqual(lead.stage_id, self.sales_order)

    def test_what_is_in_the_example_stages_goes_on_in_ours(self):
        examples = {
            self.new: self.generate_interest,
            self.qualified: self.present_products,
            self.proposition: self.size_proposal,
            self.won: self.sales_order,
        }
        leads = self.env["crm.lead"].browse(
            [self._make_lead(stage_id=stage.id).id for stage in examples]
        )
        lost = self._make_lead(stage_id=self.proposition.id)
        lost.action_set_lost()
        (leads | lost).invalidate_recordset()
        self.env["crm.stage"]._start_method()
        self.assertEqual(list(leads.mapped("stage_id")), list(examples.values()))
        self.assertEqual(
            leads.mapped("won_status"), ["pending", "pending", "pending", "won"]
        )
        self.assertRecordValues(
            lost,
            [
                {
                    "stage_id": self.size_proposal.id,
                    "won_status": "lost",
                    "active": False,
                }
            ],
        )

    def test_predictions_count_from_the_first_stage_of_the_method(self):
        self._make_history()
        automatic = self._make_lead(stage_id=self.new.id)
        typed = self._make_lead(stage_id=self.qualified.id, probability=40.0)
        self.assertEqual(automatic.probability, 73.81)
        self.env["crm.stage"]._start_method()
        new = self._make_lead()
        self.assertRecordValues(
            automatic | typed | new,
            [
                {"stage_id": self.generate_interest.id, "probability": 73.81},
                {"stage_id": self.present_products.id, "probability": 40.0},
                {"stage_id": self.generate_interest.id, "probability": 73.81},
            ],
        )

    def test_deleted_example_stages_are_not_missed(self):
        (self.qualified | self.won).unlink()
        self.env["crm.stage"]._start_method()
        self.assertEqual(
            self.env["crm.stage"].search([]), self.method | self.new | self.proposition
        )

    def test_starting_again_changes_nothing(self):
        self.env["crm.stage"]._start_method()
        before = self.env["crm.stage"].search([]).read(["sequence", "fold"])
        self.env["crm.stage"]._start_method()
        self.assertEqual(
            self.env["crm.stage"].search([]).read(["sequence", "fold"]), before
        )


@tagged("post_install", "-at_install")
class TestPlaceLast(StageCommon):
    """On a pipeline in use nothing changes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._enforce(False)
        cls._make_history()
        cls.automatic = cls._make_lead(stage_id=cls.qualified.id)
        cls.typed = cls._make_lead(stage_id=cls.new.id, probability=40.0)

    def test_ours_stay_behind_every_stage_of_the_company(self):
        last = self.env["crm.stage"].create({"name": "Frozen", "sequence": 5000})
        self.env["crm.stage"]._place_last()
        self.assertEqual(
            self.env["crm.stage"].search([]),
            self.examples | last | self.method,
        )
        self.assertEqual(self.method.mapped("sequence"), [5001, 5002, 5003, 5004, 5005])
        self.assertEqual(self.method.mapped("fold"), [True] * 5)
        self.assertRecordValues(
            self.examples | last,
            [
                {"sequence": 1, "fold": False},
                {"sequence": 2, "fold": False},
                {"sequence": 3, "fold": False},
                {"sequence": 70, "fold": False},
                {"sequence": 5000, "fold": False},
            ],
        )

    def test_ours_stay_where_they_are_when_they_are_last(self):
        self.env["crm.stage"]._place_last()
        self.assertEqual(self.method.mapped("sequence"), [1001, 1002, 1003, 1004, 1005])

    def test_order_is_kept_where_the_last_stage_has_our_number(self):
        self.won.sequence = 1001
        self.env["crm.stage"]._place_last()
        self.assertEqual(
            self.env["crm.stage"].search([]),
            self.examples | self.method,
        )

    def test_predictions_and_typed_probabilities_stay(self):
        self.env["crm.stage"].create({"name": "Frozen", "sequence": 5000})
        self.assertEqual(self.automatic.probability, 73.81)
        self.env["crm.stage"]._place_last()
        (self.automatic | self.typed)._compute_probabilities()
        self.assertRecordValues(
            self.automatic | self.typed,
            [
                {"probability": 73.81, "is_automated_probability": True},
                {"probability": 40.0, "is_automated_probability": False},
            ],
        )
        later = self._make_lead(stage_id=self.qualified.id)
        self.assertEqual(later.probability, 73.81)

    def test_default_stage_and_won_stage_stay(self):
        self.env["crm.stage"]._place_last()
        lead = self.env["crm.lead"].with_user(self.native).create({"name": "A sale"})
        self.assertEqual(lead.stage_id, self.new)
        lead.action_set_won()
        self.assertEqual(lead.stage_id, self.won)
