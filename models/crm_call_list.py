from datetime import datetime, time, timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools.misc import clean_context

from ..tools.spreading import deal, spread

# What one list may hold: nobody calls more, and one batch stays short.
LIMIT = 5000


class Plan(NamedTuple):
    """Who is to call whom: dict user -> contacts; and who is left out, as recordsets of
    contacts: ``stopped`` asked not to be contacted, ``waiting`` have an open call of
    the campaign, ``others`` belong to somebody whom the user does not lead, ``nobodys``
    have no seller while none was chosen for them."""

    calls: dict
    stopped: models.BaseModel
    waiting: models.BaseModel
    others: models.BaseModel
    nobodys: models.BaseModel


class CrmCallList(models.AbstractModel):
    """Schedules activities with many contacts at once: "call these this month".

    *Lifecycle.* `_plan` tells who would call whom, `_schedule` makes the native
    activities, which wait in My Day of their sellers and become gestiones of the
    campaign when they are done. With a campaign, whom they are for is its member.

    *Invariants.* Everybody is called by his own seller, or by that of his account; who
    has none is dealt to the chosen ones, fewest first. Nobody who asked not to be
    contacted is in a list, and nobody twice in those of a campaign. A seller schedules
    for himself, a head for his people, a director for all; activities are made with the
    user's own rights. A bounded number of queries whatever the number of contacts.
    """

    _name = "crm.call.list"
    _description = "Call List"

    @api.model
    def _plan(self, domain, sellers, campaign):
        """
        :param domain: Domain of contacts
        :param sellers: who calls those without a seller; who may not be given calls by
            the user is ignored
        :param campaign: of the list, may be empty
        :return: `Plan`
        :raise UserError: where there are too many for one list, or the campaign is of
            a company in which the user does not work now
        """
        if campaign.company_id - self.env.companies:
            raise UserError(
                self.env._(
                    "“%s” is a campaign of another company: choose one of yours.",
                    campaign.title,
                )
            )
        Partner = self.env["res.partner"]
        partners = Partner.search(Domain(domain), limit=LIMIT + 1)
        if len(partners) > LIMIT:
            raise UserError(
                self.env._(
                    "A list has at most %s contacts: choose a smaller segment.", LIMIT
                )
            )
        stopped = partners.filtered("crm_do_not_contact")
        waiting = self._waiting(partners - stopped, campaign)
        free = partners - stopped - waiting
        calls, others, nobodys = self._share(free, sellers)
        return Plan(calls, stopped, waiting, others, nobodys)

    @api.model
    def _share(self, partners, sellers):
        """:return: dict user -> contacts; contacts of others; those of nobody"""
        allowed = self.env["crm.hand.out"]._sellers()
        owned = partners.grouped(self._seller)
        nobodys = owned.pop(self.env["res.users"], partners.browse())
        calls = {user: group for user, group in owned.items() if user in allowed}
        others = partners.browse().union(
            *(group for user, group in owned.items() if user not in allowed)
        )
        load = {user: len(calls.get(user, ())) for user in sellers if user in allowed}
        for user, dealt in deal(nobodys, load).items():
            if dealt:
                calls[user] = calls.get(user, partners.browse()).union(*dealt)
        return calls, others, nobodys.browse() if load else nobodys

    @api.model
    def _seller(self, partner):
        return partner.user_id or partner.commercial_partner_id.user_id

    @api.model
    def _waiting(self, partners, campaign):
        if not campaign:
            return partners.browse()
        # sudo: whoever is to call them
        activities = self.env["mail.activity"].sudo()
        found = activities.search_fetch(
            [
                ("crm_campaign_id", "=", campaign.id),
                ("res_model", "=", "res.partner"),
                ("res_id", "in", partners.ids),
            ],
            ["res_id"],
        )
        return partners & partners.browse(found.mapped("res_id"))

    @api.model
    def _working_days(self, date_from, date_to):
        """:return: list of the days from one date to another one on which the company
            works
        :raise UserError: where there is none
        """
        length = (date_to - date_from).days + 1
        days = [date_from + timedelta(days=number) for number in range(length)]
        # sudo: the calendar of the own company, holidays included
        company = self.env.company.sudo()
        off = company.resource_calendar_id._get_unusual_days(
            datetime.combine(date_from, time.min),
            datetime.combine(date_to, time.max),
            company,
        )
        working = [day for day in days if not off.get(fields.Date.to_string(day))]
        if not working:
            raise UserError(
                self.env._(
                    "Nobody works on these days: choose others, or more of them."
                )
            )
        return working

    @api.model
    def _schedule(self, calls, days, values, campaign):
        """Make the activities, spread over the days, in one batch.

        :param dict calls: user -> contacts
        :param list days: see `_working_days`
        :param dict values: of each activity: its type, its summary
        :param campaign: of the list, may be empty
        :return: the activities
        """
        common = {
            **values,
            "res_model_id": self.env["ir.model"]._get_id("res.partner"),
            "crm_campaign_id": campaign.id,
        }
        vals_list = [
            {
                **common,
                "res_id": partner.id,
                "user_id": user.id,
                "date_deadline": day,
            }
            for user, partners in calls.items()
            for partner, day in zip(partners, spread(len(partners), days), strict=True)
        ]
        # Odoo would send an e-mail for each: sellers find them in their day
        context = clean_context(self.env.context) | {"mail_activity_quick_update": True}
        Activity = self.env["mail.activity"]
        activities = Activity.with_env(Activity.env(context=context)).create(vals_list)
        self._note_members(activities, campaign)
        return activities

    @api.model
    def _note_members(self, activities, campaign):
        if not campaign:
            return
        now = fields.Datetime.now()
        # sudo: sellers write no members; these are whom they are to call
        self.env["crm.campaign.member"].sudo()._advance(
            [
                {
                    "campaign_id": campaign.id,
                    "partner_id": activity.res_id,
                    "state": "planned",
                    "date": now,
                    "source": "call_list",
                }
                for activity in activities
            ]
        )
