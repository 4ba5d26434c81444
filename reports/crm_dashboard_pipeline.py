from odoo import api, models
from odoo.fields import Domain

from .crm_dashboard_part import OPEN

MONEY = ("expected_revenue", "prorated_revenue")


class CrmDashboardPipeline(models.AbstractModel):
    """What is open: all of it, and by stage. Weighted is what is left of an amount
    after its probability."""

    _name = "crm.dashboard.pipeline"
    _inherit = "crm.dashboard.part"
    _description = "Pipeline of a Dashboard"

    @api.model
    def _sections(self, asked):
        domain = asked.of_people() & OPEN
        groups = self._folded(self._open(asked), 1, MONEY)
        stages = self.env["crm.stage"].union(*groups)
        stages = stages.sorted(lambda stage: (stage.sequence, stage.id))
        rows = [(stage, groups[stage]) for stage in stages]
        if nowhere := groups.get(self.env["crm.stage"]):
            rows.insert(0, (self.env["crm.stage"], nowhere))
        return [
            self._together(domain, self._sum(groups.values(), MONEY)),
            self._numbers(domain, rows),
            self._amounts(domain, rows),
        ]

    @api.model
    def _open(self, asked):
        """:return: dict of pairs of user and stage -> group of what is open"""
        return self._once(
            asked,
            ("open",),
            lambda: self._groups(
                "crm.lead",
                asked.of_people() & OPEN,
                ["user_id", "stage_id"],
                money=MONEY,
            ),
        )

    @api.model
    def _together(self, domain, total):
        return self._section(
            "pipeline",
            self.env._("Pipeline"),
            "figures",
            "full",
            figures=[
                self._number(
                    self.env._("Open Opportunities"), "crm.lead", domain, total["count"]
                ),
                self._amount(self.env._("Expected Revenue"), domain, total),
                self._amount(
                    self.env._("Weighted Revenue"),
                    domain,
                    total,
                    "prorated_revenue",
                    note=self.env._("By probability"),
                ),
            ],
        )

    @api.model
    def _numbers(self, domain, rows):
        name = self.env._("Opportunities")
        return self._bars(
            "stages",
            self.env._("Opportunities by Stage"),
            rows,
            [
                (
                    name,
                    lambda stage, group: self._number(
                        False,
                        "crm.lead",
                        self._in(domain, stage),
                        group["count"],
                        self._named(name, stage),
                    ),
                )
            ],
        )

    @api.model
    def _amounts(self, domain, rows):
        names = {
            "expected_revenue": self.env._("Expected Revenue"),
            "prorated_revenue": self.env._("Weighted Revenue"),
        }
        return self._bars(
            "stage_amounts",
            self.env._("Revenue by Stage"),
            rows,
            [
                (
                    name,
                    lambda stage, group, field=field, name=name: self._amount(
                        False,
                        self._in(domain, stage),
                        group,
                        field,
                        name=self._named(name, stage),
                    ),
                )
                for field, name in names.items()
            ],
        )

    @api.model
    def _bars(self, key, title, rows, series):
        return self._section(
            key,
            title,
            "bars",
            empty=self.env._("Nothing is open."),
            horizontal=True,
            stacked=False,
            labels=[self._stage_name(stage) for stage, _group in rows],
            series=[
                {
                    "name": name,
                    "tone": False,
                    "points": [point(stage, group) for stage, group in rows],
                }
                for name, point in series
            ],
        )

    @api.model
    def _stage_name(self, stage):
        return stage.name or self.env._("None")

    @api.model
    def _named(self, name, stage):
        """:return: title of the page that a bar opens"""
        return f"{name}, {self._stage_name(stage)}"

    @api.model
    def _in(self, domain, stage):
        return domain & Domain("stage_id", "=", stage.id)
