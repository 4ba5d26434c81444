from odoo import api, fields, models

STEP = 20  # requests


class CrmDopplerRemoval(models.AbstractModel):
    """Takes out of a list of Doppler who is to leave it, one after the other.

    *Invariants.* They leave the list and stay in the account, subscribed to what else
    they are subscribed to: opting people out is no business of ours. When more leave
    than the account allows, none does until somebody agreed.
    """

    _name = "crm.doppler.removal"
    _description = "Removal from a Doppler List"

    @api.model
    def _step(self, job, client):
        """Do the next part of this phase: see ``crm.doppler.push``."""
        kept = job.list_id
        leavers = self._leavers(kept)
        if not leavers:
            return None
        if self.env["crm.doppler.plan"]._removals_held(kept):
            message = self.env._(
                "Nobody was taken out of “%s”: too many would leave at once. Look at "
                "them, agree to it on the list and push again.",
                kept.name,
            )
            job.progress = {"note": message}
            return None
        for member in leavers:
            client.remove_member(kept.ref, member.email)
        self._note_removed(kept, leavers)
        return 0

    @api.model
    def _leavers(self, kept):
        return self.env["crm.doppler.member"].search(
            [
                ("list_id", "=", kept.id),
                ("todo", "=", "remove"),
                ("email", "!=", False),
            ],
            order="id",
            limit=STEP,
        )

    @api.model
    def _note_removed(self, kept, members):
        """Rows of who is in the segment stay: they say why he is left out."""
        gone = members.filtered(
            lambda member: member.round != kept.round or not member.partner_id
        )
        (members - gone).write(
            {
                "is_there": False,
                "todo": False,
                "sent_hash": False,
                "error": False,
                "sent_date": fields.Datetime.now(),
            }
        )
        gone.unlink()
