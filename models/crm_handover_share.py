from odoo import api, fields, models
from odoo.tools import SQL


class CrmHandoverShare(models.Model):
    """The part of a portfolio that one of several successors gets: by market with those
    below it, by team, by state of the account. What is left empty does not matter. The
    first share that matches wins; what matches none goes to the main successor.
    """

    _name = "crm.handover.share"
    _description = "Share of a Hand-over"
    _order = "sequence, id"

    handover_id = fields.Many2one(
        comodel_name="crm.handover",
        required=True,
        index=True,
        ondelete="cascade",
    )
    sequence = fields.Integer(default=10)
    successor_id = fields.Many2one(
        comodel_name="res.users",
        required=True,
        ondelete="restrict",
    )
    market_ids = fields.Many2many(comodel_name="crm.market", string="Markets")
    team_ids = fields.Many2many(comodel_name="crm.team", string="Sales Teams")
    state_ids = fields.Many2many(comodel_name="res.country.state", string="States")

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        shares = super().create(vals_list)
        shares.handover_id._change_split()
        return shares

    def write(self, vals):
        handovers = self.handover_id
        res = super().write(vals)
        (handovers | self.handover_id)._change_split()
        return res

    def unlink(self):
        handovers = self.handover_id
        res = super().unlink()
        handovers._change_split()
        return res

    # === BUSINESS METHODS === #

    def _match(self, table):
        """
        :param table: where the lines are
        :return: SQL condition of the ``line`` that this share gets; an account is of
            the teams that have an open opportunity with it
        """
        self.ensure_one()
        conditions = [SQL("TRUE")]
        if self.market_ids:
            markets = self.market_ids.with_context(active_test=False)
            markets = markets.search([("id", "child_of", self.market_ids.ids)])
            conditions.append(SQL("line.market_id = ANY(%s)", markets.ids))
        if self.state_ids:
            conditions.append(
                SQL("line.country_state_id = ANY(%s)", self.state_ids.ids)
            )
        if self.team_ids:
            conditions.append(
                SQL(
                    """(line.team_id = ANY(%(teams)s)
                        OR line.res_model = 'res.partner' AND line.res_id IN (
                           SELECT lead.account_id FROM %(table)s lead
                            WHERE lead.handover_id = %(handover)s
                              AND lead.team_id = ANY(%(teams)s)))""",
                    table=table,
                    handover=self.handover_id.id,
                    teams=self.team_ids.ids,
                )
            )
        return SQL(" AND ").join(conditions)
