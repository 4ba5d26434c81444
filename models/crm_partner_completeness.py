from odoo import api, models

from ..tools.account import completeness

# What may count for the completeness of a file: field -> what it counts for.
FILE_FIELDS = {
    "vat": {"organization"},
    "email": {"organization", "contact"},
    "phone": {"organization", "contact"},
    "website": {"organization"},
    "street": {"organization"},
    "city": {"organization"},
    "country_id": {"organization"},
    "market_id": {"organization"},
    "origination_id": {"organization", "contact"},
    "user_id": {"organization"},
    "child_ids": {"organization"},
    "parent_id": {"contact"},
    "cargo_id": {"contact"},
}
PARAMETER = "crm_gestion.completeness_%s"
CURSOR_PARAMETER = "crm_gestion.completeness_cursor"
BATCH = 1000


class CrmPartnerCompleteness(models.AbstractModel):
    """How much of the file of an organization or contact is there, and what is missing.

    A director chooses which of `FILE_FIELDS` count for an organization and which for a
    contact. ``res.partner.completeness`` is stored: a field that counts changes it at
    once, another choice of what counts reaches everybody by a cron.
    """

    _name = "crm.partner.completeness"
    _description = "Completeness of Files"

    @api.model
    def _percentages(self, partners):
        """:return: dict partner -> percentage of what counts for him that is there"""
        with_contacts = self._with_contacts(partners)
        return {
            partner: completeness(
                self._has(partner, name, with_contacts) for name in names
            )
            for partner, names in self._counted_for(partners)
        }

    @api.model
    def _missing(self, partners):
        """:return: dict partner -> labels, in the user's language, of what counts for
        him and is not there; without fields that the user may not read"""
        labels = {
            name: field["string"]
            for name, field in partners.fields_get(FILE_FIELDS, ["string"]).items()
        }
        labels["child_ids"] = self.env._("Contacts")
        with_contacts = self._with_contacts(partners)
        return {
            partner: [
                labels[name]
                for name in names
                if name in labels and not self._has(partner, name, with_contacts)
            ]
            for partner, names in self._counted_for(partners)
        }

    @api.model
    def _counted_for(self, partners):
        """:return: pairs of each partner and the names of the fields that count"""
        for is_company, group in partners.grouped("is_company").items():
            names = self._counted("organization" if is_company else "contact")
            for partner in group:
                yield partner, names

    @api.model
    def _has(self, partner, name, with_contacts):
        return partner in with_contacts if name == "child_ids" else bool(partner[name])

    @api.model
    def _with_contacts(self, partners):
        """One query, which reads none of them: an organization may have thousands.

        :return: set of those of these partners that have contacts; addresses are none
        """
        stored = partners.filtered("id")
        groups = partners._read_group(
            [
                ("parent_id", "in", stored.ids),
                ("type", "=", "contact"),
                ("active", "=", True),
            ],
            ["parent_id"],
        )
        on_screen = (partners - stored).filtered(
            lambda partner: "contact" in partner.child_ids.mapped("type")
        )
        return {partner for (partner,) in groups}.union(on_screen)

    # === WHAT COUNTS === #

    @api.model
    def _may_count(self, kind):
        """
        :param str kind: ``organization`` or ``contact``
        :return: names of the fields that a director may choose for it
        """
        return [name for name, kinds in FILE_FIELDS.items() if kind in kinds]

    @api.model
    def _counted(self, kind):
        """:return: names of the fields that count for a kind, all by default"""
        # sudo: one setting
        params = self.env["ir.config_parameter"].sudo()
        chosen = params.get_param(PARAMETER % kind)
        if not chosen:
            return self._may_count(kind)
        # "-": nothing was chosen on purpose
        return [name for name in self._may_count(kind) if name in chosen.split(",")]

    @api.model
    def _choose(self, chosen):
        """Let other fields count, and queue the cron where that changes anything.

        :param dict chosen: kind -> names of fields; who calls has checked that the user
            may write settings
        """
        changed = {
            kind: names
            for kind, names in chosen.items()
            if set(names) != set(self._counted(kind))
        }
        if not changed:
            return
        # sudo: see above
        params = self.env["ir.config_parameter"].sudo()
        for kind, names in changed.items():
            params.set_param(PARAMETER % kind, ",".join(sorted(names)) or "-")
        params.set_param(CURSOR_PARAMETER, "0")
        self.env.ref("crm_gestion.ir_cron_completeness").sudo()._trigger()

    # === CRON === #

    @api.model
    def _recompute_all(self):
        """After installation, and after another choice of what counts: work the
        percentage out for everybody, in bounded batches.

        How far a run came is kept once at its end, so a crash repeats a part and loses
        nothing.
        """
        # sudo: called by a cron
        params = self.env["ir.config_parameter"].sudo()
        cursor = int(params.get_param(CURSOR_PARAMETER, "0"))
        partners = self.env["res.partner"].with_context(active_test=False)
        while batch := partners.search([("id", ">", cursor)], order="id", limit=BATCH):
            self.env.add_to_compute(partners._fields["completeness"], batch)
            batch.flush_recordset(["completeness"])
            cursor = batch.ids[-1]
            left = partners.search_count([("id", ">", cursor)], limit=BATCH)
            batch.invalidate_recordset()
            if not self.env["ir.cron"]._commit_progress(len(batch), remaining=left):
                break
        params.set_param(CURSOR_PARAMETER, str(cursor) if batch else "0")
