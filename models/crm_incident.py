from typing import NamedTuple

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.misc import clean_context

from .crm_incident_passage import OPEN

SEQUENCE = "crm.incident"
USUAL_SEVERITY = "1_normal"
# From which phase an incident goes to which, whoever moves it and however. From an end
# to an open phase is reopening; from the one end to the other it is reopened first.
TRANSITIONS = {
    "new": {"working", "waiting", "solved", "cancelled"},
    "working": {"new", "waiting", "solved", "cancelled"},
    "waiting": {"new", "working", "solved", "cancelled"},
    "solved": {"new", "working", "waiting"},
    "cancelled": {"new", "working", "waiting"},
}
# Ends -> Odoo's own state of the task.
STATES = {"solved": "1_done", "cancelled": "1_canceled"}
PHASES_OF_STATES = {state: phase for phase, state in STATES.items()}
# What a write must touch to concern an incident.
WATCHED = {
    "crm_severity",
    "is_template",
    "parent_id",
    "project_id",
    "stage_id",
    "state",
}
# What may be told when an incident is opened, and what by a customer.
TOLD = {
    "crm_channel",
    "crm_gestion_id",
    "crm_lead_id",
    "crm_order_id",
    "crm_organization_id",
    "crm_severity",
    "crm_type_id",
    "description",
    "name",
    "partner_id",
    "project_id",
    "tag_ids",
    "user_ids",
}
TOLD_BY_CUSTOMER = {
    "crm_order_id",
    "crm_severity",
    "crm_type_id",
    "description",
    "name",
    "partner_id",
}


class Place(NamedTuple):
    """Where an incident was before a write."""

    phase: str
    severity: str


class CrmIncident(models.AbstractModel):
    """Opening incidents and moving them through their phases. An incident is a task of
    a project that is an incident desk; who works at a desk has Odoo's own rights of
    projects, and everybody else goes through these methods. A sub-task of an incident
    is work for it and no incident of its own, and neither is a template.

    *Who opens.* Sellers for the accounts in their scope, the customer on the portal for
    his own, anybody by the e-mail alias of a desk, and who may create tasks at the desk
    by Odoo's own means.

    *Lifecycle.* A task becomes an incident where it is created in a desk or moved into
    one, by whatever route: then it gets its number, its severity, its deadlines and its
    first passage. It moves with its stage: by `TRANSITIONS`, and so that the stage and
    Odoo's own state of the task say the same. A task that leaves the desk keeps its
    number and is none any more.
    """

    _name = "crm.incident"
    _description = "Incidents"

    # === OPENING === #

    @api.model
    def _open(self, vals_list):
        """
        :param vals_list: list of dict of values of ``project.task``; without a desk,
            that of the type or the company's is taken
        :return: ``project.task``, as the current user
        :raise UserError: where there is no desk, or the user may not open one for
            this customer
        """
        opener = self.env["crm.incident.opening"]
        opener._check_customers(vals_list)
        # without the defaults of the dialog that is open
        env = self.env(context=clean_context(self.env.context))
        # sudo: sellers and customers have no rights on tasks; `_prepare` checks whom
        # they open one for, and takes none but the values of an opening
        tasks = env["project.task"].sudo()
        desks = {}
        incidents = tasks.create([opener._prepare(vals, desks) for vals in vals_list])
        opener._invite_customers(incidents)
        return incidents.with_env(self.env)

    # === FOLLOWING WHAT IS WRITTEN === #

    @api.model
    def _snapshot(self, tasks):
        """:return: dict id -> `Place` of the incidents among these tasks"""
        # sudo: who writes a task on the portal does not read all of it
        return {
            task.id: Place(task.crm_phase, task.crm_severity)
            for task in tasks.sudo()
            if task.crm_is_incident
        }

    @api.model
    def _follow(self, tasks, before, by_state=False):
        """Bring incidents up to date after they were created or written.

        :param before: what `_snapshot` returned; what was created is not in it
        :param bool by_state: Odoo's own state was written, and leads the stage
        :raise UserError: where a move is not one of `TRANSITIONS`
        """
        # sudo: who may write the task was checked by the write; numbers, deadlines and
        # passages are for nobody to write
        tasks = tasks.sudo()
        incidents = tasks.filtered("crm_is_incident")
        known = incidents.filtered(lambda task: task.id in before)
        self._begin(incidents - known)
        self._align(known, by_state)
        self._check_moves(known, before)
        left = tasks.filtered(lambda task: task.id in before) - known
        if not known and not left:
            return
        moves = self.env["crm.incident.passage"]._log(known | left)
        self.env["crm.incident.clock"]._advance(moves)
        raised = known.filtered(
            lambda task: task.crm_severity != before[task.id].severity
        )
        self.env["crm.incident.clock"]._start(raised)
        self.env["crm.incident.notice"]._tell_sellers(
            raised.filtered(
                lambda task: (
                    (task.crm_severity or "") > (before[task.id].severity or "")
                )
            )
        )

    @api.model
    def _begin(self, incidents):
        """Tasks have become incidents."""
        if not incidents:
            return
        for vals, group in incidents.grouped(self._missing).items():
            group._crm_fill(dict(vals))
        self._give_numbers(incidents.filtered(lambda task: not task.crm_number))
        self.env["crm.incident.opening"]._leave_out_strangers(incidents)
        # what arrives done, such as the tasks of a project that becomes a desk
        done = incidents.filtered(
            lambda task: task.crm_phase in OPEN and task.state in PHASES_OF_STATES
        )
        self._align(done, True)
        self._align(incidents - done, False)
        moves = self.env["crm.incident.passage"]._log(incidents)
        if self.env["crm.incident.import"]._is_bringing():
            return  # no news: when they began and ended is said afterwards
        self.env["crm.incident.clock"]._start(incidents)
        self.env["crm.incident.clock"]._advance(moves)
        self.env["crm.incident.notice"]._tell_sellers(
            incidents.filtered(lambda task: task.crm_phase in OPEN)
        )

    @api.model
    def _missing(self, incident):
        """:return: pairs of a field and the value that every incident has there, where
        this one has none"""
        vals = []
        if not incident.crm_severity:
            severity = incident.crm_type_id.severity or USUAL_SEVERITY
            vals.append(("crm_severity", severity))
        if not incident.company_id:
            company = incident.project_id.company_id
            company |= incident.crm_organization_id.company_id
            company |= incident.partner_id.company_id
            if not company and not self.env.user._is_superuser():
                company = self.env.company
            if company:
                vals.append(("company_id", company[0].id))
        return tuple(vals)

    # === NUMBERS === #

    @api.model
    def _give_numbers(self, incidents):
        for company, group in incidents.grouped("company_id").items():
            numbers = self._numbers(company, len(group))
            for incident, number in zip(group.sorted("id"), numbers, strict=True):
                incident._crm_fill({"crm_number": number})

    @api.model
    def _numbers(self, company, count):
        """
        :return: list of so many numbers, of the company's own sequence or the common
            one; Odoo's own sequences give one at a time
        """
        # sudo: whoever opens an incident
        sequence = (
            self.env["ir.sequence"]
            .sudo()
            .search(
                [("code", "=", SEQUENCE), ("company_id", "in", [company.id, False])],
                order="company_id, id",
                limit=1,
            )
        )
        if not sequence:
            raise UserError(
                self.env._(
                    "Incidents have no numbers: ask an administrator to make a "
                    "sequence with the code %s.",
                    SEQUENCE,
                )
            )
        if sequence.implementation != "standard" or sequence.use_date_range:
            return [sequence.next_by_id() for _number in range(count)]
        rows = self.env.execute_query(
            SQL(
                "SELECT nextval(%s) FROM generate_series(1, %s)",
                f"ir_sequence_{sequence.id:03d}",
                count,
            )
        )
        return [sequence.get_next_char(number) for (number,) in rows]

    # === PHASES === #

    @api.model
    def _move(self, tasks, phase):
        """Take incidents to the first stage of a phase of their desk. Who finds them
        there already has nothing to do.

        :raise UserError: where the user may not, or the desk has no such stage
        """
        incidents = tasks.filtered(lambda task: task.crm_is_incident)
        self._check_may_handle(incidents, phase)
        # sudo: checked above; who was assigned an incident need not be a project user
        incidents = incidents.sudo().filtered(lambda task: task.crm_phase != phase)
        self._to_phase(incidents, phase)

    @api.model
    def _to_phase(self, incidents, phase):
        for desk, group in incidents.grouped("project_id").items():
            stage = desk._crm_stage(phase)
            if not stage:
                labels = dict(
                    incidents._fields["crm_phase"]._description_selection(self.env)
                )
                raise UserError(
                    self.env._(
                        "The desk “%(desk)s” has no stage for “%(phase)s”: add one in "
                        "its settings.",
                        desk=desk.name,
                        phase=labels[phase],
                    )
                )
            group.write({"stage_id": stage.id})

    @api.model
    def _reopen(self, tasks):
        """Take incidents that are over up again."""
        # sudo: which are over; `_move` checks who may take them up
        over = tasks.sudo().filtered(lambda task: task.crm_phase not in OPEN)
        self._move(tasks.browse(over.ids), "working")

    @api.model
    def _may_handle(self, tasks):
        """:return: those of these incidents that the user may take to another phase:
        who may write them in Odoo, and to whom they are assigned"""
        incidents = tasks.filtered("crm_is_incident")
        if not self.env.su and not self.env.user._is_internal():
            return incidents.browse()
        # sudo: whose they are
        mine = incidents.sudo().filtered(lambda task: self.env.user in task.user_ids)
        return incidents._filtered_access("write") | incidents.browse(mine.ids)

    @api.model
    def _check_may_handle(self, incidents, phase):
        others = incidents - self._may_handle(incidents)
        if phase == "working":
            # the seller of the account takes up again what was not solved
            others = others.filtered(
                lambda task: task.crm_phase in OPEN or not self._is_seller_of(task)
            )
        if others:
            raise UserError(
                self.env._(
                    "Who works at the desk takes care of “%s”: write to them in the "
                    "messages of the incident.",
                    others[0].sudo().display_name,
                )
            )

    @api.model
    def _is_seller_of(self, incident):
        # sudo: only owners are compared
        incident = incident.sudo()
        account = incident.crm_organization_id or incident.partner_id
        partners = account | account.commercial_partner_id
        seller = self.env.user._has_group("crm_gestion.group_seller")
        return seller and self.env["crm.incident.opening"]._works_for(partners)

    @api.model
    def _align(self, incidents, by_state):
        """Stage and Odoo's own state of a task say the same.

        :param bool by_state: the state leads, else the stage
        """
        moves = {}
        for incident in incidents:
            if wanted := self._wanted(incident, by_state):
                moves.setdefault(wanted, incidents.browse())
                moves[wanted] |= incident
        for wanted, group in moves.items():
            if by_state:
                self._to_phase(group, wanted)
            else:
                group.write({"state": wanted})

    @api.model
    def _wanted(self, incident, by_state):
        """:return: the phase, or else the state, that says the same as the other; None
        where it does already"""
        is_open, is_done = (
            incident.crm_phase in OPEN,
            incident.state in PHASES_OF_STATES,
        )
        if by_state:
            wanted = PHASES_OF_STATES.get(incident.state, "working")
            differs = incident.crm_phase != wanted if is_done else not is_open
        else:
            wanted = STATES.get(incident.crm_phase, "01_in_progress")
            differs = is_done if is_open else incident.state != wanted
        return wanted if differs else None

    @api.model
    def _check_moves(self, incidents, before):
        for incident in incidents:
            was = before[incident.id].phase
            if incident.crm_phase != was and incident.crm_phase not in TRANSITIONS[was]:
                raise UserError(
                    self.env._(
                        "“%s” is over already: open it again first.",
                        incident.display_name,
                    )
                )

    # === KEYS === #

    @api.model
    def _may_read_key(self, records, flag):
        """The key to the customer's page of an incident, or of a whole desk, lets who
        has it answer as the customer and see what the desk has: sellers who read them
        by our rule do not get it, and do not look for it.

        :param str flag: field that tells incidents, or desks, from what Odoo rules
        :return: whether the user may read the ``access_token`` of these records
        """
        if self.env.su or not self.env.user._has_group("crm_gestion.group_seller"):
            return True
        # sudo: which of them are ours is no secret
        ours = records.sudo().filtered(flag).with_env(records.env)
        return bool(records) and (not ours or ours.has_access("write"))
