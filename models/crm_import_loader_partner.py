from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import email_normalize, plaintext2html

from ..tools.matching import plain, tax_id, without_country

BATCH = 500
PLACE = ("street", "street2", "zip", "city")


class CrmImportLoaderPartner(models.AbstractModel):
    """What organizations and contacts have in common: how they are recognized, their
    address, their wish to get no mailings."""

    _name = "crm.import.loader.partner"
    _inherit = "crm.import.loader"
    _description = "Loader of Partners"

    # === RECOGNIZING === #

    @api.model
    def _match(self, job, rows):
        """By what an earlier import made of them, else by what they are. Who is in
        doubt is made: two records are merged more easily than one is taken apart."""
        found = self._by_reference(job, rows)
        others = rows.filtered(lambda row: row not in found)
        candidates = self._candidates(job, others)
        mine = self._own(job)
        for row in others:
            keys = self._keys(row.values)
            here = {p for key in keys for p in candidates.get(key, ())} - mine
            same = [p for p in here if self._is_same(p, row.values)]
            if len(same) == 1:
                found[row] = same[0]
        return found

    @api.model
    def _own(self, job):
        """:return: set of the partners that this import made itself: rows of one file
        are several, however alike"""
        rows = self.env["crm.import.row"].search_fetch(
            [
                ("import_id", "=", job.id),
                ("entity", "=", self._entity()),
                ("state", "=", "made"),
            ],
            ["res_id"],
        )
        return set(self.env["res.partner"].browse(rows.mapped("res_id")))

    @api.model
    def _keys(self, values):
        """:return: list of what a partner with these values is found by"""
        keys = [
            ("vat", without_country(tax_id(values.get("vat")))),
            ("email", email_normalize(values.get("email") or "")),
            ("name", plain(self._full_name(values))),
        ]
        return [key for key in keys if key[1]]

    @api.model
    def _full_name(self, values):
        return values.get("name") or " ".join(
            filter(None, [values.get("first_name"), values.get("last_name")])
        )

    @api.model
    def _candidates(self, job, rows):
        """:return: dict key -> list of partners, in one search for all rows"""
        vats, emails, names = set(), set(), set()
        country = job.company_id.country_id.code or ""
        for row in rows:
            values = row.values
            vat = tax_id(values.get("vat"))
            vats |= {vat, without_country(vat), country + without_country(vat)}
            emails.add(email_normalize(values.get("email") or ""))
            names.add(self._full_name(values))
        empty = {None, False, ""}
        domain = Domain("name", "in", list(names - empty))
        domain |= Domain("email_normalized", "in", list(emails - empty))
        found = self.env["crm.duplicate"]._with_keys(
            {("vat", vat) for vat in vats if len(vat) > 2}
        )
        domain |= Domain("id", "in", [i for ids in found.values() for i in ids])
        domain &= Domain("is_company", "=", self._entity() == "organization")
        domain &= Domain("type", "=", "contact")
        domain &= Domain("company_id", "in", [False, job.company_id.id])
        partners = self.env["res.partner"].with_context(active_test=False)
        found = {}
        for partner in partners.search(domain, order="active desc, id"):
            keys = {
                ("email", partner.email_normalized),
                ("name", plain(partner.name)),
            }
            if not partner.parent_id:
                keys.add(("vat", without_country(tax_id(partner.vat))))
            for key in keys:
                if key[1]:
                    found.setdefault(key, []).append(partner)
        return found

    @api.model
    def _is_same(self, partner, values):
        raise NotImplementedError

    # === MAKING === #

    @api.model
    def _lacks(self, values):
        if not self._full_name(values):
            return self.env._("The name is missing.")
        return False

    @api.model
    def _create_partners(self, vals_list):
        """As Odoo's own import does: what contacts share with their organization is
        written once for all of them."""
        return self.env["res.partner"]._load_records_create(vals_list)

    @api.model
    def _common(self, job, values):
        """:return: values that organizations and contacts have"""
        owner = values.get("owner") or self.env["res.users"]
        phone = values.get("phone") or values.get("mobile") or values.get("phone2")
        return {
            "company_id": False,
            "email": values.get("email") or values.get("email2") or False,
            "phone": phone or False,
            "user_id": owner.id,
            "origination_id": (
                values.get("origination") or self.env["crm.origination"]
            ).id,
        }

    @api.model
    def _comment(self, values, *names):
        """:return: the notes; further addresses and numbers stay there"""
        labels = {
            "email2": self.env._("Second e-mail: %s"),
            "phone2": self.env._("Second phone: %s"),
            "mobile": self.env._("Mobile: %s"),
            "department": self.env._("Department: %s"),
            "warning": "%s",
        }
        used = {values.get("email"), values.get("phone")}
        kept = {
            name: labels[name] % values[name]
            for name in names
            if values.get(name) and values[name] not in used
        }
        text = self._notes({**values, **kept}, *kept)
        return plaintext2html(text) if text else False

    @api.model
    def _countries(self, values_list):
        """
        :return: dict of the names of countries and (country, name of a state) ->
            records, in one query each
        """
        Country = self.env["res.country"]
        found = {}
        for lang, _name in self.env["res.lang"].get_installed():
            for country in Country.with_context(lang=lang).search([("id", ">", 0)]):
                found[plain(country.name)] = country
                found.setdefault(plain(country.code), country)
        texts = {
            value
            for values in values_list
            for name, value in values.items()
            if name in ("state", "delivery_state") and value
        }
        states = self.env["res.country.state"].search([("name", "in", list(texts))])
        for state in states:
            found[state.country_id, plain(state.name)] = state
        return found

    @api.model
    def _address(self, values, countries):
        """:return: values of an address. A country or province that Odoo does not know
        stays readable in the second line."""
        country = countries.get(plain(values.get("country")))
        state = countries.get((country, plain(values.get("state"))))
        unknown = [
            values.get(name)
            for name, record in (("state", state), ("country", country))
            if values.get(name) and not record
        ]
        second = [values.get("street2"), *unknown]
        return {
            **{name: values.get(name) or False for name in PLACE},
            "street2": ", ".join(filter(None, second)) or False,
            "country_id": country.id if country else False,
            "state_id": state.id if state else False,
        }

    @api.model
    def _object(self, job, partners, values_list):
        """Who wants no mailings gets none: his word is kept, and Odoo's own list of
        addresses that are never written to."""
        unwilling = [
            partner
            for partner, values in zip(partners, values_list, strict=True)
            if values.get("opt_out")
        ]
        if not unwilling:
            return
        self.env["crm.mailing.consent"].create(
            [
                {
                    "partner_id": partner.id,
                    "kind": "withdrawn",
                    "date": fields.Datetime.now(),
                    "source": "import",
                }
                for partner in unwilling
            ]
        )
        self._block(job, {partner.email_normalized for partner in unwilling})

    # === WHO BELONGS TO WHOM === #

    @api.model
    def _link(self, job, name, field):
        """Write of partners that this import made who is above them; a circle stays
        open at the record that would close it, and its row says so."""
        for rows in self._batches(job, name):
            above, told = {}, []
            read = self._resolve(job, rows, finishing=True)
            for row, (values, reason) in zip(rows, read, strict=True):
                partner = self.env["res.partner"].browse(row.res_id)
                target = values.get(name)
                if reason:
                    told.append((row, "made", reason, partner))
                elif target and target != partner:
                    above.setdefault(target, []).append((row, partner))
            for target, pairs in above.items():
                told += self._link_one(target, field, pairs)
            rows._tell(told)

    @api.model
    def _link_one(self, target, field, pairs):
        """:return: what to tell of the rows that could not be linked"""
        partners = self.env["res.partner"].union(*(partner for _row, partner in pairs))
        try:
            with self.env.cr.savepoint():
                partners.write({field: target.id})
                # what the savepoint itself flushes has no context, and is told
                self.env.flush_all()
        except ValidationError as error:
            if len(pairs) == 1:
                row, partner = pairs[0]
                return [(row, "made", error.args[0], partner)]
            return [
                told for pair in pairs for told in self._link_one(target, field, [pair])
            ]
        return []

    @api.model
    def _batches(self, job, name):
        """:return: generator of the rows of this entity that this import made and that
        have this value"""
        last = 0
        while True:
            rows = self.env["crm.import.row"].search(
                [
                    ("import_id", "=", job.id),
                    ("entity", "=", self._entity()),
                    ("state", "=", "made"),
                    ("id", ">", last),
                ],
                order="id",
                limit=BATCH,
            )
            if not rows:
                return
            last = rows[-1].id
            yield rows.filtered(lambda row: row.values.get(name))
