from markupsafe import Markup

from odoo import api, models


class CrmIncidentNotice(models.AbstractModel):
    """Tells the seller of a key account that it has a severe incident: once where it is
    opened, and again where it becomes more severe. Which severities, the targets say.
    Who covers him is told by ``crm.substitution.notice``.
    """

    _name = "crm.incident.notice"
    _description = "Notice of Severe Incidents"

    @api.model
    def _tell_sellers(self, incidents):
        """
        :param incidents: in superuser mode
        """
        important = incidents.filtered(lambda task: self._account(task).is_key_account)
        targets = self.env["crm.incident.clock"]._targets(important)
        for incident in important:
            user = self._whom(incident)
            if targets[incident].tells_seller and user and user != self.env.user:
                self._tell(incident, user)

    @api.model
    def _account(self, incident):
        partner = incident.crm_organization_id or incident.partner_id
        return partner.commercial_partner_id

    @api.model
    def _whom(self, incident):
        """:return: the seller of the account, else who leads the team of the sale that
        the incident is about"""
        sale = incident.crm_lead_id or incident.crm_order_id
        user = self._account(incident).user_id or sale.team_id.user_id
        return user.filtered(lambda user: user.active and not user.share)

    @api.model
    def _tell(self, incident, user):
        env = self.with_context(lang=user.lang).env
        severities = incident._fields["crm_severity"]._description_selection(env)
        body = env._(
            "%(account)s has an incident of severity “%(severity)s”: %(incident)s",
            account=self._account(incident).display_name,
            severity=dict(severities)[incident.crm_severity],
            incident=incident.display_name,
        )
        incident.message_notify(
            # a customer who opens one writes to nobody himself
            author_id=env.ref("base.partner_root").id,
            partner_ids=user.partner_id.ids,
            subject=env._("Severe incident: %s", self._account(incident).display_name),
            body=Markup("<p>%s</p>") % body,
            force_send=False,
        )
