from odoo import api, fields, models

from .crm_doppler_audience import UNWILLING

STEP = 20  # requests
LOOKED_AT = 500  # who may not want to be there, at once


class CrmDopplerRemoval(models.AbstractModel):
    """Takes out of a list of Doppler who is to leave it, one after the other.

    *Invariants.* They leave the list and stay in the account, subscribed to what else
    they are subscribed to: opting people out is no business of ours. When more leave
    than the account allows, none does until somebody agreed, but for who does not want
    to get anything: he leaves in any case.
    """

    _name = "crm.doppler.removal"
    _description = "Removal from a Doppler List"

    @api.model
    def _step(self, job, client):
        """Do the next part of this phase: see ``crm.doppler.push``."""
        kept = job.list_id
        if self.env["crm.doppler.plan"]._removals_held(kept):
            return self._step_held(job, client)
        leavers = self._leavers(kept, limit=STEP)
        if not leavers:
            return None
        self._remove(client, kept, leavers)
        return 0

    @api.model
    def _step_held(self, job, client):
        """Only who does not want to be there leaves."""
        kept = job.list_id
        last = (job.progress or {}).get("last", 0)
        domain = [("id", ">", last), ("reason", "!=", False)]
        looked_at = self._leavers(kept, domain, LOOKED_AT)
        if not looked_at:
            message = self.env._(
                "Nobody was taken out of “%s”: too many would leave at once. Look at "
                "them, agree to it on the list and push again.",
                kept.name,
            )
            job.progress = {"note": message}
            return None
        barred = self.env["crm.doppler.audience"]._addresses_barred(
            kept.account_id, set(looked_at.mapped("email"))
        )
        unwilling = looked_at.filtered(lambda m: barred[m.email] & UNWILLING)
        # others of them are looked at by the next step
        last = unwilling[STEP - 1] if len(unwilling) > STEP else looked_at[-1]
        job.progress = {"last": last.id}
        self._remove(client, kept, unwilling[:STEP])
        return 0

    @api.model
    def _leavers(self, kept, domain=(), limit=None):
        return self.env["crm.doppler.member"].search(
            [
                ("list_id", "=", kept.id),
                ("todo", "=", "remove"),
                ("email", "!=", False),
                *domain,
            ],
            order="id",
            limit=limit,
        )

    @api.model
    def _remove(self, client, kept, members):
        for member in members:
            client.remove_member(kept.ref, member.email)
        self._note_removed(kept, members)

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
