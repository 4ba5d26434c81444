from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CrmOrigination(models.Model):
    """Channel through which a contact or an opportunity arrived.

    Odoo's own ``utm.source`` and ``utm.medium`` fill up with whatever links and
    mailings bring. An origination is the clean name over them: several sources and
    media lead to one origination, and each of them to one only. An enquiry that arrives
    with a mapped source gets its origination; an opportunity that is given an
    origination gets its first source and medium, so that Odoo's own marketing figures
    stay right.
    """

    _name = "crm.origination"
    _description = "Origination"
    _inherit = "crm.master.mixin"
    _order = "sequence, id"

    has_referrer = fields.Boolean(
        string="Asks Who Referred",
        help="A customer with this origination was sent by somebody: ask by whom.",
    )
    source_ids = fields.Many2many(
        comodel_name="utm.source",
        relation="crm_origination_utm_source_rel",
        copy=False,
        string="Sources",
        help="Odoo sources that mean this origination. "
        "The first one is given to opportunities that have none.",
    )
    medium_ids = fields.Many2many(
        comodel_name="utm.medium",
        relation="crm_origination_utm_medium_rel",
        copy=False,
        string="Media",
        help="Odoo media that mean this origination, where the source says nothing. "
        "The first one is given to opportunities that have none.",
    )

    @api.constrains("source_ids", "medium_ids")
    def _check_mapped_once(self):
        """A source or medium in two originations would make the answer a matter of
        chance. Not an SQL constraint: a unique column in a relation table would make
        Odoo's own writes of the relation fail half-way."""
        for name in ("source_ids", "medium_ids"):
            for mapped, originations in self._group_by_mapped(name).items():
                if len(originations) > 1:
                    raise ValidationError(
                        self.env._(
                            "%(mapped)s already leads to %(origination)s: "
                            "take it off there first.",
                            mapped=mapped.display_name,
                            origination=(originations - self)[:1].name
                            or originations[0].name,
                        )
                    )

    def _group_by_mapped(self, name):
        """
        :return: dict of source or medium -> originations that map it, for the
            sources or media of these originations
        """
        mapped = self[name]
        originations = self.with_context(active_test=False).search(
            [(name, "in", mapped.ids)]
        )
        return {
            record: originations.filtered(lambda o, r=record: r in o[name])
            for record in mapped
        }

    @api.model
    def _by_utm(self, sources, media):
        """Find the originations of native sources and media.

        :return: two dicts, ``utm.source`` id -> origination, ``utm.medium`` id ->
            origination; without an entry where nothing is mapped
        """
        originations = self.search(
            ["|", ("source_ids", "in", sources.ids), ("medium_ids", "in", media.ids)]
        )
        by_source = {s.id: o for o in originations for s in o.source_ids}
        by_medium = {m.id: o for o in originations for m in o.medium_ids}
        return by_source, by_medium

    def _prepare_utm_vals(self):
        """
        :return: values of ``utm.mixin`` fields that a record of this origination
            gets where it has none of its own
        """
        self.ensure_one()
        vals = {
            "source_id": self.source_ids[:1].id,
            "medium_id": self.medium_ids[:1].id,
        }
        return {name: value for name, value in vals.items() if value}

    @api.model
    def _complete_utm_vals(self, vals_list):
        """Complete values of new records in place: who names an origination and no
        source or medium gets those of the origination."""
        ids = {
            vals["origination_id"] for vals in vals_list if vals.get("origination_id")
        }
        # sudo: which source stands for an origination is the director's affair
        for origination in self.sudo().browse(ids):
            utm = origination._prepare_utm_vals()
            for vals in vals_list:
                if vals.get("origination_id") == origination.id:
                    vals.update({k: v for k, v in utm.items() if not vals.get(k)})

    @api.model
    def _complete_utm(self, leads):
        """Give opportunities that have no source or medium those of their
        origination."""
        # sudo: as above
        for origination, group in leads.grouped("origination_id").items():
            for name, value in origination.sudo()._prepare_utm_vals().items():
                group.filtered(lambda lead, n=name: not lead[n]).write({name: value})
