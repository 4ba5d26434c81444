from odoo import api, models
from odoo.tools import float_repr, plaintext2html

SEVERITY = "1_normal"
PHASE = "new"


class CrmImportLoaderIncident(models.AbstractModel):
    """Incidents of customers, at the desk of their type or the company's, in the phase
    in which they were and of the day on which they were opened
    (`crm.incident.import`)."""

    _name = "crm.import.loader.incident"
    _inherit = "crm.import.loader.document"
    _description = "Loader of Incidents"

    @api.model
    def _lacks(self, values):
        severity = values.get("severity")
        severities = dict(self.env["project.task"]._crm_severities())
        if severity and severity not in severities:
            return self.env._("“%s” is no severity: choose another.", severity)
        return super()._lacks(values)

    @api.model
    def _make(self, job, values_list):
        desks = {}
        Import = self.env["crm.incident.import"]
        incidents = Import._bring(
            [self._prepare(job, values, desks) for values in values_list]
        )
        times = {
            incident: self._times(values)
            for incident, values in zip(incidents, values_list, strict=True)
        }
        # first, for Odoo's own times are counted from then
        self._backdate({incident: opened for incident, (opened, _) in times.items()})
        Import._set_back(times)
        return incidents.with_env(self.env)

    @api.model
    def _times(self, values):
        """:return: when it was opened, and when it was closed or None"""
        now = self.env.cr.now()
        opened = min(values.get("created") or now, now)
        ended = values.get("closed")
        return opened, ended and min(max(opened, ended), now)

    @api.model
    def _prepare(self, job, values, desks):
        nobody = self.env["res.partner"]
        organization = values.get("organization") or nobody
        partner = values.get("contact") or organization
        kind = values.get("incident_type") or self.env["crm.incident.type"]
        if kind not in desks:
            Opening = self.env["crm.incident.opening"]
            desks[kind] = Opening._desk(kind, job.company_id)
        desk = desks[kind]
        owner = values.get("owner") or self.env["res.users"]
        worker = owner.filtered(lambda user: user.active and not user.share)
        vals = {
            "name": values["name"],
            "project_id": desk.id,
            "company_id": job.company_id.id,
            "stage_id": self._stage(desk, values.get("incident_stage")).id,
            "partner_id": partner.id,
            "crm_type_id": kind.id,
            "crm_severity": values.get("severity") or kind.severity or SEVERITY,
            "user_ids": worker.ids,
            "description": self._text(values),
        }
        if organization:
            vals["crm_organization_id"] = organization.id
        return vals

    @api.model
    def _stage(self, desk, stage):
        """
        :return: the stage, or the first of its phase where the desk has not got it
        """
        if stage and stage in desk.type_ids:
            return stage
        # sudo: who imports need not work at the desk
        phase = stage.sudo().crm_phase if stage else PHASE
        return desk._crm_stage(phase) or desk.type_ids.sorted()[:1]

    @api.model
    def _text(self, values):
        """:return: HTML of the description and of what nothing here has a field for"""
        product, hours = values.get("product"), values.get("hours")
        solution = values.get("solution")
        known = {
            "product_line": product and self.env._("Product: %s", product.display_name),
            "hours_line": hours and self.env._("Hours: %s", float_repr(hours, 2)),
            "solution_line": solution and self.env._("Solution: %s", solution),
        }
        text = self._notes({**values, **known}, *known)
        return plaintext2html(text) if text else False
