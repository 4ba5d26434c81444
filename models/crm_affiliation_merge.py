from datetime import date

from odoo import api, models

from .crm_affiliation import CONTACT_DATA


class CrmAffiliationMerge(models.AbstractModel):
    """Keeps affiliations right when partners are merged.

    *Lifecycle.* `_before_merge` is called before Odoo moves everything to the partner
    that stays, by SQL, `_after_merge` when that is done.

    *Invariants.* No unique index of affiliations is broken on the way, and none of the
    contact's organizations is lost: not those that employed one of the merged, nor a
    period in one of them.
    """

    _name = "crm.affiliation.merge"
    _description = "Merge of Affiliations"

    @api.model
    def _before_merge(self, sources, target):
        """Partners are about to be merged by SQL, which knows no invariants of ours:
        leave nothing that would break one.

        Periods of the same contact in the same organization that overlap become one.
        Who was employed here and there keeps both organizations.
        """
        # sudo: who may merge partners merges all that belongs to them
        merge = self.sudo()
        merged = dict.fromkeys(sources | target, target)
        merge._keep_employers_of_merged(sources, target)
        ids = (sources | target).ids
        affected = merge.env["crm.affiliation"].search(
            ["|", ("contact_id", "in", ids), ("organization_id", "in", ids)]
        )
        pairs = affected.grouped(
            lambda row: (
                merged.get(row.contact_id, row.contact_id),
                merged.get(row.organization_id, row.organization_id),
            )
        )
        for (contact, organization), group in pairs.items():
            if contact == organization:
                group.unlink()
            else:
                merge._merge_periods(group)
        self.env.flush_all()

    @api.model
    def _keep_employers_of_merged(self, sources, target):
        """The merged contact has one employer, as Odoo decides it; the others stay his
        organizations."""
        contacts = (sources[::-1] | target).filtered("parent_id")
        contacts = (target & contacts) | contacts
        employer = contacts[:1]._crm_organization()
        Affiliation = self.env["crm.affiliation"]
        Affiliation.create(
            [
                Affiliation._prepare_employer_vals(contact)
                for contact in contacts[1:]
                if (own := contact._crm_organization())
                and own != employer
                and not Affiliation._open_row(contact, own)
            ]
        )
        main = Affiliation._open_main(sources | target)
        keep = main.filtered(lambda row: row.organization_id == employer)[:1]
        (main - keep).write({"is_main": False})

    @api.model
    def _merge_periods(self, rows):
        """Make one row of those whose periods overlap: it begins with the earliest, is
        open if one is, and has what is not empty in one of them."""
        kept = rows.browse()
        for row in rows.sorted(lambda row: (row.date_from or date.min, row.id)):
            overlaps = (row.date_from or date.min) <= (kept.date_to or date.max)
            kept = self._merge_into_one(kept | row) if kept and overlaps else row

    @api.model
    def _merge_into_one(self, rows):
        """:return: the row that stays: an open one, a main one, the later one"""
        first, second = rows
        stays = rows.sorted(lambda row: (not row.date_to, row.is_main))[-1]
        other = rows - stays
        vals = {
            name: stays._fields[name].convert_to_write(other[name], other)
            for name in CONTACT_DATA
            if other[name] and not stays[name]
        }
        vals["date_from"] = first.date_from and min(first.date_from, second.date_from)
        if stays.date_to:
            vals["date_to"] = max(rows.mapped("date_to"))
        other.unlink()
        stays.write(vals)
        return stays

    @api.model
    def _after_merge(self, target):
        """What SQL has changed is worked out again."""
        # sudo: as in _before_merge
        Affiliation = self.env["crm.affiliation"].sudo()
        rows = Affiliation.search([("contact_id", "=", target.id)])
        for name in CONTACT_DATA:
            self.env.add_to_compute(rows._fields[name], rows)
