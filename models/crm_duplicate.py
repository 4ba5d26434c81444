from odoo import api, models
from odoo.tools import SQL

# How many of those who share one value are looked at.
LIMIT = 10

# A tax id is written in many ways; this one is indexed (`res.partner._crm_vat_idx`).
PLAIN_VAT = SQL("upper(regexp_replace(p.vat, '[^A-Za-z0-9]', '', 'g'))")


class CrmDuplicate(models.AbstractModel):
    """Finds organizations and contacts that may be there already: with the same tax id,
    e-mail or phone.

    *Invariants.* Only indexed columns are asked, one query for a whole batch, and at
    most ``LIMIT`` partners for a value: what a thousand share tells nobody apart.
    Nobody is told of a partner that he may not read. Archived ones count, so that they
    are restored and not entered anew.

    Within one account the phone may be shared and the organization's e-mail may be its
    contact's; two persons with one e-mail are suspicious there too.
    """

    _name = "crm.duplicate"
    _description = "Duplicates of Organizations and Contacts"

    @api.model
    def _find(self, partners):
        """
        :param partners: saved ones, or those of a form that is being filled in
        :return: dict partner -> partners that may be the same
        """
        keys = {partner: self._keys(partner) for partner in partners}
        found = self._with_keys(set().union(*keys.values()))
        readable = self._readable(found)
        none = self.env["res.partner"]
        return {
            partner: none.union(
                *(
                    other
                    for key in own
                    for other in readable.browse(found.get(key, ()))
                    if other in readable and self._is_suspicious(partner, other, key[0])
                )
            )
            for partner, own in keys.items()
        }

    @api.model
    def _keys(self, partner):
        """:return: set of pairs of a kind of value and the value, as it is indexed"""
        if partner.type != "contact":
            return set()  # addresses repeat what their owner has
        keys = {
            ("email", partner.email_normalized),
            ("phone", partner.phone_sanitized),
        }
        if partner.is_company or not partner.parent_id:
            keys |= {("vat", vat) for vat in self._vats(partner)}
        return {key for key in keys if key[1]}

    @api.model
    def _vats(self, partner):
        """:return: set of the ways to write a tax id, with its country and without"""
        vat = "".join(filter(str.isalnum, partner.vat or "")).upper()
        if len(vat) < 2:  # "/": not subject to tax
            return set()
        code = partner.country_id.code or ""
        prefix = vat[:2] if vat[:2].isalpha() else code
        return {vat, prefix + vat.removeprefix(prefix), vat.removeprefix(prefix)} - {""}

    @api.model
    def _with_keys(self, keys):
        """
        The order is an expression: by the column itself PostgreSQL, which knows little
        of how often a tax id occurs, would go through all partners by their key.

        :return: dict key -> list of ids of the partners that have it
        """
        if not keys:
            return {}
        self.env["res.partner"].flush_model(
            ["email_normalized", "phone_sanitized", "vat"]
        )
        columns = {
            "email": SQL("p.email_normalized"),
            "phone": SQL("p.phone_sanitized"),
            "vat": PLAIN_VAT,
        }
        queries = [
            SQL(
                """SELECT %(kind)s, k.value, m.id
                     FROM unnest(%(values)s) AS k(value)
               CROSS JOIN LATERAL (
                          SELECT p.id FROM res_partner p
                           WHERE %(column)s = k.value
                           ORDER BY p.id + 0 LIMIT %(limit)s) m""",
                kind=kind,
                values=[value for own, value in sorted(keys) if own == kind],
                column=column,
                limit=LIMIT,
            )
            for kind, column in columns.items()
            if any(own == kind for own, _value in keys)
        ]
        found = {}
        for kind, value, partner_id in self.env.execute_query(
            SQL(" UNION ALL ").join(queries)
        ):
            found.setdefault((kind, value), []).append(partner_id)
        return found

    @api.model
    def _readable(self, found):
        partners = self.env["res.partner"].with_context(active_test=False)
        ids = set().union(*found.values())
        return partners.search_fetch(
            [("id", "in", list(ids)), ("type", "=", "contact")],
            ["commercial_partner_id", "is_company"],
        )

    @api.model
    def _is_suspicious(self, partner, other, kind):
        if other == partner._origin:
            return False
        if kind == "vat" and other != other.commercial_partner_id:
            return False  # contacts have the tax id of their organization
        account = partner.parent_id.commercial_partner_id
        if partner.is_company or not account:
            account = partner._origin
        if other.commercial_partner_id != account:
            return True
        return kind == "email" and not (partner.is_company or other.is_company)
