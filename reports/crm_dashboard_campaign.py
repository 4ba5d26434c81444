from odoo import api, models
from odoo.fields import Domain

from ..tools.campaign import roi

CAMPAIGN, MEMBER = "utm.campaign", "crm.campaign.member"
# Queries of ``crm.campaign.figure`` that are asked, one for all campaigns.
QUERIES = ("members", "opportunities", "order_count", "orders", "costs")
SHOWN = 10


class CrmDashboardCampaign(models.AbstractModel):
    """Campaigns that run today, those that cost most first, with what they brought so
    far and those below them. Where a team or person is chosen, those they are
    responsible for."""

    _name = "crm.dashboard.campaign"
    _inherit = "crm.dashboard.part"
    _description = "Running Campaigns"

    @api.model
    def _sections(self, asked):
        campaigns = self.env[CAMPAIGN].search(self._running(asked))
        figures = self._figures(campaigns)
        behind = self._behind(campaigns, figures)
        shown = campaigns.sorted(
            lambda campaign: (-figures[campaign]["cost"], campaign.id)
        )[:SHOWN]
        title = self.env._("Running Campaigns")
        return [
            self._section(
                "campaigns",
                title,
                "table",
                size="full",
                help=self.env._(
                    "Since they began, with those below them; the ten that cost most."
                ),
                empty=self.env._("No campaign runs today."),
                drill=self._drill(
                    CAMPAIGN, [("id", "in", campaigns.ids)], title, len(campaigns)
                ),
                columns=self._columns(),
                rows=[
                    self._campaign(campaign, figures[campaign], behind[campaign])
                    for campaign in shown
                ],
                total=False,
            )
        ]

    @api.model
    def _running(self, asked):
        return (
            asked.of_people()
            & Domain("company_id", "in", [*self.env.companies.ids, False])
            & Domain("parent_id", "=", False)
            & Domain("date_from", "<=", asked.today)
            & (Domain("date_to", "=", False) | Domain("date_to", ">=", asked.today))
        )

    @api.model
    def _figures(self, campaigns):
        """:return: dict campaign -> dict of its figures, amounts in the reader's
        currency"""
        Figure = self.env["crm.campaign.figure"]
        found = {campaign: {} for campaign in campaigns}
        for query in QUERIES:
            for campaign, figures in Figure._of(campaigns, query).items():
                found[campaign] |= figures
        round_ = self.env.company.currency_id.round
        for campaign, figures in found.items():
            rate = self._rate(campaign.company_id)
            figures["cost"] = round_(figures.get("cost_total", 0) * rate)
            figures["revenue"] = round_(figures.get("won_revenue", 0) * rate)
        return found

    @api.model
    def _columns(self):
        titles = {
            "reached": (self.env._("Reached"), "integer"),
            "answers": (self.env._("Answers"), "integer"),
            "opportunities": (self.env._("Opportunities"), "integer"),
            "cost": (self.env._("Cost"), "monetary"),
            "revenue": (self.env._("Revenue"), "monetary"),
            "roi": (self.env._("ROI"), "percentage"),
        }
        return [
            self._column(name, title, format_)
            for name, (title, format_) in titles.items()
        ]

    @api.model
    def _campaign(self, campaign, figures, behind):
        """
        :param dict behind: of `_behind`
        """
        label = campaign.title
        cost, revenue = figures["cost"], figures["revenue"]
        gain = roi(revenue, cost) if cost else None
        tone = False
        if gain is not None:
            tone = "success" if gain > 0 else "danger"

        def figure(name, value, format_="integer", **content):
            model, domain, count = behind[name]
            drill = self._drill(model, domain, label, count)
            return self._figure(value, format_, drill=drill, **content)

        drill = self._drill(CAMPAIGN, [("id", "=", campaign.id)], label, 1)
        return {
            "label": label,
            "drill": drill,
            "cells": [
                figure("reached", figures["reached_count"]),
                figure("answers", figures["answer_count"]),
                figure("opportunities", figures["opportunity_count"]),
                figure("cost", cost, "monetary"),
                figure("revenue", revenue, "monetary"),
                self._figure(gain, "percentage", tone=tone, drill=drill),
            ],
        }

    @api.model
    def _behind(self, campaigns, figures):
        """:return: dict campaign -> dict name of a figure -> model, domain and number
        of the records behind it"""
        tree = campaigns._crm_tree()
        costs = self._groups(
            "crm.campaign.cost",
            Domain(
                "campaign_id", "in", sorted({i for ids in tree.values() for i in ids})
            )
            & Domain("state", "=", "real"),
            ["campaign_id"],
        )
        costs = {campaign.id: group["count"] for (campaign,), group in costs.items()}
        return {
            campaign: self._records(
                campaign,
                tree[campaign],
                figures[campaign],
                sum(costs.get(campaign_id, 0) for campaign_id in tree[campaign]),
            )
            for campaign in campaigns
        }

    @api.model
    def _records(self, campaign, ids, figures, costs):
        within = Domain("campaign_id", "in", ids)
        companies = campaign.company_id.ids or self.env.companies.ids
        owned = within & Domain("company_id", "in", [*companies, False])
        # who is in several of them counts once: no list of members shows that
        alone = len(ids) == 1
        return {
            "reached": (
                MEMBER,
                within & Domain("state", "!=", "planned"),
                alone and figures["reached_count"],
            ),
            "answers": (
                MEMBER,
                within & Domain("state", "=", "answered"),
                alone and figures["answer_count"],
            ),
            "opportunities": (
                "crm.lead",
                owned
                & Domain("type", "=", "opportunity")
                & Domain("active", "in", [True, False]),
                figures["opportunity_count"],
            ),
            "cost": ("crm.campaign.cost", within & Domain("state", "=", "real"), costs),
            "revenue": (
                "sale.order",
                owned & Domain("state", "=", "sale"),
                figures["order_count"],
            ),
        }
