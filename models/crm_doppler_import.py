from datetime import timedelta

from odoo import api, fields, models

from ..tools.doppler.addresses import normalized
from ..tools.doppler.answers import Person
from ..tools.doppler.errors import NotFoundError, PersonError, TerminalError
from ..tools.doppler.values import digest
from .crm_doppler_audience import ORDER

OPEN = ("prepared", "sending", "followed")
FIRST_POLL, LONGEST_POLL = 2, 60  # seconds
LONGEST_TASK = timedelta(hours=2)
# How far the clocks of the service and ours may be apart.
CLOCKS = timedelta(minutes=10)
READABLE = 5000  # people of a list, a hundred in each request
# How long a request may take at the service when nobody waits for its answer any more.
UNSURE = timedelta(minutes=2)
# One after the other who are refused, before it is not them but what is sent.
MOST_REFUSED = 5
# What the code of a person that an import did not take has in it -> kind of opt-out.
# Others are wrong with the address or its values.
OPTED_OUT = {
    "unsubscribed": "other",
    "abuse": "abuse",
    "feedback": "abuse",
    "blacklist": "policy",
    "policies": "policy",
    "hardbounce": "hard_bounce",
    "softbounce": "soft_bounce",
    "neveropen": "never_open",
}
# Imports that this process is about to send for the first time: database, import and
# when. One that is not here may have been sent, by another process or by this one
# before it was rolled back.
_first_tries = set()


class CrmDopplerImport(models.Model):
    """A batch of people on its way into a list of Doppler.

    *Lifecycle.* It is *prepared* with its members, marked as *sending* before the
    request, *followed* once the service gave its task a number, and *done* when the
    task is over and what it refused is noted on the members. One that is found
    *sending* by a later step may have been accepted: the service is asked first.

    *Invariants.* Each of these steps is committed before the next. At most one of a
    list is open.
    """

    _name = "crm.doppler.import"
    _description = "Doppler Import"
    _order = "id desc"
    _rec_name = "task_ref"

    job_id = fields.Many2one(
        comodel_name="crm.doppler.job",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    list_id = fields.Many2one(
        comodel_name="crm.doppler.list",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="list_id.company_id", store=True, index="btree_not_null"
    )
    state = fields.Selection(
        selection=[
            ("prepared", "Prepared"),
            ("sending", "Sending"),
            ("followed", "Being Imported"),
            ("done", "Done"),
            ("failed", "Failed"),
        ],
        required=True,
        default="prepared",
        readonly=True,
    )
    task_ref = fields.Char(string="Task at Doppler", readonly=True)
    people = fields.Integer(readonly=True)
    imported = fields.Integer(readonly=True)
    refused = fields.Integer(readonly=True)
    sent_date = fields.Datetime(readonly=True)
    done_date = fields.Datetime(readonly=True)
    polls = fields.Integer(readonly=True)

    _open_unique = models.UniqueIndex(
        "(list_id) WHERE state IN ('prepared', 'sending', 'followed')",
        "An import into this list is under way.",
    )

    # === STEPS === #

    @api.model
    def _step(self, job, client):
        """Do the next part of this phase: see ``crm.doppler.push``."""
        current = self._open(job.list_id)
        optouts = self.env["crm.doppler.optout"]
        if current.state != "followed" and optouts._catch_up(job, client):
            return 0
        if not current:
            return 0 if self._prepare(job) else None
        if current.job_id != job:
            # of a push that was cancelled or failed while it was under way
            current.job_id = job
        if current.state == "prepared":
            return current._announce(client)
        if current.state == "sending":
            return current._send(client)
        return current._follow(client)

    @api.model
    def _open(self, kept):
        return self.search([("list_id", "in", kept.ids), ("state", "in", OPEN)])

    @api.model
    def _is_under_way(self, kept):
        """:return: bool, whether what Doppler is doing with a list is an import of
        ours"""
        return self._open(kept).state in ("sending", "followed")

    @api.model
    def _prepare(self, job):
        """:return: the next import, empty when everybody has been sent"""
        progress = job.progress or {}
        account = job.account_id
        members = self.env["crm.doppler.member"].search(
            [
                ("list_id", "=", job.list_id.id),
                ("todo", "in", ("add", "update")),
                ("reason", "=", False),
                ("email", "!=", False),
            ],
            order="id",
            limit=min(progress.get("size", account.batch_size), account.batch_size),
        )
        if not members:
            return self.browse()
        current = self.create(
            {"job_id": job.id, "list_id": job.list_id.id, "people": len(members)}
        )
        members.import_id = current
        return current

    def _announce(self, client):
        """From *prepared* to *sending*, once the list is ready."""
        if not client.get_list(self.list_id.ref).is_ready:
            return self.env["crm.doppler.push"]._wait(self.job_id)
        self._forget()
        people = self._people()
        self._note_sent(people)
        if not people:
            self.write({"state": "done", "done_date": fields.Datetime.now()})
            return 0
        self.write(
            {
                "state": "sending",
                "people": len(people),
                "sent_date": fields.Datetime.now(),
            }
        )
        _first_tries.add(self._first_try())
        return 0

    def _send(self, client):
        """From *sending* to *followed*. One that may have been sent is looked for
        first, but for a single person: adding him twice is the same as once."""
        is_first = self._first_try() in _first_tries
        _first_tries.discard(self._first_try())
        if not is_first and self.people > 1:
            return self._look(client)
        people = self._people()
        self._note_sent(people)
        if not people:
            self.write({"state": "done", "done_date": fields.Datetime.now()})
            return 0
        self.people = len(people)
        try:
            if self.people == 1:
                return self._send_one(client, people)
            return self._send_many(client, people)
        except NotFoundError:
            raise
        except TerminalError as error:
            return self._refuse(client, error, people)

    def _send_many(self, client, people):
        names = sorted({name for values in people.values() for name in values})
        task_ref = client.import_members(
            self.list_id.ref,
            names,
            [Person(member.email, values) for member, values in people.items()],
        )
        self.write({"state": "followed", "task_ref": task_ref, "polls": 0})
        return FIRST_POLL

    def _send_one(self, client, people):
        """Without a task: the answer says at once what is wrong with him."""
        [(member, values)] = people.items()
        try:
            client.add_member(self.list_id.ref, Person(member.email, values))
        except PersonError as error:
            kind = "other" if error.opted_out else None
            self._close(member.browse(), {member: (error.detail, kind)})
        else:
            self._close(member, {})
        return 0

    def _look(self, client):
        """Whether the service got an import whose answer we did not get. Where it did
        not, the next step sends it, which sees who opted out while we looked.

        :return: seconds until the next step, None where the job has failed
        """
        is_ready = client.get_list(self.list_id.ref).is_ready
        try:
            tasks = [task for task in client.tasks() if self._may_be(task)]
        except TerminalError:
            return self._reconcile_unseen(client, is_ready)
        ours = self.search(
            [
                ("list_id", "=", self.list_id.id),
                ("task_ref", "in", [task.ref for task in tasks]),
            ]
        )
        known = set(ours.mapped("task_ref"))
        task = next((task for task in tasks if task.ref not in known), None)
        if task:
            self._forget()
            self.write({"state": "followed", "task_ref": task.ref, "polls": 0})
            return 0
        if not self._is_settled(is_ready):
            return self.env["crm.doppler.push"]._wait(self.job_id)
        self._forget()
        # the time that the service may take begins anew with the next request
        self.sent_date = fields.Datetime.now()
        _first_tries.add(self._first_try())
        return 0

    def _reconcile_unseen(self, client, is_ready):
        """The service does not tell its tasks: the list says who arrived."""
        if not self._is_settled(is_ready):
            return self.env["crm.doppler.push"]._wait(self.job_id)
        self._forget()
        return self._reconcile(client)

    def _is_settled(self, is_ready):
        """:return: bool, whether what the service got of us is through"""
        return is_ready and fields.Datetime.now() - self.sent_date >= UNSURE

    def _may_be(self, task):
        return (
            task.list_ref == self.list_id.ref
            and (not task.started or task.started >= self.sent_date - CLOCKS)
            and task.processed <= self.people
        )

    def _follow(self, client):
        """From *followed* to *done*, when the task is over."""
        try:
            task = client.task(self.task_ref)
        except NotFoundError:
            return self._reconcile(client)
        if task.is_done:
            return self._finish(client, task)
        if task.is_failed or fields.Datetime.now() - self.sent_date > LONGEST_TASK:
            return self._reconcile(client)
        self.polls += 1
        return min(LONGEST_POLL, FIRST_POLL * 1.5**self.polls)

    # === WHO IS SENT === #

    def _people(self):
        """Who of the import may still be sent, with what is known of him now; the
        others are taken out of it.

        :return: dict member -> dict of his values
        """
        self._leave_out()
        members = self._members()
        values = self.list_id.account_id._payload(members.partner_id)
        return {member: values.get(member.partner_id, {}) for member in members}

    def _leave_out(self):
        """Take out who must not be sent, whatever the comparison said."""
        self.invalidate_model()
        audience = self.env["crm.doppler.audience"]
        left_out = audience._left_out(self.list_id.account_id, self._members())
        for reason, members in left_out.items():
            members.write({"import_id": False, "todo": False})
            if reason in ORDER:
                members.reason = reason

    def _note_sent(self, people):
        """Write down what people are sent as, before they are: what a contact becomes
        in between is then sent again rather than never."""
        for member, values in people.items():
            sent = digest(values)
            if member.sent_hash != sent:
                member.sent_hash = sent

    # === WHAT CAME OF IT === #

    def _finish(self, client, task):
        members = self._members()
        if 0 < task.processed < self.people:
            # not all that we sent, or the import of somebody else
            return self._reconcile(client)
        faults = {}
        if task.new + task.updated < self.people:
            try:
                found = client.import_faults(self.task_ref)
            except NotFoundError:
                return self._reconcile(client)
            faults = {
                normalized(fault.email) or fault.email: fault.code for fault in found
            }
        refused = {
            member: (faults[member.email], self._kind(faults[member.email]))
            for member in members
            if member.email in faults
        }
        accepted = members.filtered(lambda member: member not in refused)
        self._close(accepted, refused)
        return 0

    @staticmethod
    def _kind(code):
        """:return: kind of opt-out that a code says, None where it is none"""
        code = "".join(char for char in (code or "").lower() if char.isalnum())
        return next((kind for text, kind in OPTED_OUT.items() if text in code), None)

    def _members(self):
        return self.env["crm.doppler.member"].search(
            [("import_id", "=", self.id)], order="id"
        )

    def _close(self, accepted, refused):
        """Note what Doppler said of the people of the import, which is over.

        :param accepted: members
        :param refused: dict member -> tuple what Doppler says, kind of opt-out or None
        """
        self._accept(accepted)
        self._note_refused(refused)
        self._note_optouts(refused)
        self.write(
            {
                "state": "done",
                "imported": len(accepted),
                "refused": len(refused),
                "done_date": fields.Datetime.now(),
            }
        )
        self._forget("is_second_try")
        self._resize(accepted)

    def _accept(self, members):
        """Note that these are on the list now, but for who opted out meanwhile."""
        account = self.list_id.account_id
        out = self.env["crm.doppler.optout"]._is_out(account, members.mapped("email"))
        left = members.filtered(lambda member: member.email in out)
        left.write({"import_id": False, "sent_hash": False})
        (members - left).write(
            {
                "is_there": True,
                "todo": False,
                "error": False,
                "import_id": False,
                "sent_date": self.sent_date,
            }
        )

    def _note_refused(self, refused):
        """Who is refused is not sent again until somebody looks after him."""
        for error in {text for text, kind in refused.values() if not kind}:
            members = self.env["crm.doppler.member"].union(
                *(
                    m
                    for m, (text, kind) in refused.items()
                    if text == error and not kind
                )
            )
            members.write(
                {
                    "reason": "refused",
                    "todo": False,
                    "error": error,
                    "import_id": False,
                    "sent_hash": False,
                    "sent_date": self.sent_date,
                }
            )

    def _note_optouts(self, refused):
        out = {member: what for member, what in refused.items() if what[1]}
        if not out:
            return
        members = self.env["crm.doppler.member"].union(*out)
        members.write({"import_id": False, "sent_hash": False})
        self.env["crm.doppler.optout"]._note(
            self.list_id.account_id,
            [
                {"email": m.email, "kind": kind, "date": self.sent_date, "note": text}
                for m, (text, kind) in out.items()
            ],
        )

    def _reconcile(self, client):
        """The task is lost or does not end: who is on the list now arrived, the others
        are sent once more, and after that left to somebody. A list that takes longer
        to read than a step may is not read: sending somebody again brings him up to
        date and nothing else."""
        there = set()
        if client.get_list(self.list_id.ref).count <= READABLE:
            there = {found.email for found in client.members(self.list_id.ref)}
        members = self._members()
        # whether somebody who was there got his new values, the list does not tell
        arrived = members.filtered(lambda m: m.todo == "add" and m.email in there)
        self._accept(arrived)
        self.write(
            {
                "state": "failed",
                "imported": len(arrived),
                "done_date": fields.Datetime.now(),
            }
        )
        return self._send_again(members - arrived)

    def _send_again(self, members):
        if not members:
            return 0
        message = self.env._("Doppler did not say what became of him.")
        members.write({"import_id": False, "error": message, "sent_hash": False})
        job = self.job_id
        progress = job.progress or {}
        if progress.get("is_second_try"):
            message = self.env._(
                "Doppler did not finish importing into “%s”: look at the list there, "
                "then push again.",
                self.list_id.name,
            )
            return self.env["crm.doppler.push"]._fail(job, message)
        job.progress = {**progress, "is_second_try": True}
        return 0

    @api.model
    def _give_up(self, kept):
        """Fail what was on its way into lists that are gone at Doppler."""
        self._open(kept)._fail()

    def _fail(self):
        """Let go of the people of imports, who are still to be sent."""
        members = self.env["crm.doppler.member"].search([("import_id", "in", self.ids)])
        members.write({"import_id": False, "sent_hash": False})
        self.write({"state": "failed", "done_date": fields.Datetime.now()})

    # === WHO OF THEM IT IS === #

    def _refuse(self, client, error, people):
        """The service does not take the batch: half of it is tried, until it is one
        person who is not taken."""
        job = self.job_id
        progress = job.progress or {}
        unknown = self._unknown_fields(client, people) if self.people > 1 else set()
        if unknown:
            self._fail()
            message = self.env._(
                "Doppler has no field “%s” any more: have the connection tested "
                "again, which fetches its fields, then push again.",
                ", ".join(sorted(unknown)),
            )
            return self.env["crm.doppler.push"]._fail(job, message)
        if self.people > 1:
            return self._halve(people)
        self._close(
            self._members().browse(), {next(iter(people)): (error.detail, None)}
        )
        refused = [*progress.get("refused", ()), next(iter(people)).id]
        if len(refused) >= MOST_REFUSED and not any(job.import_ids.mapped("imported")):
            return self._refuse_all(error, refused)
        job.progress = {**progress, "size": 1, "refused": refused}
        return 0

    def _unknown_fields(self, client, people):
        """:return: set of names that are sent and that the account does not have"""
        names = {name for values in people.values() for name in values}
        known = {field.name.casefold() for field in client.fields()}
        return {name for name in names if name.casefold() not in known}

    def _halve(self, people):
        size = len(people) // 2 or 1
        others = self.env["crm.doppler.member"].union(*list(people)[size:])
        others.write({"import_id": False, "sent_hash": False})
        self.write({"state": "prepared", "people": size, "sent_date": False})
        self.job_id.progress = {**(self.job_id.progress or {}), "size": size}
        return 0

    def _refuse_all(self, error, refused):
        """It is not the people: whoever is sent is refused."""
        members = self.env["crm.doppler.member"].browse(refused).exists()
        members.write({"reason": False, "todo": "add"})
        members.filtered("is_there").todo = "update"
        message = self.env._("Doppler takes nobody of the list: %s", error.detail)
        return self.env["crm.doppler.push"]._fail(self.job_id, message)

    def _resize(self, accepted):
        """After what was taken, batches grow again."""
        progress = self.job_id.progress or {}
        if accepted and "size" in progress:
            kept = {k: v for k, v in progress.items() if k not in ("size", "refused")}
            size = progress["size"] * 2
            if size < self.list_id.account_id.batch_size:
                kept["size"] = size
            self.job_id.progress = kept

    def _forget(self, name="waits"):
        """Drop one entry of the progress of the push: it is counted anew."""
        progress = self.job_id.progress or {}
        if progress.get(name):
            self.job_id.progress = {k: v for k, v in progress.items() if k != name}

    def _first_try(self):
        return (self.env.cr.dbname, self.id, self.sent_date)
