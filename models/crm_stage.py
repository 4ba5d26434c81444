from odoo import SUPERUSER_ID, api, fields, models, tools
from odoo.exceptions import UserError
from odoo.tools import SQL

# Odoo's example stages -> the stages of the method in which their opportunities go on.
NATIVE_STAGES = {
    "crm.stage_lead1": "crm_gestion.stage_generate_interest",
    "crm.stage_lead2": "crm_gestion.stage_present_products",
    "crm.stage_lead3": "crm_gestion.stage_size_proposal",
    "crm.stage_lead4": "crm_gestion.stage_sales_order",
}


# What must be there to enter a stage -> whether an opportunity has it.
GATES = {
    "gate_contact": lambda lead: lead.partner_id,
    "gate_gestion": lambda lead: lead.gestion_ids or lead.source_gestion_id,
    "gate_origination": lambda lead: lead.origination_id,
    "gate_deadline": lambda lead: lead.date_deadline,
    "gate_amount": lambda lead: lead.expected_revenue > 0,
    "gate_lines": lambda lead: (
        lead.line_ids or any(order.state != "cancel" for order in lead.order_ids)
    ),
    "gate_order": lambda lead: any(order.state == "sale" for order in lead.order_ids),
}
# Key of the context that lets opportunities pass gates: see `CrmStage._waived_gates`.
BYPASS = "crm_gestion_bypass_gates"
# Open opportunities that get a new prediction at a time.
PREDICTION_BATCH = 5000


class Waived(frozenset):
    """Names of the gates that code lets opportunities pass on purpose: value of the
    context key ``crm_gestion_bypass_gates``. An object of this class cannot come from
    outside, so no client waives a gate, not even through code that runs as superuser.
    """


class CrmStage(models.Model):
    """Stages of the pipeline; the five of the method have ``is_method`` set.

    They arrive folded and after all others, which changes nothing on a pipeline in use.
    `_start_method` puts them first where there was nothing to change.

    The gates of a stage of the method say what must be there before an opportunity
    enters it. They hold for every move by a user or client while the method is
    enforced; what follows from a team, a conversion or a merge is not held up.
    """

    _inherit = "crm.stage"

    is_method = fields.Boolean(
        string="Stage of the Method",
        help="One of the stages of the sales method, from the first interest to the "
        "sales order.",
    )
    method_stage_id = fields.Many2one(
        comodel_name="crm.stage",
        string="Stage It Became",
        readonly=True,
        copy=False,
        ondelete="set null",
        help="The stage of the method in which its opportunities went on when the "
        "method was adopted.",
    )
    was_folded = fields.Boolean(
        string="Folded before the Method", readonly=True, copy=False
    )
    gate_contact = fields.Boolean(string="Contact")
    gate_gestion = fields.Boolean(
        string="Gestión", help="An interaction of the opportunity has been logged."
    )
    gate_origination = fields.Boolean(string="Origination")
    gate_deadline = fields.Boolean(string="Expected Closing Date")
    gate_amount = fields.Boolean(string="Expected Amount")
    gate_lines = fields.Boolean(string="Lines or a Quotation")
    gate_order = fields.Boolean(string="Confirmed Order")

    @api.model
    def _method_enforced(self):
        """:return: whether the company works by the method"""
        # sudo: one setting
        params = self.env["ir.config_parameter"].sudo()
        return params.get_param("crm_gestion.enforce_method") == "True"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        stages = super().create(vals_list)
        self.env.registry.clear_cache()  # of `_method_stage_ids`
        return stages

    def write(self, vals):
        res = super().write(vals)
        if vals.keys() & {"is_method", "is_won", "sequence"}:
            self.env.registry.clear_cache()  # as above
        return res

    def unlink(self):
        res = super().unlink()
        self.env.registry.clear_cache()  # as above
        return res

    # === GATES === #

    def _required_gates(self):
        """:return: list of the gates to enter this stage that nobody waived"""
        if not self.is_method or not self._method_enforced():
            return []
        waived = self._waived_gates()
        return [name for name in GATES if self[name] and name not in waived]

    @api.model
    def _waived_gates(self):
        """
        :return: set of the gates that need not be passed. Code waives them with
            `_waive_gates`; a director may send the key ``crm_gestion_bypass_gates`` in
            his context, for an import. Anybody else's key is ignored, whatever he calls
            and whether or not that runs as superuser.
        """
        value = self.env.context.get(BYPASS)
        if isinstance(value, Waived):
            return value
        if value and self.env.user.has_group("crm_gestion.group_sales_director"):
            return GATES.keys()
        return frozenset()

    @api.model
    def _waive_gates(self, leads, gates=tuple(GATES)):
        """:return: the same opportunities, which pass these gates wherever they go"""
        return leads.with_context(**{BYPASS: Waived(gates)})

    def _missing_gates(self, leads):
        """
        :return: dict opportunity -> list of the gates of this stage that it does not
            pass; only those that miss something
        """
        gates = self._required_gates()
        # sudo: a gestión or an order that a colleague made counts too; nothing of it
        # is shown
        missing = {
            lead: [name for name in gates if not GATES[name](lead.sudo())]
            for lead in (leads if gates else ())
        }
        return {lead: names for lead, names in missing.items() if names}

    def _check_gates(self, leads):
        """Refuse opportunities that miss something to be in this stage.

        :raise UserError: one, that lists everything missing
        """
        if missing := self._missing_gates(leads):
            raise UserError(
                "\n".join(
                    self.env._(
                        "“%(opportunity)s” cannot enter the stage “%(stage)s” yet. "
                        "Missing: %(missing)s.",
                        opportunity=lead.name,
                        stage=self.name,
                        missing=", ".join(self._gate_label(name) for name in names),
                    )
                    for lead, names in missing.items()
                )
            )

    @api.model
    def _check_moved(self, leads):
        """Check the gates of the stages in which opportunities are now: an automated
        rule may have moved some of them on."""
        for stage, moved in leads.grouped("stage_id").items():
            stage._check_gates(moved)

    @api.model
    def _check_created(self, leads):
        """Who creates opportunities in a stage of his choice, by an import, a copy or
        a default of his own, is held by its gates. Where Odoo puts a new one, there is
        none."""
        created = leads.filtered(lambda lead: lead.type == "opportunity")
        places = created.grouped(lambda lead: (lead.stage_id, lead.team_id))
        for (stage, __), group in places.items():
            if stage._required_gates() and stage not in self._first_stages(group):
                stage._check_gates(group)

    @api.model
    def _first_stages(self, leads):
        """
        :return: the stages in which new opportunities of one team may begin: the first
            one, and that which the administrator has chosen for everybody
        """
        common = self.env["ir.default"].with_user(SUPERUSER_ID)
        chosen = common._get_model_defaults("crm.lead").get("stage_id")
        first = leads._stage_find(domain=[("fold", "=", False)])
        return first | first.browse(chosen or ())

    @api.model
    def _moved_by(self, leads, vals):
        """
        :return: opportunities that these values take to another stage; an enquiry that
            becomes an opportunity is not held by gates
        """
        return leads.filtered(
            lambda lead: (
                vals.get("stage_id")
                and lead.type == "opportunity"
                and lead.stage_id.id != vals["stage_id"]
            )
        )

    @api.model
    def _with_stage_id(self, vals):
        """A client may send an id as text. Odoo stores that and takes the stage for
        empty, whereby nothing of ours would see it."""
        stage = vals.get("stage_id")
        is_other = stage and isinstance(stage, (str, float))
        return {**vals, "stage_id": int(stage)} if is_other else vals

    @api.model
    def _complete_won(self, vals):
        """What is created in a won stage is won, as Odoo computes it. An add-on that
        gives new opportunities a probability of its own would have it refused.

        :return: values that say so
        """
        is_won = vals.get("stage_id") in self._won_stage_ids()
        return {"probability": 100, **vals} if is_won else vals

    @api.model
    def _gate_label(self, name):
        return self._fields[name]._description_string(self.env).lower()

    @api.model
    def _method_stages(self):
        """:return: the stages of the method, in their order; each move asks"""
        return self.browse(self._method_stage_ids())

    @api.model
    @tools.ormcache()
    def _method_stage_ids(self):
        # sudo: read for everybody, so it must not depend on who asks first
        return self.sudo().search([("is_method", "=", True)])._ids

    @api.model
    @tools.ormcache()
    def _won_stage_ids(self):
        # sudo: as above
        return self.sudo().search([("is_won", "=", True)])._ids

    def _following(self, lead):
        """:return: the stage of the method after the one in which an opportunity is"""
        stages = lead._stage_find(domain=[("is_method", "=", True)], limit=None)
        if lead.stage_id not in stages:
            return stages[:1]
        return stages[stages.ids.index(lead.stage_id.id) + 1 :][:1]

    # === LIFE OF THE METHOD === #

    @api.model
    def _start_method(self):
        """The method from the first day: demo data of Odoo go on in its stages."""
        self.env["crm.method.adoption"]._adopt()

    @api.model
    def _place_last(self):
        """Keep ours behind every stage of the company, whatever its numbers."""
        method = self.search([("is_method", "=", True)])
        others = self.search([("is_method", "=", False)], order="sequence desc")
        start = max(others[:1].sequence, min(method.mapped("sequence")) - 1) + 1
        for sequence, stage in enumerate(method, start=start):
            stage.sequence = sequence

    @api.model
    def _rebuild_probabilities(self):
        """Odoo's predictions count from the first stage, and that is another one now.
        As Odoo's nightly job, but within this transaction and with the amounts that
        depend on the probability."""
        Lead = self.env["crm.lead"]
        Lead._rebuild_pls_frequency_table()
        pending = [("won_status", "=", "pending"), ("active", "=", True)]
        last = 0
        while leads := Lead.search(
            [*pending, ("id", ">", last)], order="id", limit=PREDICTION_BATCH
        ):
            last = leads[-1].id
            values, __ = leads._pls_get_naive_bayes_probabilities(batch_mode=True)
            self._update_predictions(values)
        Lead.invalidate_model()

    @api.model
    def _update_predictions(self, values):
        """Write predictions; a probability that was typed stays.

        :param dict values: id of a lead -> prediction
        """
        if not values:  # nothing was won or lost yet
            return
        self.env.cr.execute(
            SQL(
                """UPDATE crm_lead l
                      SET automated_probability = new.prediction,
                          probability = new.probability,
                          prorated_revenue =
                              round(l.expected_revenue * new.share, 2),
                          recurring_revenue_prorated =
                              round(l.recurring_revenue * new.share, 2),
                          recurring_revenue_monthly_prorated =
                              round(l.recurring_revenue_monthly * new.share, 2)
                     FROM (SELECT id, prediction, probability,
                                  probability::numeric / 100 AS share
                             FROM (SELECT old.id, value AS prediction,
                                          CASE WHEN round(
                                              (COALESCE(probability, 0)
                                               - COALESCE(automated_probability, 0)
                                              )::numeric, 2) = 0
                                          THEN value ELSE probability END AS probability
                                     FROM crm_lead old
                                     JOIN unnest(%s, %s::float8[]) predicted (id, value)
                                       ON predicted.id = old.id
                                    WHERE automated_probability
                                          IS DISTINCT FROM value) changed) new
                    WHERE l.id = new.id""",
                list(values),
                list(values.values()),
            )
        )

    @api.model
    def _end_method(self):
        """Before uninstalling: the stages of before are usable again."""
        self.env["crm.method.adoption"]._give_back()
