from datetime import timedelta

from odoo import api, fields, models

REOPEN_PARAMETER = "crm_gestion.incident_reopen_days"
REOPEN_DAYS = 14


class CrmIncidentMail(models.AbstractModel):
    """What messages do to an incident, by whatever route they come: the chatter, the
    customer's page, e-mail.

    The first message of ours that goes to the customer is the first answer. A message
    of the customer ends the waiting for him, and reopens what was solved some days ago
    (a setting); later, or where the incident was cancelled, those who work on it are
    told. Automatic replies, notes and notifications do nothing.
    """

    _name = "crm.incident.mail"
    _description = "Messages about Incidents"

    @api.model
    def _heard(self, task, message, recipients, scheduled_date=None):
        """A message was posted on a task and notified.

        :param recipients: what ``_notify_thread`` returned
        :param scheduled_date: the message goes out later, and counts then

        A client that sets ``crm_gestion_automatic_email`` only keeps its own message
        from counting.
        """
        if (
            message.sudo().message_type not in ("comment", "email")
            or not task.sudo().crm_is_incident
            or self.env.context.get("crm_gestion_automatic_email")
            or (scheduled_date and task._is_notification_scheduled(scheduled_date))
        ):
            return
        # sudo: customers have no rights on tasks, and who answers need not have any
        task, message = task.sudo(), message.sudo()
        if message.is_internal or message.subtype_id.internal:
            return
        if self.env["crm.gestion.email"]._author(message):
            if self._goes_to_customer(task, message, recipients):
                self.env["crm.incident.clock"]._answer(task, fields.Datetime.now())
        elif message.author_id and self._is_of_customer(task, message.author_id):
            self._customer_wrote(task)

    @api.model
    def _told(self, gestiones):
        """Interactions were logged: a call to the customer answers his incident too.

        :param gestiones: in superuser mode
        """
        activities = gestiones.filtered(lambda g: g.direction == "out").activity_id
        ids = [a.res_id for a in activities if a.res_model == "project.task"]
        # sudo: whoever called, incidents are answered
        tasks = self.env["project.task"].sudo().browse(ids)
        self.env["crm.incident.clock"]._answer(tasks, fields.Datetime.now())

    @api.model
    def _goes_to_customer(self, task, message, recipients):
        outsiders = self.env["crm.gestion.email"]._outsiders(message, recipients)
        if outsiders is None:
            return False
        return not self._customers(task) or self._is_of_customer(task, outsiders)

    @api.model
    def _is_of_customer(self, task, partners):
        return bool(partners.commercial_partner_id & self._customers(task))

    @api.model
    def _customers(self, task):
        return (task.partner_id | task.crm_organization_id).commercial_partner_id

    @api.model
    def _customer_wrote(self, task):
        solved = task.crm_phase == "solved"
        if task.crm_phase == "waiting" or (solved and self._is_recent(task)):
            self.env["crm.incident"]._to_phase(task, "working")
        elif solved or task.crm_phase == "cancelled":
            self._tell_assignees(task)

    @api.model
    def _is_recent(self, task):
        # sudo: one setting
        params = self.env["ir.config_parameter"].sudo()
        days = int(params.get_param(REOPEN_PARAMETER, REOPEN_DAYS))
        since = fields.Datetime.now() - timedelta(days=days)
        return task.crm_solution_date and task.crm_solution_date >= since

    @api.model
    def _tell_assignees(self, task):
        """Odoo tells those who follow the task of the message itself; this one says
        that nobody works on it any more."""
        for user in task.user_ids.filtered(lambda user: user.active):
            env = self.with_context(lang=user.lang).env
            task.message_notify(
                author_id=env.ref("base.partner_root").id,
                partner_ids=user.partner_id.ids,
                subject=env._("Written after the end: %s", task.display_name),
                body=env._(
                    "The customer wrote about “%s”, which is over: open it again if "
                    "there is something left to do.",
                    task.display_name,
                ),
                force_send=False,
            )

    @api.model
    def _arrived(self, task):
        """An e-mail to the alias of a desk has become an incident."""
        task = task.sudo()  # sudo: the gateway's user has no rights on tasks
        if task.crm_is_incident:
            if not task.crm_channel:
                task.crm_channel = "email"
            self.env["crm.incident.opening"]._invite_customers(task)
