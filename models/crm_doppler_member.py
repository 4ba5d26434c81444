from odoo import api, fields, models

# Why somebody of a segment is not sent, in the order in which it is looked at.
REASONS = [
    ("no_email", "No e-mail"),
    ("invalid", "Not a valid address"),
    ("opted_out", "Wants no mailing"),
    ("blacklisted", "On Odoo's blacklist"),
    ("left_doppler", "Opted out at Doppler"),
    ("bounced", "His address bounces"),
    ("role", "Address that Doppler does not take"),
    ("no_consent", "No consent on record"),
    ("duplicate", "Another contact has this address"),
    ("refused", "Refused by Doppler"),
]


class CrmDopplerMember(models.Model):
    """Somebody of a list of Doppler, or of its segment: whether he is on it, what is to
    be done with him, and why he is left out.

    *Lifecycle.* Comparing (``crm.doppler.plan``) writes who is in the segment and what
    is to be done; pushing does it and notes what came of it. Who is neither in the
    segment nor on the list any more has no row.

    *Invariants.* One row for each list and address; a contact whose address another one
    has, or who has none that can be used, has a row without address. ``sent_hash``
    tells what Doppler has of him: he is sent again when what he would be sent as
    (``hash``) differs. Nobody with a ``reason`` is ever sent.
    """

    _name = "crm.doppler.member"
    _description = "Member of a Doppler List"
    _order = "list_id, id"
    _rec_name = "partner_id"

    list_id = fields.Many2one(
        comodel_name="crm.doppler.list",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="list_id.company_id", store=True, index="btree_not_null"
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Contact",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Empty where he was deleted: his address then leaves the list.",
    )
    email = fields.Char(
        string="Address", readonly=True, help="As it is or was at Doppler."
    )
    is_there = fields.Boolean(
        string="On the List", readonly=True, help="As far as Doppler told us."
    )
    todo = fields.Selection(
        selection=[("add", "Add"), ("update", "Update"), ("remove", "Remove")],
        string="To Do",
        readonly=True,
    )
    reason = fields.Selection(
        selection=REASONS, string="Left out Because", readonly=True
    )
    hash = fields.Char(readonly=True)
    sent_hash = fields.Char(readonly=True)
    round = fields.Integer(readonly=True)
    import_id = fields.Many2one(
        comodel_name="crm.doppler.import",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Which is under way with him.",
    )
    error = fields.Char(
        readonly=True, help="What Doppler said of him when he was last sent."
    )
    sent_date = fields.Datetime(readonly=True)

    _email_unique = models.UniqueIndex(
        "(list_id, email) WHERE email IS NOT NULL",
        "This address is on the list already.",
    )
    _todo_idx = models.Index("(list_id, todo, id) WHERE todo IS NOT NULL")
    _round_idx = models.Index("(list_id, round)")
    _email_idx = models.Index("(email) WHERE email IS NOT NULL")

    # === COMPUTE METHODS === #

    @api.depends("partner_id", "email")
    def _compute_display_name(self):
        for member in self:
            member.display_name = member.partner_id.display_name or member.email

    # === ACTION METHODS === #

    def action_open_partner(self):
        """Open the contact."""
        self.ensure_one()
        if not self.partner_id:
            return False  # he was deleted
        return self.partner_id.get_formview_action()

    def action_try_again(self):
        """Whom Doppler refused, and whose address bounced in Odoo, is looked at anew by
        the next push."""
        self.list_id.check_access("write")
        # sudo: checked above; rows are ours to write
        members = self.sudo()
        bounced = members.filtered(lambda m: m.reason == "bounced")
        bounced.partner_id.message_bounce = 0
        refused = members.filtered(lambda m: m.reason == "refused")
        refused.write({"reason": False, "error": False})
        for is_there, again in refused.grouped("is_there").items():
            again.todo = "update" if is_there else "add"
