from odoo import api, models
from odoo.fields import Command

from ..tools.matching import plain, tax_id, without_country


class CrmImportLoaderOrganization(models.AbstractModel):
    """Organizations: with their address, that of their deliveries where it is another,
    and what else the files know in the notes. Who belongs to a group becomes a branch
    of it once all are there."""

    _name = "crm.import.loader.organization"
    _inherit = "crm.import.loader.partner"
    _description = "Loader of Organizations"

    @api.model
    def _is_same(self, partner, values):
        """The tax id tells, else the e-mail and the name, else the name alone where
        the file has neither."""
        vat, email = tax_id(values.get("vat")), plain(values.get("email"))
        if vat and partner.vat:
            return without_country(tax_id(partner.vat)) == without_country(vat)
        if plain(partner.name) != plain(values.get("name")):
            return False
        return not (email and partner.email) or plain(partner.email) == email

    @api.model
    def _make(self, job, values_list):
        countries = self._countries(values_list)
        vals_list = []
        for values in values_list:
            vals = {
                **self._common(job, values),
                **self._address(values, countries),
                "is_company": True,
                "name": values["name"],
                "vat": values.get("vat") or False,
                "website": values.get("website") or False,
                "market_id": (values.get("market") or self.env["crm.market"]).id,
                "comment": self._comment(values, "email2", "phone2"),
            }
            if delivery := self._delivery(values, countries):
                vals["child_ids"] = [Command.create(delivery)]
            vals_list.append(vals)
        partners = self._create_partners(vals_list)
        self._object(job, partners, values_list)
        return partners

    @api.model
    def _delivery(self, values, countries):
        """:return: values of another address for deliveries, or None"""
        there = {
            name.removeprefix("delivery_"): value
            for name, value in values.items()
            if name.startswith("delivery_") and value
        }
        differs = any(there.get(name) != values.get(name) for name in there)
        if not differs:
            return None
        return {**self._address(there, countries), "type": "delivery"}

    @api.model
    def _finish(self, job):
        """Who belongs to whom, where neither did before."""
        self._link(job, "parent", "parent_id")

    @api.model
    def _link_one(self, target, field, pairs):
        """A company of a group keeps its own address, in the place of which Odoo puts
        that of the group."""
        fields_ = self.env["res.partner"]._address_fields()
        own = {
            partner: {name: partner[name] for name in fields_}
            for _row, partner in pairs
            if any(partner[name] for name in fields_)
        }
        told = super()._link_one(target, field, pairs)
        for partner, address in own.items():
            # not `write`, which would give it to the group too
            partner._update_address(partner._convert_to_write(address))
        return told
