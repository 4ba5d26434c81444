from markupsafe import Markup

from odoo import api, models

# By what a customer is reached: a change of it leaves a trace.
TRACED = ("email", "phone")
# Of organizations and contacts, also whose they are.
TRACKED = {*TRACED, "user_id"}
# Keys by which Odoo's clients turn tracking off.
SILENT = ("mail_notrack", "tracking_disable")


class CrmContactTrace(models.AbstractModel):
    """E-mail, phone and salesperson of a customer do not change without a trace of
    before and after.

    Odoo itself tracks them on organizations and contacts; who has a role of ours below
    the director does not turn that off. Those of an affiliation have no chatter: a note
    on the contact says what changed.
    """

    _name = "crm.contact.trace"
    _description = "Trace of Contact Data"

    @api.model
    def _traced(self, partners, vals):
        """:return: the same organizations and contacts, with their tracking on where a
        client asked for silence"""
        silent = [key for key in SILENT if partners.env.context.get(key)]
        if (
            silent
            and not vals.keys().isdisjoint(TRACKED)
            and not self.env["crm.export.guard"]._may_export()
        ):
            return partners.with_context(**dict.fromkeys(silent, False))
        return partners

    @api.model
    def _snapshot(self, rows, vals):
        """
        :return: dict affiliation -> dict field -> value, of what this write may change;
            those of the employer are the contact's own, which Odoo tracks
        """
        names = [name for name in TRACED if name in vals]
        if not names:
            return {}
        return {
            row: {name: row[name] for name in names}
            for row in rows
            if not row._is_employment()
        }

    @api.model
    def _log(self, before):
        """Note what differs from `_snapshot` on the contacts, in one batch for each
        number of rows of a contact."""
        bodies = {}
        for row, values in before.items():
            changed = {name: old for name, old in values.items() if row[name] != old}
            if changed:
                bodies.setdefault(row.contact_id.id, []).append(
                    self._note(row, changed)
                )
        if bodies:
            contacts = self.env["res.partner"].browse(bodies)
            contacts._message_log_batch(
                {key: Markup().join(notes) for key, notes in bodies.items()}
            )

    @api.model
    def _note(self, row, changed):
        # sudo: the name of the organization, as the chatter shows it to everybody
        title = self.env._(
            "Reached at %(organization)s:",
            organization=row.organization_id.sudo().display_name,
        )
        items = [
            Markup("<li>%s: %s → %s</li>")
            % (
                row._fields[name]._description_string(self.env),
                old or self.env._("None"),
                row[name] or self.env._("None"),
            )
            for name, old in changed.items()
        ]
        return Markup("<p>%s</p><ul>%s</ul>") % (title, Markup().join(items))
