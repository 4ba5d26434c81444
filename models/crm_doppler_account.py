from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, str2bool

from ..tools.doppler.client import BASE_URL, Client
from ..tools.doppler.errors import (
    AuthenticationError,
    DopplerError,
    NotFoundError,
    RetryableError,
)
from .crm_doppler_mapping import SAMPLE

# What was tried out with other values has not been tried out with these.
CREDENTIALS = ("email", "api_key", "base_url")
# What an account there is: lists, tasks and people of another one are not its own.
IDENTITY = ("email", "base_url")


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
        string="Stored API Key",
        groups="base.group_system",
        copy=False,
        prefetch=False,
        exportable=False,
    )
    has_key = fields.Boolean(compute="_compute_has_key")
    new_key = fields.Char(
        string="API Key",
        compute="_compute_new_key",
        inverse="_inverse_new_key",
        groups="base.group_system",
        exportable=False,
        help="Is kept and not shown again. Leave it empty to keep the one there is.",
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

    @api.depends("api_key")
    def _compute_has_key(self):
        # sudo: tells whether there is a key, and not which
        for account in self.sudo():
            account.has_key = bool(account.api_key)

    def _compute_new_key(self):
        self.new_key = False

    def _inverse_new_key(self):
        """An input without anything in it keeps the key; what was typed is not sent
        back."""
        for account in self:
            if key := (account.new_key or "").strip():
                account.api_key = key
        self.invalidate_recordset(["new_key"])

    @api.depends("email", "company_id.name")
    @api.depends_context("allowed_company_ids")
    def _compute_display_name(self):
        several = len(self.env.companies) > 1
        for account in self:
            name = account.email
            if several and account.company_id:
                name = f"{name} ({account.company_id.name})"
            account.display_name = name

    # === CRUD METHODS === #

    def write(self, vals):
        """Other credentials have to be tried out; another account begins anew."""
        changed = self.browse()
        other = self.browse()
        for account in self.sudo():
            differing = [
                name
                for name in CREDENTIALS
                if name in vals
                and self._told(name, vals[name]) != self._told(name, account[name])
            ]
            if differing:
                changed |= account
            if set(differing) & set(IDENTITY):
                other |= account
        res = super().write(vals)
        if changed:
            super(CrmDopplerAccount, changed).write({"state": "new", "error": False})
        other._begin_anew()
        return res

    @staticmethod
    def _told(name, value):
        """:return: a credential in the form in which the service compares it"""
        text = (value or "").strip()
        return text.rstrip("/").casefold() if name in IDENTITY else text

    def _begin_anew(self):
        """Forget what was there at the account that it was until now: lists, people
        and what had been asked of it."""
        if not self:
            return
        # sudo: who may change the account gives up what hangs on it, and need not be
        # a director
        account = self.sudo().with_context(active_test=False)
        account.env["crm.doppler.job"].search(
            [("account_id", "in", self.ids), ("state", "=", "waiting")]
        )._end("cancelled", self.env._("The account was changed."))
        lists = account.list_ids
        account.env["crm.doppler.import"]._give_up(lists)
        lists.write({"ref": False, "state": "new"})
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE crm_doppler_member
                      SET is_there = FALSE, sent_hash = NULL, todo = NULL
                    WHERE list_id = ANY(%s)""",
                lists.ids,
            )
        )
        self.env["crm.doppler.member"].invalidate_model()
        self.write({"optouts_until": False, "deliveries_after": False})

    # === SERVICE === #

    @api.model
    def _is_neutralized(self):
        """:return: whether this database is a copy that asks nothing of any service"""
        # sudo: the parameters of the system are nobody's to read
        value = self.env["ir.config_parameter"].sudo()
        return str2bool(value.get_param("database.is_neutralized"), False)

    @api.model
    def _working(self):
        """:return: the accounts in whose name something may be asked"""
        if self._is_neutralized():
            return self.browse()
        return self.search([("state", "=", "connected")])

    def _client(self, clients=None):
        """
        :param dict clients: those made so far in a run, of which this one may be: a
            client keeps the time between two requests
        :return: `Client` of this account
        :raise UserError: where nothing may be asked of the service
        """
        self.ensure_one()
        if self.state == "stopped" and not self._is_neutralized():
            raise UserError(
                self.env._(
                    "The Doppler account has stopped: a system administrator has to "
                    "test its connection in the settings."
                )
            )
        return self._make_client({} if clients is None else clients)

    def _make_client(self, clients):
        if self._is_neutralized():
            raise UserError(
                self.env._(
                    "This database is a copy for tests: it asks nothing of Doppler."
                )
            )
        # sudo: the key goes into the requests and nowhere else
        account = self.sudo()
        if not account.api_key:
            raise UserError(
                self.env._("Give the API key of the Doppler account in the settings.")
            )
        values = (
            account.email,
            account.api_key,
            account.base_url,
            account.rate,
            account.origin or "",
        )
        if values not in clients:
            email, key, base_url, rate, origin = values
            clients[values] = Client(
                email, key, base_url=base_url, rate=rate, origin=origin
            )
        return clients[values]

    def _sentence(self, error):
        """
        :param error: exception of the client or of a step
        :return: what went wrong and what to do about it, for the user
        """
        if isinstance(error, AuthenticationError):
            if error.code.startswith("401"):
                return self.env._("Doppler does not accept the API key: check it.")
            if error.code == "403.1":
                return self.env._(
                    "The API key is of another Doppler account: check both."
                )
            return self.env._(
                "The API key may not do this at Doppler: %s", error.detail
            )
        if isinstance(error, RetryableError):
            return self._sentence_for_now(error)
        if isinstance(error, NotFoundError):
            return self.env._("It is not there at Doppler any more: %s", error.detail)
        if isinstance(error, DopplerError):
            return self._sentence_for_good(error)
        if isinstance(error, UserError):
            return str(error)
        return self.env._(
            "It failed because of an error of the system, which is in its log."
        )

    def _sentence_for_good(self, error):
        """What would be refused again."""
        if not error.code:
            return self.env._("The address of the service cannot be used: check it.")
        if error.code in ("404", "404.0"):
            return self.env._(
                "Doppler is not at this address: check the address of the service."
            )
        details = [": ".join(map(str, pair)) for pair in error.errors]
        return self.env._("Doppler refused it: %s", ", ".join(details) or error.detail)

    def _sentence_for_now(self, error):
        """What may get better by itself."""
        if error.code.startswith("429"):
            return self.env._("Doppler asks for fewer requests: it goes on later.")
        if error.code.startswith(("2", "3")):
            return self.env._(
                "What answered is not Doppler (%s): check the address of the service.",
                error.code,
            )
        if error.code:
            return self.env._(
                "Doppler has a problem of its own (%s): try again later.", error.code
            )
        return self.env._(
            "Doppler did not answer: check the address of the service, or try again "
            "later."
        )

    def _stop(self, error):
        """Ask nothing more until somebody has tried the account out. Its responsible
        is told, once: of an account that has stopped already nobody hears again.

        :param error: why, exception of the client
        """
        self.ensure_one()
        if self.state == "stopped":
            return
        # sudo: whoever meets the refusal stops the account
        self.sudo().write({"state": "stopped", "error": self._sentence(error)})
        for user in self._responsible():
            self._tell_stopped(user, error)

    def _responsible(self):
        """:return: who is told that this account stopped: its responsible, and where he
        is archived, the system administrators of its company"""
        # sudo: whose business it is, whoever meets the refusal
        account = self.sudo()
        if account.user_id.active:
            return account.user_id
        administrators = account.env.ref("base.group_system").all_user_ids
        return administrators.filtered(
            lambda user: (
                user.active
                and not user.share
                and account.company_id in user.company_ids
            )
        )

    def _tell_stopped(self, user, error):
        account = self.with_context(lang=user.lang or self.env.lang)
        env = account.env
        body = Markup("<p>%s</p><p>%s</p>") % (
            account._sentence(error),
            env._(
                "Nothing is sent or fetched until its connection is tested again in "
                "the settings of CRM. What waits in the queue is kept."
            ),
        )
        # sudo: a message of the system
        env["mail.thread"].sudo().message_notify(
            partner_ids=user.partner_id.ids,
            subject=env._("The Doppler account has stopped: %s", self.email),
            body=body,
            force_send=False,
        )

    # === FIELDS === #

    def _load_fields(self, client):
        """Bring the fields that the account has up to date; the first time, fill those
        of names and countries."""
        self.ensure_one()
        first = not self.field_ids
        # sudo: nobody writes them but what the service tells
        self.env["crm.doppler.field"].sudo()._store(self, client.fields())
        self.invalidate_recordset(["field_ids"])
        if first and not self.mapping_ids:
            self.env["crm.doppler.mapping"]._create_default(self)

    def _payload(self, partners):
        """
        :return: dict of contact -> dict of field of Doppler -> text in its format;
            what is empty or does not fit is left out
        """
        self.ensure_one()
        return self.mapping_ids._values(partners)

    # === ACTIONS === #

    def action_test(self):
        """Try the account out: whether key and account belong together, and which
        fields it has. It works from then on, and what waited begins again.

        :return: action that tells the result
        """
        self.ensure_one()
        self.check_access("write")
        if not self.try_lock_for_update(allow_referencing=True):
            raise UserError(
                self.env._("Doppler is being asked just now: try again in a minute.")
            )
        try:
            client = self._make_client({})
            client.check()
            with self.env.cr.savepoint():
                self._load_fields(client)
        except DopplerError as error:
            return self._tell_failure(error)
        was = self.state
        self.write({"state": "connected", "error": False})
        if was != "connected":
            # sudo: a system administrator, see above
            self.env["crm.doppler.job"].sudo().search(
                [("account_id", "=", self.id), ("state", "=", "waiting")]
            )._restart()
        return self._message_action(
            "success",
            self.env._(
                "The connection with Doppler works: %s fields.", len(self.field_ids)
            ),
        )

    def action_try_mapping(self):
        """Look at what the latest contacts would be sent as.

        :return: action that tells how many values do not fit, and why
        """
        self.ensure_one()
        self.check_access("read")
        partners = self.env["res.partner"].search(
            [("email_normalized", "!=", False)], order="id desc", limit=SAMPLE
        )
        misfits = self.mapping_ids._count_misfits(partners)
        if not misfits:
            return self._message_action(
                "success",
                self.env._("All values of %s contacts can be sent.", len(partners)),
            )
        lines = [
            f"{mapping.field_id.name}: {number} ({reason})"
            for (mapping, reason), number in misfits.most_common()
        ]
        return self._message_action(
            "warning",
            self.env._(
                "Values of %(number)s contacts that are left out: %(fields)s",
                number=len(partners),
                fields=", ".join(lines),
            ),
        )

    def _tell_failure(self, error):
        if self.state != "connected":
            self.error = self._sentence(error)
        elif isinstance(error, AuthenticationError):
            self._stop(error)
        return self._message_action("danger", self._sentence(error))

    @api.model
    def _message_action(self, kind, message):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": kind,
                "message": message,
                "sticky": kind != "success",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
