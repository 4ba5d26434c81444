from collections import defaultdict

from odoo import api, models
from odoo.fields import Domain


class CrmProjectNotice(models.AbstractModel):
    """How the projects of customers are getting on, for who sells to them.

    Which projects a user reads is Odoo's own setting, "Visibility". Of one that is
    hidden from him, but came from an opportunity or an order that he reads, he is told
    the name, the status and whom to ask: never more, nor its tasks. History follows the
    account, so his successor is told the same.
    """

    _name = "crm.project.notice"
    _description = "What Sellers Are Told of Projects"

    @api.model
    def _of(self, records):
        """
        :param records: organizations and contacts, opportunities, or orders
        :return: dict id of a record -> the projects that the user reads, and those that
            he is only told of, in superuser mode
        """
        found = self._linked(records)
        projects = self.env["project.project"].union(*found.values())
        readable = projects.sudo(False)._filtered_access("read")
        hidden = (projects - readable.sudo()).sudo()
        if records._name == "res.partner":
            hidden = self._told(hidden)
        return {
            record_id: (
                (readable & own.sudo(False)),
                (hidden & own),
            )
            for record_id, own in found.items()
        }

    @api.model
    def _linked(self, records):
        """:return: defaultdict id of a record -> its projects, in superuser mode"""
        # sudo: what of them is told is decided by who calls
        projects = self.env["project.project"].sudo()
        found = defaultdict(projects.browse)
        domain = self._domain(records) & projects._crm_shown_domain()
        domain &= Domain("company_id", "in", [*self.env.companies.ids, False])
        names = ["crm_lead_id", "last_update_status", "name", "partner_id", "user_id"]
        names += ["reinvoiced_sale_order_id", "sale_line_id"]
        for project in projects.search_fetch(domain, names):
            for record in self._owners(project, records._name):
                found[record.id] |= project
        return found

    @api.model
    def _domain(self, records):
        ids = records.ids
        if records._name == "crm.lead":
            return Domain("crm_lead_id", "in", ids)
        if records._name == "sale.order":
            return Domain("reinvoiced_sale_order_id", "in", ids) | Domain(
                "sale_line_id.order_id", "in", ids
            )
        domain = Domain("partner_id.commercial_partner_id", "in", ids)
        domain |= Domain("partner_id", "in", ids)
        return domain | Domain("crm_lead_id.organization_id", "in", ids)

    @api.model
    def _owners(self, project, model):
        """:return: set of the records of a model that a project belongs to"""
        if model == "crm.lead":
            return {project.crm_lead_id}
        if model == "sale.order":
            return {project.reinvoiced_sale_order_id, project.sale_line_id.order_id}
        partner = project.partner_id
        return {
            partner,
            partner.commercial_partner_id,
            project.crm_lead_id.organization_id,
        }

    @api.model
    def _told(self, projects):
        """:return: those of these that came from what the user reads"""
        leads = projects.crm_lead_id.sudo(False)._filtered_access("read")
        orders = projects.reinvoiced_sale_order_id | projects.sale_line_id.order_id
        orders = orders.sudo(False)._filtered_access("read")
        return projects.filtered(
            lambda project: (
                project.crm_lead_id.id in leads._ids
                or project.reinvoiced_sale_order_id.id in orders._ids
                or project.sale_line_id.order_id.id in orders._ids
            )
        )

    @api.model
    def _note(self, projects):
        """:return: one sentence of projects that the user is only told of"""
        status = projects._fields["last_update_status"]
        labels = dict(status._description_selection(self.env))
        labels["to_define"] = self.env._("no status yet")
        return "; ".join(
            self.env._(
                "%(project)s: %(status)s (%(manager)s)",
                project=project.name,
                status=labels[project.last_update_status],
                manager=project.user_id.name or self.env._("no manager"),
            )
            for project in projects.sorted(lambda project: (project.name, project.id))
        )
