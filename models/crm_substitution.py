from odoo import api, fields, models


class CrmSubstitution(models.Model):
    """Temporary cover of an absent seller: in these days, and not one day more, the
    substitute sees and works what the absent seller owns. No owner changes, so nothing
    has to be given back. One row for each substitute; overlaps are allowed, and cover
    is not passed on: who covers somebody does not see what that one covers himself.
    """

    _name = "crm.substitution"
    _description = "Substitution"
    _order = "date_from desc, id desc"
    _rec_name = "user_id"

    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Absent Seller",
        required=True,
        index=True,
        ondelete="cascade",
        default=lambda self: self.env.user,
    )
    substitute_id = fields.Many2one(
        comodel_name="res.users", required=True, index=True, ondelete="cascade"
    )
    date_from = fields.Date(
        string="From", required=True, default=fields.Date.context_today
    )
    date_to = fields.Date(string="To", required=True)
    reason = fields.Char()

    _dates = models.Constraint(
        "CHECK(date_from <= date_to)",
        "The substitution ends before it begins: change one of the dates.",
    )
    _someone_else = models.Constraint(
        "CHECK(user_id <> substitute_id)",
        "Nobody covers himself: choose another substitute.",
    )

    @api.model
    def _covered(self, users):
        """Whom these users cover today, by the calendar of each of them: the time zone
        of his preferences, not the one that a client sends.

        :return: dict user -> set of ids of absent ``res.users``
        """
        covered = {user: set() for user in users}
        today = {
            user: fields.Date.context_today(self.with_context(tz=user.tz or "UTC"))
            for user in users
        }
        if not today:
            return covered
        # sudo: who covers whom is no secret, and a rule must not depend on what else
        # its reader may open
        rows = self.sudo().search(
            [
                ("substitute_id", "in", users.ids),
                ("date_from", "<=", max(today.values())),
                ("date_to", ">=", min(today.values())),
            ]
        )
        for row in rows:
            user = row.substitute_id.with_env(users.env)
            if row.date_from <= today[user] <= row.date_to:
                covered[user].add(row.user_id.id)
        return covered
