from odoo import api, fields, models

from ..tools.doppler.errors import NotFoundError

# What a push does one after the other: the phase -> whose method does a part of it.
# A method returns seconds until its next part, None when the phase is over.
PHASES = {
    "optouts": ("crm.doppler.optout", "_step"),
    "compare": ("crm.doppler.plan", "_step"),
    "bind": ("crm.doppler.push", "_bind"),
    "import": ("crm.doppler.import", "_step"),
    "remove": ("crm.doppler.removal", "_step"),
}
# Phases in which what Doppler does not find is the list.
OF_THE_LIST = ("bind", "import", "remove")
FIRST_WAIT, LONGEST_WAIT = 5, 300  # seconds, for a list that Doppler works on
MOST_WAITS = 30  # in a row, which are some two hours


class CrmDopplerPush(models.AbstractModel):
    """Carries a segment over to its list at Doppler: who opted out first, then who is
    to be added, brought up to date or taken out, see `PHASES`.

    *Lifecycle.* Each phase starts with an empty ``progress`` of the job. A trial ends
    when the comparison is complete.

    *Invariants.* A list that is not there any more is *missing* from then on, and never
    made anew by a push. What is sent is decided when it is sent, so that a push may
    stop after any step and go on days later.
    """

    _name = "crm.doppler.push"
    _description = "Push to Doppler"

    @api.model
    def _step(self, job, client):
        """Do the next part of a push: see ``crm.doppler.job``."""
        if job.list_id.state == "missing" and not job.is_trial:
            return self._fail(job, self._missing_message(job.list_id))
        phase = job.phase or next(iter(PHASES))
        if not job.phase:
            job.phase = phase
        model, method = PHASES[phase]
        try:
            wait = getattr(self.env[model], method)(job, client)
        except NotFoundError:
            if phase not in OF_THE_LIST or self._is_there(job, client):
                raise
            self._lose_list(job)
            return None
        if wait is not None or job.state != "waiting":
            return wait
        return self._next_phase(job)

    @api.model
    def _next_phase(self, job):
        """:return: 0, or None after the last one"""
        phases = list(PHASES)
        following = phases[phases.index(job.phase) + 1 :]
        if job.phase == "compare" and job.is_trial:
            return None
        if not following:
            job.list_id.pushed_date = fields.Datetime.now()
            return job._end("done", (job.progress or {}).get("note", False))
        job.write({"phase": following[0], "progress": False})
        return 0

    @api.model
    def _fail(self, job, message):
        """End a job that somebody has to look at, and keep what its last step noted,
        which raising would not."""
        job._end("failed", message)

    # === THE LIST === #

    @api.model
    def _bind(self, job, client):
        """Find the list at Doppler, or make it, and wait until it can be worked on."""
        kept = job.list_id
        if kept.ref:
            found = client.get_list(kept.ref)
            if kept.state != "bound":
                kept.state = "bound"
            is_ours = self.env["crm.doppler.import"]._is_under_way(kept)
            return None if found.is_ready or is_ours else self._wait(job)
        ref = client.create_list(kept.name)
        if self._is_taken(kept, ref):
            message = self.env._(
                "Another segment is bound to the Doppler list “%s” already: choose "
                "another name.",
                kept.name,
            )
            return self._fail(job, message)
        kept.write({"ref": ref, "state": "bound"})
        return 0

    @api.model
    def _is_taken(self, kept, ref):
        """:return: bool, whether another binding of the account has this list"""
        others = self.env["crm.doppler.list"].with_context(active_test=False)
        return bool(
            others.search_count(
                [
                    ("account_id", "=", kept.account_id.id),
                    ("ref", "=", ref),
                    ("id", "!=", kept.id),
                ],
                limit=1,
            )
        )

    @api.model
    def _is_there(self, job, client):
        """:return: bool, whether it is not the list that Doppler does not find"""
        try:
            client.get_list(job.list_id.ref)
        except NotFoundError:
            return False
        return True

    @api.model
    def _lose_list(self, job):
        kept = job.list_id
        self.env["crm.doppler.import"]._give_up(kept)
        kept.state = "missing"
        self._fail(job, self._missing_message(kept))

    @api.model
    def _missing_message(self, kept):
        return self.env._(
            "The list “%s” is not at Doppler any more: choose another list, or make it "
            "anew.",
            kept.name,
        )

    @api.model
    def _wait(self, job):
        """:return: seconds until the list of a job is looked at again, more and more;
        None when it has been busy for too long, and the job has failed"""
        progress = job.progress or {}
        waits = progress.get("waits", 0)
        if waits >= MOST_WAITS:
            message = self.env._(
                "Doppler has been working on the list “%s” for hours: look at it "
                "there, then push again.",
                job.list_id.name,
            )
            return self._fail(job, message)
        job.progress = {**progress, "waits": waits + 1}
        return min(LONGEST_WAIT, FIRST_WAIT * 2**waits)
