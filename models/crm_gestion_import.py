from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL, email_normalize

from ..tools.matching import plain, same_tax_id, tax_id, without_country

COLUMNS = ("organization_id", "contact_id")


class CrmGestionImport(models.AbstractModel):
    """Finds the customers that a file of gestiones names.

    A cell names an organization or contact by its code, its tax id, its e-mail or its
    name, tried in this order; a contact is looked for within the organization of its
    row first. What is found goes on to Odoo's import as a database id. Who is not
    found, or not alone, is an error of its row, and then nothing is loaded: neither a
    wrong customer nor half a file.

    Customers of the whole file are read at once, with the rights of who imports.
    """

    _name = "crm.gestion.import"
    _description = "Import of Interactions"

    @api.model
    def _resolve(self, fields, data):
        """
        :param fields: names of the columns, as ``load`` has them
        :param data: rows of texts
        :return: fields, data and messages, as ``load`` takes and returns them; with a
            message nothing is to be loaded
        """
        places = {name: fields.index(name) for name in COLUMNS if name in fields}
        messages = self._check_references(fields, data)
        if not places:
            return fields, data, messages
        texts = {row[place] for row in data for place in places.values()}
        partners = self._candidates({text for text in texts if plain(text)})
        indexes = {
            "organization_id": self._index(partners.filtered("is_company")),
            "contact_id": self._index(partners.filtered(lambda p: not p.is_company)),
        }
        resolved = []
        for number, row in enumerate(data):
            cells, organization = list(row), None
            for name, place in places.items():
                found, error = self._find(row[place], indexes[name], organization)
                if error:
                    messages.append(self._message(number, name, error))
                organization = found
                cells[place] = str(found.id) if found else ""
            resolved.append(cells)
        fields = [f"{name}/.id" if name in places else name for name in fields]
        return fields, resolved, sorted(messages, key=lambda m: m["record"])

    @api.model
    def _candidates(self, texts):
        """:return: the customers that any of these texts may mean, in one query"""
        numbers = [tax_id(text) for text in texts]
        self.env["res.partner"].flush_model()
        vat = SQL("upper(regexp_replace(vat, '[^0-9A-Za-z]', '', 'g'))")
        names = [plain(text) for text in texts]
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM res_partner
                    WHERE active
                      AND (lower(ref) = ANY(%(names)s)
                           OR email_normalized = ANY(%(emails)s)
                           OR lower(name) = ANY(%(names)s)
                           OR lower(complete_name) = ANY(%(names)s)
                           OR %(vat)s = ANY(%(numbers)s)
                           OR substr(%(vat)s, 3) = ANY(%(numbers)s))""",
                names=names,
                emails=[email_normalize(text) or "" for text in texts],
                vat=vat,
                numbers=[*numbers, *(without_country(number) for number in numbers)],
            )
        )
        # through the ORM: who imports finds those whom he may read
        return self.env["res.partner"].search([("id", "in", [row[0] for row in rows])])

    @api.model
    def _index(self, partners):
        """:return: dict (what it is, value) -> partners"""
        index = {}
        for partner in partners:
            keys = {
                ("ref", plain(partner.ref)),
                ("email", partner.email_normalized),
                ("name", plain(partner.name)),
                ("name", plain(partner.complete_name)),
            }
            # contacts and branches have the number of their company
            if partner.vat and not partner.parent_id:
                keys.add(("vat", without_country(tax_id(partner.vat))))
            for key in keys:
                if key[1]:
                    index[key] = index.get(key, partner.browse()) | partner
        return index

    @api.model
    def _find(self, text, index, organization):
        """
        :param organization: within which it is looked for first, if any
        :return: the partner that a text means, and what is wrong with it, or False
        """
        nobody = self.env["res.partner"]
        if not plain(text):
            return nobody, False
        for key in self._keys(text):
            found = index.get(key, nobody)
            if key[0] == "vat":
                found = found.filtered(lambda p: same_tax_id(p.vat, text))
            if organization:
                inside = found.filtered(
                    lambda p: p.commercial_partner_id == organization
                )
                found = inside or found
            if len(found) == 1:
                return found, False
            if found:
                return nobody, self.env._(
                    "“%s” means several: name it by its code, tax id or e-mail.", text
                )
        return nobody, self.env._(
            "“%s” is nobody's code, tax id, e-mail or name here: "
            "correct it, or create the record first.",
            text,
        )

    @api.model
    def _keys(self, text):
        return [
            ("ref", plain(text)),
            ("vat", without_country(tax_id(text))),
            ("email", email_normalize(text)),
            ("name", plain(text)),
        ]

    @api.model
    def _check_references(self, fields, data):
        """:return: messages of the rows that are here already, or twice in the file.
        Rows that name the gestión they are of correct it."""
        if "external_ref" not in fields or {"id", ".id"} & set(fields):
            return []
        place = fields.index("external_ref")
        given = {row[place] for row in data if row[place]}
        # sudo: a reference is taken, whoever has it
        Gestion = self.env["crm.gestion"].sudo()
        there = Gestion.search_fetch(
            Domain("external_ref", "in", list(given)), ["external_ref"]
        )
        seen, messages = set(there.mapped("external_ref")), []
        for number, row in enumerate(data):
            if row[place] in seen:
                error = self.env._(
                    "The external reference “%s” is imported already, or twice in the "
                    "file: take this row out.",
                    row[place],
                )
                messages.append(self._message(number, "external_ref", error))
            elif row[place]:
                seen.add(row[place])
        return messages

    @api.model
    def _message(self, number, name, text):
        label = self.env["crm.gestion"]._fields[name]._description_string(self.env)
        return {
            "type": "error",
            "record": number,
            "rows": {"from": number, "to": number},
            "field": name,
            "field_name": label,
            "message": text,
            # of several errors in one column the screen shows this and the row only
            "value": text,
        }
