from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL

MODELS = {
    "organization": "res.partner",
    "contact": "res.partner",
    "lead": "crm.lead",
    "opportunity": "crm.lead",
    "incident": "project.task",
    "campaign": "utm.campaign",
    "product": "product.product",
}
# Rows that have a record, or will have one.
ALIVE = ("read", "planned", "made", "matched")


class Found(NamedTuple):
    """What a name means: a record, or a row that is still to become one.

    `problem` is the sentence that says why it means nothing; without any of the three
    it was decided to leave it empty.
    """

    record: object = None
    row_id: int = 0
    problem: str = ""
    asked: bool = False


class CrmImportLookup(models.AbstractModel):
    """Finds what the rows of an import name, for a whole batch at once.

    A name is a row of the import, else a record that was here. Where it is several, who
    imports is asked, once for each name; nothing is guessed. Of persons of one name,
    the one of the organization that the row names is meant.
    """

    _name = "crm.import.lookup"
    _description = "Names in an Import"

    @api.model
    def _find(self, job, wanted):
        """
        :param job: `crm.import`
        :param wanted: set of (entity, name, name of the organization or "")
        :return: dict of these -> `Found`
        """
        found = {}
        for entity in {entity for entity, _name, _organization in wanted}:
            names = {name for other, name, _inside in wanted if other == entity}
            choices = self._choices(job, entity, names)
            rows = self._rows(job, entity, names)
            codes = {n for n in names - rows.keys() if self._is_code(entity, n)}
            if codes:
                rows |= self._rows_by_code(job, entity, codes)
            here = self._here(job, entity, names - rows.keys())
            if codes := codes - rows.keys() - here.keys():
                here |= self._here_by_code(job, entity, codes)
            asked = []
            for key in wanted:
                if key[0] == entity:
                    found[key] = self._meant(key, choices, rows, here)
                    if found[key] is None:
                        asked.append(key[1])
                        found[key] = Found(
                            problem=self._question(entity, key[1]), asked=True
                        )
            self._ask(job, entity, set(asked) - choices.keys())
        return self._together(found)

    @api.model
    def _together(self, found):
        """:return: the same, with records that are read together"""
        ids = {}
        for meant in found.values():
            if meant.record:
                ids.setdefault(meant.record._name, set()).add(meant.record.id)
        return {
            key: meant._replace(
                record=meant.record.with_prefetch(tuple(ids[meant.record._name]))
            )
            if meant.record
            else meant
            for key, meant in found.items()
        }

    @api.model
    def _choices(self, job, entity, names):
        """:return: dict name -> (choice, the record that it says is meant)"""
        choices = self.env["crm.import.choice"].search_fetch(
            [
                ("import_id", "=", job.id),
                ("kind", "=", entity),
                ("name", "in", list(names)),
            ],
            ["name", "action", "res_id", "row_id"],
        )
        Model = self.env[MODELS[entity]]
        # what a client says is meant may be anybody's, or gone
        records = Model.browse(choices.mapped("res_id")).exists()
        records = records._filtered_access("read")
        return {
            choice.name: (choice, records & Model.browse(choice.res_id))
            for choice in choices
        }

    @api.model
    def _rows(self, job, entity, names):
        """:return: dict name -> list of (row id, record or None, its organization)"""
        self.env["crm.import.row"].flush_model()
        rows = {}
        for row_id, name, model, res_id, inside in self.env.execute_query(
            SQL(
                """SELECT id, name, res_model, res_id, values->>'organization'
                     FROM crm_import_row
                    WHERE import_id = %s AND entity = %s AND name = ANY(%s)
                      AND state = ANY(%s)
                 ORDER BY id""",
                job.id,
                entity,
                list(names),
                list(ALIVE),
            )
        ):
            record = self.env[model].browse(res_id) if res_id else None
            rows.setdefault(name, []).append((row_id, record, inside or ""))
        return rows

    @api.model
    def _is_code(self, entity, name):
        """:return: whether a customer may be named by tax id, e-mail or code"""
        named = entity in ("organization", "contact")
        return named and ("@" in name or any(char.isdigit() for char in name))

    @api.model
    def _rows_by_code(self, job, entity, codes):
        """:return: as `_rows`"""
        rows = {}
        for row_id, code, model, res_id, inside in self.env.execute_query(
            SQL(
                """SELECT row.id, code, res_model, res_id, values->>'organization'
                     FROM crm_import_row row JOIN unnest(%s) code
                       ON lower(code) IN (lower(values->>'email'),
                                          lower(values->>'vat'))
                    WHERE import_id = %s AND entity = %s AND state = ANY(%s)
                 ORDER BY row.id""",
                list(codes),
                job.id,
                entity,
                list(ALIVE),
            )
        ):
            record = self.env[model].browse(res_id) if res_id else None
            rows.setdefault(code, []).append((row_id, record, inside or ""))
        return rows

    @api.model
    def _here_by_code(self, job, entity, codes):
        """:return: as `_here`, as gestiones of a file find their customers"""
        Finder = self.env["crm.gestion.import"]
        partners = Finder._candidates(codes).filtered(
            lambda partner: (
                partner.is_company == (entity == "organization")
                and partner.company_id <= job.company_id
            )
        )
        index = Finder._index(partners)
        found = {}
        for code in codes:
            partner, _error = Finder._find(code, index, None)
            if partner:
                inside = partner.parent_id.name or ""
                found[code] = [(0, partner, inside)]
        return found

    @api.model
    def _here(self, job, entity, names):
        """:return: dict name -> list of (0, a record, its organization)"""
        if not names:
            return {}
        Model = self.env[MODELS[entity]].with_context(active_test=False)
        domain = [("name", "in", list(names))]
        if entity in ("organization", "contact"):
            domain += [
                ("is_company", "=", entity == "organization"),
                ("type", "=", "contact"),
                ("company_id", "in", [False, job.company_id.id]),
            ]
        elif entity in ("opportunity", "lead"):
            domain += [
                ("type", "=", entity),
                ("company_id", "in", [False, job.company_id.id]),
            ]
        elif entity == "incident":
            domain += [
                ("crm_is_incident", "=", True),
                ("company_id", "in", [False, job.company_id.id]),
            ]
        elif entity == "campaign":
            domain = [("title", "in", list(names))]
        found = {}
        for record in Model.search(domain, order="id"):
            name = record.title if entity == "campaign" else record.name
            inside = record.parent_id.name if entity == "contact" else ""
            found.setdefault(name, []).append((0, record, inside or ""))
        return found

    @api.model
    def _meant(self, key, choices, rows, here):
        """:return: `Found`, or None where who imports is to be asked"""
        entity, name, organization = key
        choice, meant = choices.get(name, (None, None))
        if choice and choice.action == "leave":
            return Found()
        if choice and choice.action == "use" and (choice.row_id or meant):
            # sudo: the rows of an import that the user works on
            row = choice.sudo().row_id
            if row.res_id:
                meant = self.env[row.res_model].browse(row.res_id)
            return Found(None if row and not row.res_id else meant, row.id)
        several = rows.get(name) or here.get(name) or []
        if organization and entity == "contact":
            inside = [one for one in several if one[2] == organization]
            several = inside or several
        if not several:
            return Found(
                problem=self.env._(
                    "“%s” is neither in the files nor here: add its file, or create "
                    "it first.",
                    name,
                )
            )
        records = {record for _row_id, record, _inside in several}
        if len(several) > 1 and not (len(records) == 1 and all(records)):
            return None
        row_id, record, _inside = several[0]
        return Found(record, row_id)

    @api.model
    def _question(self, entity, name):
        return self.env._(
            "Several are called “%s”: say under Questions which one is meant.", name
        )

    @api.model
    def _ask(self, job, entity, names):
        # sudo: questions are the import's to ask; who imports only answers them
        self.env["crm.import.choice"].sudo().create(
            [
                {"import_id": job.id, "kind": entity, "name": name, "asked": True}
                for name in sorted(names)
            ]
        )
