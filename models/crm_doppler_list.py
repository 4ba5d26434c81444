from odoo import fields, models


class CrmDopplerList(models.Model):
    """A segment of contacts that is kept as a list of subscribers at Doppler.

    *Lifecycle.* It is bound to a list that is there or to be made. Comparing it with
    the segment plans what is to be done with each contact (``crm.doppler.member``) and
    tells nobody but Odoo; pushing carries the plan out. Both are jobs of the queue. A
    list that was deleted at Doppler is *missing*: nothing is pushed until somebody
    binds it anew.

    *Invariants.* One binding for each list of an account. Never two pushes of a list at
    a time. What is not in the segment any more leaves the list and stays in the
    account. Opting people in again is no business of ours, and opting out is Doppler's.
    """

    _name = "crm.doppler.list"
    _description = "Doppler List"
    _order = "name, id"
    _check_company_auto = True

    account_id = fields.Many2one(
        comodel_name="crm.doppler.account",
        required=True,
        default=lambda self: self.env["crm.doppler.account"].search(
            [("company_id", "=", self.env.company.id)], limit=1
        ),
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="account_id.company_id", store=True)
    name = fields.Char(required=True, help="Of the list at Doppler.")
    active = fields.Boolean(default=True)
    segment_id = fields.Many2one(
        comodel_name="crm.segment",
        required=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    ref = fields.Char(
        string="Number at Doppler",
        readonly=True,
        copy=False,
        help="Empty until it has been made there.",
    )
    state = fields.Selection(
        selection=[("new", "New"), ("bound", "Bound"), ("missing", "Missing")],
        required=True,
        default="new",
        readonly=True,
        copy=False,
    )
    policy = fields.Selection(
        selection=[
            ("mirror", "Who leaves the segment leaves the list"),
            ("add", "Nobody is taken out"),
        ],
        required=True,
        default="mirror",
    )
    is_automatic = fields.Boolean(string="Push Every Night")
    round = fields.Integer(
        readonly=True, copy=False, help="Comparison that members are of."
    )
    compared_date = fields.Datetime(string="Compared on", readonly=True, copy=False)
    pushed_date = fields.Datetime(string="Pushed on", readonly=True, copy=False)
    is_removal_agreed = fields.Boolean(
        string="Many May Leave",
        readonly=True,
        copy=False,
        help="Somebody agreed to the removals of the last comparison.",
    )
    member_ids = fields.One2many("crm.doppler.member", "list_id", copy=False)

    _ref_unique = models.UniqueIndex(
        "(account_id, ref) WHERE ref IS NOT NULL",
        "This list of Doppler is bound to a segment already.",
    )
