from odoo import api, fields, models

from ..tools.doppler.client import BASE_URL


class CrmDopplerAccount(models.Model):
    """Account of a company at the e-mail marketing service Doppler.

    *Lifecycle.* A system administrator sets it up in the settings and tries it out.
    It works while its state is *connected*; when the service refuses key or account it
    *stops*, its responsible is told once, and nothing is asked of the service until
    somebody has tried it out again.

    *Invariants.* One for each company. Only system administrators read the key, which
    goes into requests and nowhere else. A copy of a database (neutralized) asks nothing
    of any service. One worker at a time asks in the name of an account: it holds the
    lock of this row for one step, see ``crm.doppler.job``.
    """

    _name = "crm.doppler.account"
    _description = "Doppler Account"
    _order = "company_id, id"
    _rec_name = "email"

    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
    )
    email = fields.Char(string="Account", required=True)
    api_key = fields.Char(
        string="API Key", groups="base.group_system", copy=False, prefetch=False
    )
    base_url = fields.Char(
        string="Address of the Service", required=True, default=BASE_URL
    )
    is_test = fields.Boolean(
        string="Test Mode",
        compute="_compute_is_test",
        help="It does not talk to the service itself, but to another address.",
    )
    state = fields.Selection(
        selection=[
            ("new", "Not Tried Out"),
            ("connected", "Connected"),
            ("stopped", "Stopped"),
        ],
        required=True,
        default="new",
        readonly=True,
        copy=False,
    )
    error = fields.Char(string="Why It Stopped", readonly=True, copy=False)
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Responsible",
        required=True,
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        ondelete="restrict",
        help="Is told when the account stops.",
    )
    require_consent = fields.Boolean(
        string="Only with Consent",
        default=True,
        help="Only contacts whose consent is on record are sent to Doppler.",
    )
    click_activity = fields.Boolean(
        string="Calls for Clicks",
        help="Who clicks in a campaign becomes a call for his salesperson.",
    )
    name_rule = fields.Selection(
        selection=[
            ("none", "By hand"),
            ("same", "Same name"),
            ("starts", "Its name begins with the campaign's"),
        ],
        string="Links to Campaigns",
        required=True,
        default="same",
        help="Which campaign of Odoo a campaign of Doppler belongs to.",
    )
    rate = fields.Float(string="Requests per Second", required=True, default=2.0)
    batch_size = fields.Integer(string="People per Import", required=True, default=500)
    delivery_budget = fields.Integer(
        string="Recipients Asked per Run", required=True, default=200
    )
    removal_limit = fields.Integer(
        string="Most Removals (%)",
        required=True,
        default=20,
        help="When more of a list would leave it at once, somebody has to agree.",
    )
    origin = fields.Char(
        help="Who adds people, as Doppler calls it; empty where it gave you no name.",
    )
    optouts_until = fields.Datetime(
        string="Opt-outs Known until", readonly=True, copy=False
    )
    deliveries_after = fields.Char(
        readonly=True,
        copy=False,
        help="Address that the round of recipients came to; empty at its beginning.",
    )
    field_ids = fields.One2many("crm.doppler.field", "account_id", copy=False)
    mapping_ids = fields.One2many("crm.doppler.mapping", "account_id", copy=False)
    list_ids = fields.One2many("crm.doppler.list", "account_id", copy=False)

    _company_unique = models.UniqueIndex(
        "(company_id)", "This company has a Doppler account already."
    )
    _sizes_positive = models.Constraint(
        "CHECK (rate > 0 AND batch_size BETWEEN 1 AND 5000 AND delivery_budget >= 0 "
        "AND removal_limit BETWEEN 0 AND 100)",
        "Give a rate above 0, 1 to 5000 people per import and a limit of removals "
        "between 0 and 100.",
    )

    # === COMPUTE METHODS === #

    @api.depends("base_url")
    def _compute_is_test(self):
        for account in self:
            account.is_test = (account.base_url or "").rstrip("/") != BASE_URL
