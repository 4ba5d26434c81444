from odoo import api, models
from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)

# Names of the saved filters that the reports come with.
NAMES = (
    _lt("Answers to Campaigns"),
    _lt("Bottlenecks"),
    _lt("Cohorts by Month of Creation"),
    _lt("Conversion by Origination"),
    _lt("E-mail by Campaign"),
    _lt("First and Last Touch by Campaign"),
    _lt("From Stage to Stage"),
    _lt("Open by Expected Closing"),
    _lt("ROI by Type of Campaign"),
    _lt("Results by Type"),
    _lt("Skips and Steps Back by Seller"),
    _lt("Target and Actual by Month"),
    _lt("Target and Actual by Salesperson"),
    _lt("What Sellers Achieve"),
    _lt("Why We Lose"),
)


class IrFilters(models.Model):
    """Saved filters of our reports in the language of who opens them."""

    _inherit = "ir.filters"

    @api.model
    def get_filters(self, model, *args, **kwargs):
        """A name is no translatable column in Odoo, and stays so: those that came with
        the reports are translated as they are shown, until somebody renames them."""
        filters = super().get_filters(model, *args, **kwargs)
        if not self._is_our_report(model):
            return filters
        lang = self.env.lang or "en_US"
        ours = {name._source: name._translate(lang) for name in NAMES}
        return [
            values | {"name": ours.get(values["name"], values["name"])}
            for values in filters
        ]

    @api.model
    def _is_our_report(self, model):
        return (
            model.endswith(".report")
            and model in self.env
            and (self.env[model]._original_module == "crm_gestion")
        )
