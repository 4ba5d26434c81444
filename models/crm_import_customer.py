from collections import namedtuple

from odoo import api, models

from ..tools.matching import plain

PLACE = {"street", "street2", "zip", "city", "state", "country"}
# Of a lead with a person, what is its organization's, and of these what is shared.
OF_ORGANIZATION = PLACE | {"website", "market"}
SHARED = {"origination", "owner", "created", "row"}
# What the loaders of partners look for others by.
Wanted = namedtuple("Wanted", ["values"])


class CrmImportCustomer(models.AbstractModel):
    """Makes potential customers of leads: an organization with its contact, either of
    which may be here.

    The record of the row is the person, else the organization. An organization that was
    made for a person gets a row of its own, for the import must know all that it made.
    """

    _name = "crm.import.customer"
    _description = "Leads That Become Customers"

    @api.model
    def _match(self, job, rows):
        """
        :return: dict row -> the person, else the organization, who is here already
        """
        Lead = self.env["crm.import.loader.lead"]
        people = rows.filtered(lambda row: Lead._person(row.values))
        matched = {}
        for entity, group in (("contact", people), ("organization", rows - people)):
            wanted = [self._texts(row.values, entity) for row in group]
            found = self._found(job, entity, wanted)
            matched |= {row: p for row, p in zip(group, found, strict=True) if p}
        return matched

    @api.model
    def _texts(self, values, entity):
        """:return: values by which a partner is found"""
        organization = values.get("organization_name") or ""
        if entity == "organization":
            return {"name": organization, "email": values.get("email")}
        name = self.env["crm.import.loader.lead"]._person(values)
        return {
            "name": name,
            "email": values.get("email"),
            "organization": organization,
        }

    @api.model
    def _make(self, job, values_list):
        """
        :param values_list: values of `crm.import.loader.lead`
        :return: the partner of each, in this order
        """
        organizations = self._organizations(job, values_list)
        people = self._people(job, values_list, organizations)
        return self.env["res.partner"].browse(
            (person or organization).id
            for person, organization in zip(people, organizations, strict=True)
        )

    @api.model
    def _organizations(self, job, values_list):
        """:return: list of the organization of each, empty where it has none"""
        wanted = [self._organization_vals(job, values) for values in values_list]
        partners, made = self._found_or_made(job, "organization", wanted, wanted)
        beside = {
            partner: values for partner, values in made.items() if values["has_person"]
        }
        self.env["crm.import.row"]._add_beside(
            "organization",
            {
                partner: (values["row"], values["name"])
                for partner, values in beside.items()
            },
        )
        Loader = self.env["crm.import.loader.organization"]
        Loader._subscribe(self.env["res.partner"].union(*beside))
        Loader._backdate(
            {
                partner: values["created"]
                for partner, values in beside.items()
                if values.get("created")
            }
        )
        return partners

    @api.model
    def _organization_vals(self, job, values):
        Lead = self.env["crm.import.loader.lead"]
        person = Lead._person(values)
        vals = {**values, "description": Lead._about(job, values)}
        if person:
            names = OF_ORGANIZATION | SHARED
            vals = {name: value for name, value in values.items() if name in names}
        for name in ("first_name", "last_name"):
            vals.pop(name, None)
        return {
            **vals,
            "name": values.get("organization_name"),
            "has_person": bool(person),
        }

    @api.model
    def _people(self, job, values_list, organizations):
        """:return: list of the person of each, empty where it names none"""
        Lead = self.env["crm.import.loader.lead"]
        wanted, ready = [], []
        for values, organization in zip(values_list, organizations, strict=True):
            left_out = OF_ORGANIZATION if organization else {"website", "market"}
            vals = {
                name: value for name, value in values.items() if name not in left_out
            }
            vals |= {
                "name": Lead._person(values),
                "description": Lead._about(job, values),
            }
            for name in ("first_name", "last_name"):
                vals.pop(name, None)
            wanted.append({**vals, "organization": organization.name or ""})
            ready.append({**vals, "organization": organization})
        partners, _made = self._found_or_made(job, "contact", wanted, ready)
        return partners

    @api.model
    def _found_or_made(self, job, entity, wanted, ready):
        """Find partners or make them; rows of the same one share it.

        :param wanted: list of values by which they are found, none without a name
        :param ready: list of values of which they are made
        :return: list of partners, and dict of those that were made -> their values
        """
        Loader = self.env[f"crm.import.loader.{entity}"]
        found = self._found(job, entity, wanted)
        new = {}
        for partner, look, values in zip(found, wanted, ready, strict=True):
            if look["name"] and not partner:
                new.setdefault(self._key(look), values)
        made = Loader._make(job, list(new.values())) if new else found[:0]
        by_key = dict(zip(new, made, strict=True))
        partners = [
            partner or by_key.get(self._key(look), partner)
            for partner, look in zip(found, wanted, strict=True)
        ]
        return partners, dict(zip(made, new.values(), strict=True))

    @api.model
    def _found(self, job, entity, wanted):
        """:return: list of the partners that are here, empty where one is not"""
        Loader = self.env[f"crm.import.loader.{entity}"]
        candidates = Loader._candidates(
            job, [Wanted(values) for values in wanted if values["name"]]
        )
        return [self._same(Loader, values, candidates) for values in wanted]

    @api.model
    def _same(self, Loader, values, candidates):
        """:return: the one partner that is here already"""
        nobody = self.env["res.partner"]
        if not values["name"]:
            return nobody
        keys = Loader._keys(values)
        same = {
            partner
            for key in keys
            for partner in candidates.get(key, ())
            if Loader._is_same(partner, values)
        }
        return same.pop() if len(same) == 1 else nobody

    @api.model
    def _key(self, values):
        names = ("name", "organization", "email")
        return tuple(plain(values.get(name)) for name in names)
