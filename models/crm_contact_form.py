import re

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import is_html_empty, plaintext2html

from ..tools.contact_form import cleaned, plain

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_SLUG = 80
# A field that nobody sees: who fills it is a robot.
TRAP = "homepage"


class CrmContactForm(models.Model):
    """A public page on which anybody may leave his data and ask to be called: at its
    own address, with its own origination, team and campaign. What is sent makes an
    opportunity, never a contact, and changes none.

    *Off* until it is published, which takes words that who sends it must agree to.

    *Invariants.* `_submit` is the only way in. What comes is plain text and nothing
    else, whoever sends it; `crm.contact.form.guard` says how often and how fast.
    """

    _name = "crm.contact.form"
    _description = "Public Contact Form"
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(string="Title", required=True, translate=True)
    slug = fields.Char(
        string="Address",
        compute="_compute_slug",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        copy=False,
        help="Last part of the page's address: small letters, digits and hyphens.",
    )
    url = fields.Char(string="Link", compute="_compute_url")
    is_published = fields.Boolean(string="Published", copy=False)
    active = fields.Boolean(default=True)
    introduction = fields.Html(translate=True)
    thanks = fields.Html(translate=True)
    privacy_text = fields.Html(
        translate=True,
        default=lambda self: self._default_privacy_text(),
        help="What who sends the form must agree to.",
    )
    consent_text = fields.Char(
        translate=True,
        help="What he may agree to besides: to get mailings. Not asked if empty.",
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        default=lambda self: self.env.company,
        index=True,
        ondelete="cascade",
    )
    origination_id = fields.Many2one(
        comodel_name="crm.origination",
        required=True,
        default=lambda self: self.env.ref(
            "crm_gestion.origination_website", raise_if_not_found=False
        ),
        ondelete="restrict",
    )
    campaign_id = fields.Many2one(comodel_name="utm.campaign", ondelete="set null")
    team_id = fields.Many2one(
        comodel_name="crm.team",
        string="Sales Team",
        check_company=True,
        ondelete="set null",
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Salesperson",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        check_company=True,
        ondelete="set null",
        help="Who gets the opportunities; empty to leave them to the team.",
    )
    sent_count = fields.Integer(string="Times Sent", readonly=True, copy=False)
    lead_count = fields.Integer(string="Opportunities", compute="_compute_lead_count")

    _slug_unique = models.UniqueIndex(
        "(lower(slug))", "Another form has this address: choose another one."
    )

    @api.model
    def _default_privacy_text(self):
        return self.env._(
            "I agree that my data are kept to answer me, and know that I may ask to "
            "have them deleted."
        )

    # === COMPUTE METHODS === #

    @api.depends("name")
    def _compute_slug(self):
        """An address that is known to customers does not follow the title."""
        for form in self:
            if not form.slug:
                text = self.env["ir.http"]._slugify(form.name or "")
                form.slug = text[:LONGEST_SLUG].strip("-")

    @api.depends("slug")
    def _compute_url(self):
        for form in self:
            form.url = f"{form.get_base_url()}/contact/{form.slug or ''}"

    def _compute_lead_count(self):
        rows = self.env["crm.contact.form.entry"]._read_group(
            [("form_id", "in", self.ids)], ["form_id"], ["lead_id:count_distinct"]
        )
        counts = {form.id: count for form, count in rows}
        for form in self:
            form.lead_count = counts.get(form.id, 0)

    # === CONSTRAINTS === #

    @api.constrains("slug")
    def _check_slug(self):
        for form in self:
            if len(form.slug) > LONGEST_SLUG or not SLUG.fullmatch(form.slug):
                raise ValidationError(
                    self.env._(
                        "%s is no address of a page: "
                        "use small letters, digits and hyphens.",
                        form.slug,
                    )
                )

    @api.constrains("is_published", "privacy_text")
    def _check_privacy_text(self):
        if any(form.is_published and is_html_empty(form.privacy_text) for form in self):
            raise ValidationError(
                self.env._(
                    "Write first what who sends the form must agree to: "
                    "without that it is not published."
                )
            )

    # === CRUD METHODS === #

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for form, vals in zip(self, vals_list, strict=True):
            if "name" not in (default or {}):
                vals["name"] = self.env._("%s (copy)", form.name)
        return vals_list

    # === BUSINESS METHODS === #

    @api.model
    def _published(self, slug):
        """
        :param str slug: last part of an address, as somebody typed it
        :return: the form as superuser, empty where nobody may see one
        """
        # sudo: nobody outside reads forms; what is published is for everybody
        return self.sudo().search(
            [("slug", "=", plain(slug).lower()), ("is_published", "=", True)], limit=1
        )

    def _submit(self, values, client):
        """Make an opportunity of what somebody typed, once.

        :param values: dict of whatever a browser, or something else, sent
        :param client: address of its computer
        :return: pair of what became of it and a list of problems, as `cleaned` tells
            them: ``done`` (which robots are told too), ``wrong`` with problems, or
            ``flood``
        """
        self.ensure_one()
        if values.get(TRAP):
            return "done", []
        guard = self.env["crm.contact.form.guard"]
        key, problems = guard._read(self, values.get("token"))
        texts, wrong = cleaned(values)
        if not values.get("privacy"):
            wrong.append(("privacy", "missing"))
        if wrong or problems:
            return "wrong", [*wrong, *problems]
        place = guard._place(client)
        guard._queue(self)
        if self.env["crm.contact.form.entry"]._is_known(key):
            return "done", []
        if guard._is_flood(self, place):
            return "flood", []
        self._count_one()
        self._take(texts, bool(values.get("mailings")), key, place)
        return "done", []

    def _count_one(self):
        self.sent_count += 1

    def _take(self, texts, wants_mailings, key, place):
        """Make the opportunity, in superuser mode and in Odoo's own name: the
        visitor is no user, and none of ours typed it."""
        # as superuser: a visitor may read and write nothing at all; what is made is of
        # plain texts, belongs to the form's company and is shown to nobody outside
        env = self.with_user(SUPERUSER_ID).with_company(self.company_id).env
        lang = self.user_id.lang or self.company_id.partner_id.lang
        env = env(
            context={
                **env.context,
                "lang": lang or "en_US",
                "mail_create_nosubscribe": True,
            }
        )
        lead = env["crm.lead"].create(self.with_env(env)._prepare_lead_vals(texts))
        env["crm.contact.form.entry"]._record(
            self, lead, texts["email"], wants_mailings, key, place
        )
        self.with_env(env)._plan_answer(lead)
        return lead

    def _prepare_lead_vals(self, texts):
        self.ensure_one()
        lang = self.env["res.lang"]._get_data(code=self.env.lang)
        return {
            "type": "opportunity",
            "name": f"{self.name}: {texts['organization'] or texts['name']}",
            "contact_name": texts["name"],
            "partner_name": texts["organization"],
            "email_from": texts["email"],
            "phone": texts["phone"],
            "city": texts["city"],
            "description": plaintext2html(texts["message"]),
            "partner_id": False,
            "user_id": self.user_id.id,
            "company_id": self.company_id.id,
            "origination_id": self.origination_id.id,
            "campaign_id": self.campaign_id.id,
            "lang_id": lang.id,
            **({"team_id": self.team_id.id} if self.team_id else {}),
        }

    def _plan_answer(self, lead):
        """Who has the opportunity, else who leads its team, is to answer today."""
        user = lead.user_id or lead.team_id.user_id
        if not user or not lead.with_user(user).has_access("read"):
            return
        kind = "call" if lead.phone else "email"
        lead.with_context(
            mail_activity_quick_update=bool(lead.user_id)
        ).activity_schedule(
            f"mail.mail_activity_data_{kind}",
            summary=self.env._("Answer what came by the contact form"),
            user_id=user.id,
        )

    # === ACTION METHODS === #

    def action_open_page(self):
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": self.url, "target": "new"}

    def action_view_entries(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_contact_form_entry_action"
        )
        return {**action, "domain": [("form_id", "=", self.id)], "context": {}}

    def action_view_leads(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm.crm_lead_opportunities"
        )
        return {
            **action,
            "domain": [("form_entry_ids.form_id", "=", self.id)],
            "context": {"active_test": False},
        }
