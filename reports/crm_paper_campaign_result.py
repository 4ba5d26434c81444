from odoo import api, models
from odoo.fields import Domain

from .crm_dashboard_part import ARCHIVED_TOO


class CrmCampaignResultDocument(models.AbstractModel):
    """The printed result of a campaign, those below it included: what it cost and
    brought, whom it reached, and what became of it.

    Money is there for who may see it; others get the paper without it. Opportunities
    and orders are listed as far as the reader may open them.
    """

    _name = "report.crm_gestion.crm_campaign_result_report"
    _inherit = "crm.paper"
    _description = "Campaign Result"

    _prints = "utm.campaign"

    @api.model
    def _gather(self, docs, data):
        Campaign = self.env["utm.campaign"].with_context(active_test=False)
        below = Campaign.search([("parent_id", "in", docs.ids)], order="title, id")
        below = self._group(docs, below.with_env(self.env), "parent_id")
        tree = docs._crm_tree()
        ids = sorted(set().union(*tree.values()))
        members = self._members(tree, ids)
        leads = self._leads(tree)
        orders = self._orders(tree)
        segments = docs.segment_id._filtered_access("read")
        return {
            doc: {
                "money": doc.crm_may_see_money,
                "segment": doc.segment_id & segments,
                "members": members[doc],
                "leads": leads[doc],
                "leads_count": sum(row["count"] for row in leads[doc]),
                "orders": orders[doc],
                "below": below[doc],
                "has_email": bool(doc.crm_email_sent),
                "currency": doc.currency_id or self.env.company.currency_id,
                "company_currency": self.env.company.currency_id,
            }
            for doc in docs
        }

    @api.model
    def _add_up(self, tree, rows):
        """
        :param rows: iterable of a campaign, a key and numbers
        :return: dict of a campaign -> dict of a key -> numbers, its own and those of
            the campaigns below
        """
        above = {}
        for campaign, ids in tree.items():
            for campaign_id in ids:
                above.setdefault(campaign_id, []).append(campaign)
        found = {campaign: {} for campaign in tree}
        for campaign, key, *numbers in rows:
            for doc in above[campaign.id]:
                before = found[doc].get(key, [0] * len(numbers))
                found[doc][key] = [
                    a + (b or 0) for a, b in zip(before, numbers, strict=True)
                ]
        return found

    @api.model
    def _members(self, tree, ids):
        """:return: dict of a campaign -> list of dicts of ``label``, ``count`` and
        ``share``, by state; somebody of two campaigns is there twice"""
        Member = self.env["crm.campaign.member"]
        rows = Member._read_group(
            [("campaign_id", "in", ids)], ["campaign_id", "state"], ["__count"]
        )
        states = Member._fields["state"]._description_selection(self.env)
        return {
            doc: self._listed([(label, found[key][0]) for key, label in states
                               if key in found])
            for doc, found in self._add_up(tree, rows).items()
        }  # fmt: skip

    @api.model
    def _listed(self, rows):
        counts = [count for _label, count in rows]
        return [
            {"label": label, "count": count, "share": self._share(count, counts)}
            for label, count in rows
        ]

    @api.model
    def _owned(self, tree):
        """:return: Domain of what counts for one of these campaigns: of its company, or
        of none, as in its figures"""
        return Domain.OR(
            Domain("campaign_id", "in", ids)
            & Domain(
                "company_id",
                "in",
                [*(campaign.company_id.ids or self.env.companies.ids), False],
            )
            for campaign, ids in tree.items()
        )

    @api.model
    def _leads(self, tree):
        """:return: dict of a campaign -> list of dicts of ``stage``, ``count``,
        ``amount`` (in the currency of the reader's company) and ``share``"""
        domain = ARCHIVED_TOO & Domain("type", "=", "opportunity")
        domain &= self._owned(tree)
        groups = self.env["crm.dashboard.part"]._groups(
            "crm.lead",
            domain,
            ["campaign_id", "stage_id"],
            money=["expected_revenue"],
        )
        rows = [
            (campaign, stage, group["count"], group["expected_revenue"])
            for (campaign, stage), group in groups.items()
        ]
        listed = {}
        for doc, found in self._add_up(tree, rows).items():
            counts = [count for count, _amount in found.values()]
            listed[doc] = [
                {
                    "stage": stage,
                    "count": found[stage][0],
                    "amount": found[stage][1],
                    "share": self._share(found[stage][0], counts),
                }
                for stage in sorted(found, key=lambda stage: (stage.sequence, stage.id))
            ]
        return listed

    @api.model
    def _orders(self, tree):
        """:return: dict of a campaign -> list of dicts of ``label``, ``currency``,
        ``count`` and ``amount``, untaxed"""
        Order = self.env["sale.order"]
        groups = Order._read_group(
            self._owned(tree),
            ["campaign_id", "state", "currency_id"],
            ["__count", "amount_untaxed:sum"],
        )
        rows = [
            (campaign, (state, currency), count, amount)
            for campaign, state, currency, count, amount in groups
        ]
        states = Order._fields["state"]._description_selection(self.env)
        return {
            doc: [
                {
                    "label": label,
                    "currency": currency,
                    "count": count,
                    "amount": amount,
                }
                for key, label in states
                for (state, currency), (count, amount) in found.items()
                if state == key
            ]
            for doc, found in self._add_up(tree, rows).items()
        }
