from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError


class CrmGestionBehalf(models.AbstractModel):
    """Signs what a substitute logs with the absent seller for whom he did it.

    *Lifecycle.* A gestión is signed once, when it is logged, by who covers whom that
    day; the substitution may end or change later, the signature stays.

    *Invariants.* Who acted is who acted: activity figures are his. A client neither
    chooses nor changes a signature, and a substitute logs nothing in the name of whom
    he covers. What is left to do after the last day of the cover is the absent
    seller's.
    """

    _name = "crm.gestion.behalf"
    _description = "Interactions on Behalf of Absent Sellers"

    @api.model
    def _without_signature(self, vals_list):
        """The server signs; also against a default in the context of a client."""
        if self.env.su:
            return vals_list
        return [{**vals, "on_behalf_of_id": False} for vals in vals_list]

    @api.model
    def _check_not_changed(self, names):
        if not self.env.su and "on_behalf_of_id" in names:
            raise AccessError(
                self.env._("Odoo itself signs on behalf of whom a gestión was made.")
            )

    @api.model
    def _follow_author(self, gestiones):
        """Another author was put down; nobody acts on behalf of himself.

        :raise AccessError: where a substitute puts down whom he covers
        """
        covered = set()
        if not self.env.su:
            covered = self.env["crm.substitution"]._only_covered_ids()
        if covered & set(gestiones.user_id.ids):
            raise AccessError(
                self.env._(
                    "Who covers somebody does not log in his name: "
                    "the gestión is made by you, on his behalf."
                )
            )
        # sudo: a signature is the server's
        own = gestiones.sudo().filtered(lambda g: g.user_id == g.on_behalf_of_id)
        own.on_behalf_of_id = False

    @api.model
    def _sign(self, gestiones):
        """Sign new interactions, in one write for each absent seller."""
        Substitution = self.env["crm.substitution"]
        actor = self.env.user
        covered = Substitution._covered(gestiones.user_id | actor)
        if not any(covered.values()):
            return
        not_mine = set()
        if covered[actor] and not self.env.su:
            not_mine = Substitution._only_covered_ids()
        signed, taken = {}, gestiones.browse()
        # sudo: owners of what is named; the rights on it are checked elsewhere
        for gestion in gestiones.sudo():
            author = gestion.user_id
            if author.id in not_mine:
                absent, taken = author, taken | gestion
            else:
                absent = self._owner(gestion, covered[author])
            if absent and not gestion.on_behalf_of_id and not gestion._is_history():
                signed[absent] = signed.get(absent, gestiones.sudo().browse()) | gestion
        for gestion in taken.sudo():
            team = gestion.lead_id.team_id or actor.sudo().sale_team_id
            gestion.write({"user_id": actor.id, "team_id": team.id})
        for absent, group in signed.items():
            group.on_behalf_of_id = absent
        self._leave_later_steps(gestiones.browse().union(*signed.values()))

    @api.model
    def _owner(self, gestion, covered):
        """:return: the owner of what this is about whom its author covers, if any"""
        owners = [
            gestion.activity_id.user_id,
            gestion.calendar_event_id.user_id,
            gestion.lead_id.user_id,
        ]
        if not gestion.lead_id.user_id:
            owners += [
                gestion.organization_id.user_id,
                gestion.contact_id.user_id,
                gestion.contact_id.commercial_partner_id.user_id,
            ]
        return next((owner for owner in owners if owner.id in covered), None)

    @api.model
    def _leave_later_steps(self, gestiones):
        """Next steps of a day that is not covered are the absent seller's."""
        # sudo: who logs for a colleague may not read all of it
        planned = gestiones.sudo().filtered(
            lambda g: g._is_planned() and not (g.next_user_id or g.next_activity_id)
        )
        if not planned:
            return
        yesterday = fields.Date.today() - timedelta(days=1)  # today somewhere on earth
        # sudo: who covers whom is no secret
        rows = self.env["crm.substitution"].sudo()
        rows = rows.search(
            [
                ("active", "=", True),
                ("user_id", "in", planned.on_behalf_of_id.ids),
                ("substitute_id", "in", planned.user_id.ids),
                ("date_to", ">=", yesterday),
            ]
        )
        days = {(row.user_id, row.substitute_id): rows.browse() for row in rows}
        for row in rows:
            days[row.user_id, row.substitute_id] |= row
        for absent, group in planned.grouped("on_behalf_of_id").items():
            later = group.filtered(
                lambda g, a=absent: (
                    not any(
                        row.date_from <= g.next_date <= row.date_to
                        for row in days.get((a, g.user_id), ())
                    )
                )
            )
            later.next_user_id = absent
