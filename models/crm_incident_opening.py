from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .crm_incident import TOLD, TOLD_BY_CUSTOMER

# What an incident may be about.
DOCUMENTS = {
    "crm_gestion_id": "crm.gestion",
    "crm_lead_id": "crm.lead",
    "crm_order_id": "sale.order",
}


class CrmIncidentOpening(models.AbstractModel):
    """Who may open an incident for whom, at which desk, and what it begins with."""

    _name = "crm.incident.opening"
    _description = "Opening of Incidents"

    @api.model
    def _prepare(self, vals, desks):
        """
        :param dict desks: those that were found for others of the same batch
        :return: values of the task, in which nothing is that the user may not say
        :raise UserError: where he may not open one for this customer
        """
        customer = not self.env.user._is_internal()
        told = TOLD_BY_CUSTOMER if customer else TOLD
        vals = {name: value for name, value in vals.items() if name in told}
        if customer:
            self._complete_own(vals)
        partner, organization = self._customer(vals)
        kind = self._read("crm.incident.type", vals.get("crm_type_id"))
        desk = self._read("project.project", vals.get("project_id"))
        if not desk:
            company = (organization or partner).company_id or self.env.company
            if (kind, company) not in desks:
                desks[kind, company] = self._desk(kind, company)
            desk = desks[kind, company]
        # sudo: a customer opens at a desk that he may not read
        if not desk.sudo().crm_is_incident_desk:
            raise UserError(self.env._("Choose an incident desk."))
        if customer:
            self._check_own(partner)
        else:
            self._check_scope(partner, organization, desk)
        self._check_about(vals, partner, organization)
        vals = {
            "crm_channel": "portal" if customer else "internal",
            "user_ids": [],
            **vals,
            "partner_id": partner.id,
            "project_id": desk.id,
        }
        if not vals.get("crm_severity"):
            vals.pop("crm_severity", None)
        if not vals.get("crm_organization_id"):
            vals.pop("crm_organization_id", None)
        return vals

    @api.model
    def _complete_own(self, vals):
        vals["partner_id"] = vals.get("partner_id") or self.env.user.partner_id.id
        # sudo: whether customers may choose it
        kind = self.env["crm.incident.type"].sudo().browse(vals.get("crm_type_id"))
        if kind and not kind.is_public:
            vals["crm_type_id"] = False
        # that something is critical is for the desk to say
        if vals.get("crm_severity") == "3_critical":
            vals["crm_severity"] = "2_high"

    @api.model
    def _read(self, model, record_id):
        """:return: the record, that the user must be allowed to read; types have no
        rights to ask for, and customers none on desks"""
        record = self.env[model].browse(record_id or [])
        if record and self.env.user._is_internal():
            record.check_access("read")
        return record

    # === CUSTOMER === #

    @api.model
    def _check_customers(self, vals_list):
        """Staff open incidents of customers that they may read."""
        names = ("crm_organization_id", "partner_id")
        ids = {vals[name] for vals in vals_list for name in names if vals.get(name)}
        if self.env.user._is_internal():
            self.env["res.partner"].browse(ids).check_access("read")

    @api.model
    def _customer(self, vals):
        """:return: partner and organization, in superuser mode"""
        # sudo: whether the user may work for them is checked next
        partners = self.env["res.partner"].sudo()
        organization = partners.browse(vals.get("crm_organization_id") or [])
        partner = partners.browse(vals.get("partner_id") or []) or organization
        if not partner:
            raise self._no_customer()
        return partner, organization

    @api.model
    def _no_customer(self):
        return UserError(self.env._("Choose the customer that the incident is of."))

    @api.model
    def _check_own(self, partner):
        """A customer opens incidents of his own commercial entity only."""
        own = self.env.user.partner_id.commercial_partner_id
        if partner.commercial_partner_id != own:
            raise UserError(self.env._("You can only open incidents of your own."))

    @api.model
    def _check_scope(self, partner, organization, desk):
        """Sellers for the accounts in their scope and those of nobody; who works at the
        desk for everybody."""
        worker = self.env.user._has_group("project.group_project_user")
        if worker and desk.with_env(self.env).has_access("read"):
            return
        if not self.env.user._has_group("crm_gestion.group_seller"):
            raise UserError(
                self.env._("Only sales and the incident desk open incidents.")
            )
        if organization and not self._belongs(partner, organization):
            self._check_account(partner, partner)
            self._check_account(organization, organization)
        else:
            self._check_account(organization or partner, partner | organization)

    @api.model
    def _belongs(self, partner, organization):
        """:return: whether who has one of the two may speak for the other"""
        same = partner.commercial_partner_id == organization.commercial_partner_id
        return same or organization in partner.crm_organization_ids

    @api.model
    def _check_account(self, partner, named):
        account = partner.commercial_partner_id
        if account.user_id and not self._works_for(account | named):
            raise UserError(
                self.env._(
                    "“%(account)s” is an account of %(user)s: ask him or her to open "
                    "the incident.",
                    account=account.display_name,
                    user=account.user_id.name,
                )
            )

    @api.model
    def _works_for(self, partners):
        """
        :param partners: in superuser mode
        :return: whether the user is, or answers for, the salesperson of one of them
        """
        if self.env.user._has_group("sales_team.group_sale_salesman_all_leads"):
            return True
        return any(user.crm_in_scope for user in partners.user_id.with_env(self.env))

    # === DESK === #

    @api.model
    def _desk(self, kind, company):
        """:return: the desk of a new incident: that of its type, else the first of the
        company, else the common one"""
        # sudo: whoever opens an incident does not choose where it goes
        desks = self.env["project.project"].sudo()
        ours = Domain("company_id", "in", [company.id, False])
        is_desk = Domain("crm_is_incident_desk", "=", True)
        if kind.sudo().desk_id.filtered_domain(ours & is_desk).active:
            return kind.sudo().desk_id
        found = desks.search(is_desk & ours, order="sequence, id")
        found = found.sorted(lambda desk: not desk.company_id)
        if not found:
            raise UserError(
                self.env._(
                    "There is no incident desk: mark a project as incident desk in its "
                    "settings, or ask your administrator to."
                )
            )
        return found[0]

    # === WHAT IT IS ABOUT === #

    @api.model
    def _check_about(self, vals, partner, organization):
        """The opportunity, order or interaction is one the user may read; that it is of
        the same customer the task checks."""
        for name, model in DOCUMENTS.items():
            if vals.get(name):
                self.env[model].browse(vals[name]).check_access("read")

    @api.model
    def _check_named(self, tasks, names=DOCUMENTS):
        """Who names a document on a task reads its name there: by Odoo's own means too
        it must be one that he reads.

        :param names: fields that were written
        :raise AccessError:
        """
        if self.env.su:
            return
        for name in DOCUMENTS.keys() & set(names):
            # sudo: which they are; whether he reads them is asked as himself
            if documents := tasks.sudo()[name].sudo(False):
                documents.check_access("read")

    @api.model
    def _check_same_customer(self, tasks):
        """
        :param tasks: in superuser mode
        :raise UserError: where what an incident is about is of somebody else
        """
        for task in tasks:
            ours = (task.partner_id | task.crm_organization_id).commercial_partner_id
            lead = task.crm_lead_id
            theirs = {
                lead: (lead.partner_id | lead.organization_id).commercial_partner_id,
                task.crm_order_id: task.crm_order_id.partner_id.commercial_partner_id,
            }
            for document, partners in theirs.items():
                if document and partners and not partners & ours:
                    if not ours:
                        raise self._no_customer()
                    # its name is for who reads it
                    if not document.sudo(False).has_access("read"):
                        raise UserError(
                            self.env._(
                                "What this incident is about is of another customer: "
                                "ask sales."
                            )
                        )
                    raise UserError(
                        self.env._(
                            "“%(document)s” is of another customer than the incident: "
                            "choose one of %(customer)s.",
                            document=document.display_name,
                            customer=ours[:1].display_name,
                        )
                    )

    # === FOLLOWERS === #

    @api.model
    def _invite_customers(self, incidents):
        """Customers follow their incidents at desks that they may see; who opened one
        follows it by Odoo's own doing.

        :param incidents: in superuser mode
        """
        shown = incidents.filtered(
            lambda task: (
                task.partner_id
                and task.project_privacy_visibility in ("invited_users", "portal")
            )
        )
        for partner, group in shown.grouped("partner_id").items():
            group.message_subscribe(partner.ids)

    @api.model
    def _leave_out_strangers(self, incidents):
        """Who follows a project follows its tasks, by Odoo's own doing: a customer who
        was invited to a desk does not follow, and so does not see, those of others.

        :param incidents: in superuser mode
        """
        # sudo: no outsider gets to know of whom
        followers = self.env["mail.followers"].sudo()
        rows = followers.search(
            [
                ("res_model", "=", incidents._name),
                ("res_id", "in", incidents.ids),
                ("partner_id.partner_share", "=", True),
            ]
        )
        by_id = {incident.id: incident for incident in incidents}
        rows.filtered(
            lambda row: self._is_stranger(by_id[row.res_id], row.partner_id)
        ).unlink()

    @api.model
    def _is_stranger(self, incident, partner):
        customers = incident.partner_id | incident.crm_organization_id
        if partner.commercial_partner_id in customers.commercial_partner_id:
            return False
        return partner in incident.project_id.message_partner_ids
