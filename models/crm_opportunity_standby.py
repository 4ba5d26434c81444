import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date, plaintext2html

_logger = logging.getLogger(__name__)

# A paused opportunity keeps a probability: archived with 0 it would count as lost.
STANDBY_PROBABILITY = 0.01
# Opportunities that the nightly job resumes in one transaction.
BATCH = 200


class CrmOpportunityStandby(models.AbstractModel):
    """What a pause does to an opportunity: archived but not lost, what is planned on it
    moves to the day on which it wakes, and on that day it comes back by itself.

    Who pauses it, and until when, is a row of ``crm.opportunity.closure``, which checks
    and records; what stands here is called by it and its cron.
    """

    _name = "crm.opportunity.standby"
    _description = "Standby of Opportunities"

    @api.model
    def _pause(self, leads):
        """Archive without losing: stage and probability stay."""
        without = leads.filtered(lambda lead: not lead.probability)
        without.write({"probability": STANDBY_PROBABILITY})
        leads.write({"active": False})

    @api.model
    def _planned_activities(self, leads):
        """:return: what is planned on these opportunities, whoever is to do it"""
        # sudo: whoever closes an opportunity decides on all that is planned on it, what
        # a colleague is to do too; rights on it were checked when it was closed
        return (
            self.env["mail.activity"]
            .sudo()
            .search(
                [
                    ("res_model", "=", "crm.lead"),
                    ("res_id", "in", leads.ids),
                    ("active", "=", True),
                ]
            )
        )

    @api.model
    def _postpone_activities(self, leads, wake_date):
        """What is planned before the wake-up date moves to that day. A meeting that is
        still to come stays in everybody's calendar on its day, and so does its
        activity; of one that was held, what is left to do moves."""
        today = fields.Date.context_today(self)
        early = self._planned_activities(leads).filtered(
            lambda activity: (
                activity.date_deadline < wake_date
                and not (activity.calendar_event_id and activity.date_deadline >= today)
            )
        )
        # Odoo's key: the meeting does not move with its activity
        early.with_context(calendar_event_meeting_update=True).write(
            {"date_deadline": wake_date}
        )

    @api.model
    def _pauses(self, leads):
        """:return: dict lead id -> how many times an opportunity was paused, and for
        how many days, those of a pause that lasts included"""
        Closure = self.env["crm.opportunity.closure"]
        domain = Domain([("lead_id", "in", leads.ids), ("kind", "=", "standby")])
        data = Closure._read_group(domain, ["lead_id"], ["__count", "days_paused:sum"])
        pauses = {lead.id: (count, days) for lead, count, days in data}
        lasting = domain & Domain("reopen_date", "=", False)
        now = fields.Datetime.now()
        for lead, date in Closure._read_group(lasting, ["lead_id"], ["date:max"]):
            count, days = pauses[lead.id]
            pauses[lead.id] = count, days + (now - date) / timedelta(days=1)
        return pauses

    @api.model
    def _default_wake_date(self, leads=None):
        """
        :return: the date that the wizard proposes: a month from today, or from the day
            on which the last of these paused opportunities is to be resumed
        """
        days = [lead.standby_until for lead in leads or () if lead.standby_until]
        start = max([fields.Date.context_today(self), *days])
        return fields.Date.add(start, months=1)

    # === WAKING === #

    @api.model
    def _wake_due(self):
        """Every morning: what is paused until today or before is resumed, each with an
        activity for whoever owns it now.

        Bounded batches, each opportunity at most once in a run. What was resumed is not
        paused any more, so that running it again does nothing. One that cannot be
        resumed is logged, hinders no other one, and has its turn again the next day.
        """
        # sudo: the job is the company's, whoever it runs as
        paused = self.env["crm.lead"].sudo().with_context(active_test=False)
        due = Domain("closure_kind", "=", "standby") & Domain(
            "standby_until", "<=", fields.Date.context_today(self)
        )
        while leads := paused.search(due, order="id", limit=BATCH):
            self._wake_safely(leads)
            due &= Domain("id", ">", leads[-1].id)
            if not self.env["ir.cron"]._commit_progress(
                len(leads), remaining=paused.search_count(due)
            ):
                return

    @api.model
    def _wake_safely(self, leads):
        try:
            with self.env.cr.savepoint():
                self._wake(leads)
        except Exception:
            if len(leads) > 1:
                for lead in leads:
                    self._wake_safely(lead)
            else:
                _logger.exception("Opportunity %s was not resumed", leads.id)

    @api.model
    def _wake(self, leads):
        """Resume paused opportunities and say so to whoever owns them now."""
        rows = leads.closure_ids.filtered(lambda row: not row.reopen_date)
        leads.action_crm_resume()
        common = {
            "activity_type_id": self.env.ref("mail.mail_activity_data_todo").id,
            "date_deadline": fields.Date.context_today(self),
            "res_model_id": self.env["ir.model"]._get_id("crm.lead"),
        }
        # Odoo would send one e-mail for each: the seller finds them among his
        # activities of today
        self.env["mail.activity"].sudo().with_context(
            mail_activity_quick_update=True
        ).create([{**common, **self._prepare_wake_activity_vals(row)} for row in rows])

    @api.model
    def _prepare_wake_activity_vals(self, row):
        """:return: values of the activity that says to take the opportunity of a row up
        again, in the language of whoever is to do it"""
        owner = self._present_owner(row.lead_id)
        row = row.with_context(lang=owner.lang or self.env.lang)
        until = format_date(row.env, row.wake_date)
        texts = filter(None, (row.lost_reason_id.name, row.note))
        return {
            "summary": row.env._("Take up again: paused until %s", until),
            "note": plaintext2html("\n".join(texts)),
            "user_id": owner.id,
            "res_id": row.lead_id.id,
        }

    @api.model
    def _present_owner(self, lead):
        """
        :return: the salesperson of an opportunity, or the leader of its team where
            there is none who works in its company any more; nobody where there is
            neither
        """
        users = (lead.user_id | lead.team_id.user_id).filtered("active")
        if lead.company_id:
            users = users.filtered(lambda user: lead.company_id in user.company_ids)
        return users[:1]
