from typing import NamedTuple

from odoo import models


class Metric(NamedTuple):
    label: str
    is_money: bool = False


METRICS = {
    "sales": Metric("Confirmed Sales", True),
    "invoiced": Metric("Invoiced", True),
    "collected": Metric("Collected", True),
    "won": Metric("Won Opportunities"),
    "new_count": Metric("New Opportunities"),
    "new_amount": Metric("Amount of New Opportunities", True),
    "gestiones": Metric("Gestiones"),
    "proposals": Metric("Proposals Made"),
    "new_customers": Metric("New Customers"),
}
MONEY_METRICS = frozenset(key for key, metric in METRICS.items() if metric.is_money)


class CrmObjectiveFigure(models.AbstractModel):
    """Works out how far objectives are."""

    _name = "crm.objective.figure"
    _description = "Figure of an Objective"
