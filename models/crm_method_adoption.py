from collections import Counter, defaultdict

from odoo import api, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command, Domain
from odoo.tools import SQL

from .crm_opportunity_history import BATCH
from .crm_stage import NATIVE_STAGES

# Opportunities and enquiries whose history is written at once; a cron goes on.
HISTORY_NOW = 20000
# Roles that are proposed to users with native sales rights, from least to most.
ROLES = {
    "seller": "crm_gestion.group_seller",
    "head": "crm_gestion.group_sales_head",
    "director": "crm_gestion.group_sales_director",
}
SALESMAN = "sales_team.group_sale_salesman"
ALL_DOCUMENTS = "sales_team.group_sale_salesman_all_leads"
MANAGER = "sales_team.group_sale_manager"


class CrmMethodAdoption(models.AbstractModel):
    """Turns the method on in a pipeline, and off again when the add-on goes.

    *Adopting.* Each stage of before is mapped to a stage of the method; what is in it
    goes there and remembers where it came from. Stages of before are folded behind
    ours and remember whether they were folded; none is deleted. It may be done again
    any time: then only what is new in stages that are not of the method moves.

    *Invariants.* How opportunities stand does not change: won, lost or open, archived,
    probability typed by hand, date of closing, days in the stage. A won stage stands
    for a won stage only. Nobody is told: no message, no tracking, no automated rule;
    hence SQL.

    *One transaction*: a pipeline is never half adopted. Whoever writes opportunities
    meanwhile waits. They are read in batches of ``BATCH``; where there are more than
    ``HISTORY_NOW``, a cron writes the passages of the others afterwards.
    """

    _name = "crm.method.adoption"
    _description = "Adoption of the Method"

    # === ADOPTING === #

    @api.model
    def _adopt(self, mapping=None, roles=None, restricted=None):
        """Turn the method on.

        :param dict mapping: ``crm.stage`` of before -> ``crm.stage`` of the method; for
            others what `_propose_stages` says
        :param dict roles: ``res.users`` -> key of ``ROLES``, or False for none of ours
        :param restricted: users from whom native "all documents" is taken away
        :raise UserError: where a stage or a role does not fit; nothing has changed then
        """
        # sudo: stages, the setting and what depends on them are the whole database's,
        # whatever companies the director sees; only he opens the wizard
        adoption = self.sudo()
        mapping = {**adoption._propose_stages(), **(mapping or {})}
        adoption._check_mapping(mapping)
        adoption._assign_roles(roles or {}, restricted or self.env["res.users"])
        adoption._fold_behind(mapping)
        adoption._move_opportunities(mapping)
        adoption._map_references(mapping)
        params = self.env["ir.config_parameter"].sudo()  # sudo: as above
        params.set_param("crm_gestion.enforce_method", "True")
        params.set_param("crm_gestion.email_gestiones", "True")
        params.set_param("crm_gestion.archive_gate", "True")
        adoption.env["crm.stage"]._rebuild_probabilities()

    @api.model
    def _propose_stages(self):
        """
        :return: dict ``crm.stage`` of before -> ``crm.stage`` of the method: as it was
            mapped the last time; Odoo's examples as agreed; others by their position.
            Where there is nothing to propose, empty.
        """
        stages = self._stages()
        method = stages.filtered("is_method")
        examples = {
            self.env.ref(native, False): self.env.ref(ours, False) or stages.browse()
            for native, ours in NATIVE_STAGES.items()
        }
        proposed = {}
        for is_won in (False, True):
            ours = method.filtered(lambda stage, won=is_won: stage.is_won == won)
            others = (stages - method).filtered(
                lambda stage, won=is_won: stage.is_won == won
            )
            for index, stage in enumerate(others):
                choices = (stage.method_stage_id, examples.get(stage, ours.browse()))
                position = len(ours) - 1 if is_won else len(ours) * index // len(others)
                proposed[stage] = next(
                    (choice for choice in choices if choice and choice in ours),
                    ours[position : position + 1],
                )
        return {stage: proposed[stage] for stage in stages - method}

    @api.model
    def _check_mapping(self, mapping):
        """
        :raise ValidationError: where a stage does not stand for one of the method
        """
        for stage, target in mapping.items():
            if stage.is_method or not target.is_method:
                raise ValidationError(
                    self.env._(
                        "Choose a stage of the method for the stage “%s”.", stage.name
                    )
                )
            if stage.is_won != target.is_won:
                raise ValidationError(
                    self.env._(
                        "“%(stage)s” cannot become “%(target)s”: a won stage goes on "
                        "in the won stage of the method, and no other stage does.",
                        stage=stage.name,
                        target=target.name,
                    )
                )

    @api.model
    def _fold_behind(self, mapping):
        """Put the stages of the method first and fold the others behind them."""
        stages = self._stages()
        method = stages.filtered("is_method")
        method.write({"fold": False})
        for stage, target in mapping.items():
            if not stage.method_stage_id:
                stage.was_folded = stage.fold
            stage.write({"method_stage_id": target.id, "fold": True})
        self._resequence(method + (stages - method))

    @api.model
    def _resequence(self, stages):
        for sequence, stage in enumerate(stages, start=1):
            stage.sequence = sequence

    @api.model
    def _move_opportunities(self, mapping):
        """Take opportunities and enquiries, archived ones too, to the stages of the
        method, with the history that the method keeps of opportunities."""
        self.env.flush_all()
        # whoever writes opportunities waits instead of failing, and does not make us
        # begin again; reading goes on
        self.env.cr.execute(SQL("LOCK TABLE crm_lead IN SHARE ROW EXCLUSIVE MODE"))
        known, moved = self._known_stages(), [stage.id for stage in mapping]
        done = 0
        for ids in self._batches():
            self.env["crm.opportunity.history"]._backfill(
                ids, known, passages=done < HISTORY_NOW
            )
            done += len(ids)
            self.env.cr.execute(
                SQL(
                    """UPDATE crm_lead l
                          SET native_stage_id = CASE WHEN before.id IS NULL
                                  THEN l.native_stage_id ELSE l.stage_id END,
                              stage_id = COALESCE(before.method_stage_id, l.stage_id),
                              closure_kind = closure.kind
                         FROM crm_lead old
                    LEFT JOIN crm_stage before
                           ON before.id = old.stage_id AND before.id = ANY(%s)
                    LEFT JOIN crm_opportunity_closure closure
                           ON closure.lead_id = old.id AND closure.reopen_date IS NULL
                        WHERE old.id = l.id AND l.id = ANY(%s)
                          AND (before.id IS NOT NULL
                               OR l.closure_kind IS DISTINCT FROM closure.kind)""",
                    moved,
                    ids,
                )
            )
        self.env.invalidate_all(flush=False)
        if done > HISTORY_NOW:
            self.env.ref("crm_gestion.ir_cron_history")._trigger()

    @api.model
    def _stages(self):
        """:return: all stages in the order in which Odoo takes opportunities through
        them; their names, which it shows them by, differ from language to language"""
        return self.env["crm.stage"].search(Domain.TRUE, order="sequence, id")

    @api.model
    def _known_stages(self):
        """
        :return: dict id of a stage -> id of the stage of the method that it stands for,
            those of the method for themselves
        """
        stages = self._stages()
        return {
            stage.id: stage.id if stage.is_method else stage.method_stage_id.id
            for stage in stages
            if stage.is_method or stage.method_stage_id
        }

    @api.model
    def _batches(self):
        """:return: iterator of lists of the ids of all opportunities and enquiries"""
        last = 0
        while ids := [
            row[0]
            for row in self.env.execute_query(
                SQL(
                    "SELECT id FROM crm_lead WHERE id > %s ORDER BY id LIMIT %s",
                    last,
                    BATCH,
                )
            )
        ]:
            yield ids
            last = ids[-1]

    @api.model
    def _map_references(self, mapping):
        """Take what we recorded before the adoption to the stages of the method too:
        resuming goes back to them, and reports compare by them."""
        for table, column in (
            ("crm_opportunity_stage", "stage_id"),
            ("crm_opportunity_stage", "from_stage_id"),
            ("crm_opportunity_stage", "next_stage_id"),
            ("crm_opportunity_closure", "stage_id"),
            ("crm_gestion_result", "suggested_stage_id"),
        ):
            self.env.cr.execute(
                SQL(
                    """UPDATE %(table)s r SET %(column)s = stage.method_stage_id
                         FROM crm_stage stage
                        WHERE stage.id = r.%(column)s AND stage.id = ANY(%(ids)s)""",
                    table=SQL.identifier(table),
                    column=SQL.identifier(column),
                    ids=[stage.id for stage in mapping],
                )
            )
        self.env.invalidate_all(flush=False)

    # === ROLES === #

    @api.model
    def _propose_roles(self):
        """
        :return: dict ``res.users`` with native sales rights -> key of ``ROLES``: the
            role he has; else, from least to most, a salesman is a seller, the leader of
            a team a head of sales, "all documents" or more a director
        """
        users = self._sales_users()
        leaders = self.env["crm.team"].search([("user_id", "in", users.ids)]).user_id
        everything = self._see_everything()
        roles = {}
        for user in users:
            roles[user] = "seller"
            if user in leaders:
                roles[user] = "head"
            if user in everything:
                roles[user] = "director"
        for role, group in ROLES.items():
            for user in self.env.ref(group).all_user_ids & users:
                roles[user] = role
        return roles

    @api.model
    def _sales_users(self):
        users = self.env.ref(SALESMAN).all_user_ids
        return users.filtered("active").sorted("name")

    @api.model
    def _see_everything(self):
        """:return: users with native "all documents" or more"""
        return self.env.ref(ALL_DOCUMENTS).all_user_ids

    @api.model
    def _lost_sight(self, users):
        """
        :return: dict user -> how many opportunities he sees today and would not see as
            a seller or head of sales without "all documents"; 0 for who has not got it
        """
        everything = self._see_everything() & users
        counts = (
            self.env["crm.lead"]
            .with_context(active_test=False)
            ._read_group(
                [("type", "=", "opportunity"), ("user_id", "!=", False)],
                ["company_id", "user_id"],
                ["__count"],
            )
        )
        scopes = everything._crm_scopes()
        return {
            user: sum(
                count
                for company, owner, count in counts
                if user in everything
                and owner.id not in scopes[user]
                and (not company or company in user.company_ids)
            )
            for user in users
        }

    @api.model
    def _assign_roles(self, roles, restricted):
        """Give users their roles.

        :raise UserError: for who has no native sales rights, or keeps "all documents"
            through a group that is not Odoo's
        """
        users = self.env["res.users"].union(*roles)
        if strangers := users - self._sales_users():
            raise UserError(
                self.env._(
                    "Give these users sales rights before they get a role: %s.",
                    ", ".join(strangers.mapped("name")),
                )
            )
        groups = {role: self.env.ref(group) for role, group in ROLES.items()}
        ours = self.env["res.groups"].union(*groups.values())
        everything = self.env.ref(ALL_DOCUMENTS)
        native = everything | self.env.ref(MANAGER)
        kept = self.env["res.users"]
        restricted = users & restricted
        restricted = restricted.filtered(lambda u: roles[u] in ("seller", "head"))
        changes = defaultdict(lambda: self.env["res.users"])
        for user in users:
            role = roles[user]
            gets = groups[role] if role else self.env["res.groups"]
            loses = (ours - gets) & user.group_ids
            if user in restricted:
                loses |= native & user.group_ids
                if everything in (user.group_ids - loses).all_implied_ids:
                    kept |= user
            if loses and not role:  # what our role implied stays
                gets |= self.env.ref(SALESMAN)
            if loses or gets - user.group_ids:
                changes[loses, gets] += user
        if kept:
            raise UserError(
                self.env._(
                    "These users have “all documents” from another group as well, take "
                    "it away in the settings of users first: %s.",
                    ", ".join(kept.mapped("name")),
                )
            )
        for (loses, gets), changed in changes.items():
            changed.write(
                {
                    "group_ids": [
                        *(Command.unlink(group.id) for group in loses),
                        *(Command.link(group.id) for group in gets),
                    ]
                }
            )

    # === GIVING BACK === #

    @api.model
    def _give_back(self):
        """Before uninstalling: the stages of before are usable again.

        Where opportunities came from them, all go back: each to the stage that it came
        from while it is still in the one that this was mapped to, otherwise to the one
        of before that stands for where it is now. Won stays in a won stage. Where the
        method was there from the start, its stages stay the company's own.
        """
        stages = self._stages()
        mapped = stages.filtered(
            lambda stage: stage.method_stage_id.is_won == stage.is_won
        ).filtered("method_stage_id")
        for stage in mapped:
            stage.fold = stage.was_folded
        if not self._came_from_before():
            return
        self._resequence(
            stages.filtered(lambda stage: not stage.is_method)
            + stages.filtered("is_method")
        )
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE crm_lead l SET stage_id = stage.id
                     FROM crm_stage stage
                    WHERE stage.id = l.native_stage_id
                      AND stage.method_stage_id = l.stage_id AND stage.id = ANY(%s)""",
                mapped.ids,
            )
        )
        for stage, back in self._ways_back(stages, mapped).items():
            self.env.cr.execute(
                SQL(
                    "UPDATE crm_lead SET stage_id = %s WHERE stage_id = %s",
                    back.id,
                    stage.id,
                )
            )
        self.env.invalidate_all(flush=False)
        # predictions count from the first stage; those of today stay as they are
        self.env["crm.lead"]._rebuild_pls_frequency_table()

    @api.model
    def _came_from_before(self):
        leads = self.env["crm.lead"].with_context(active_test=False)
        return bool(leads.search_count([("native_stage_id", "!=", False)], limit=1))

    @api.model
    def _ways_back(self, stages, mapped):
        """
        :return: dict stage of the method -> stage of before that stands for it: one
            that was mapped to it, else to the nearest stage before it, else after it
        """
        method = stages.filtered("is_method")
        ways = {}
        for is_won in (False, True):
            ours = method.filtered(lambda stage, won=is_won: stage.is_won == won)
            for index, stage in enumerate(ours):
                for near in (*reversed(ours[: index + 1]), *ours[index + 1 :]):
                    back = mapped.filtered(
                        lambda s, near=near: s.method_stage_id == near
                    )
                    if back:
                        ways[stage] = back[0]
                        break
        return ways

    # === WHAT THE WIZARD SHOWS === #

    @api.model
    def _count_by_stage(self):
        """:return: dict ``crm.stage`` -> Counter of what is in it, archived too, by
        ``open``, ``closed`` (opportunities) and ``enquiry``"""
        counts = defaultdict(Counter)
        for stage, kind, status, count in (
            self.env["crm.lead"]
            .with_context(active_test=False)
            ._read_group([], ["stage_id", "type", "won_status"], ["__count"])
        ):
            if kind == "lead":
                counts[stage]["enquiry"] += count
            else:
                counts[stage]["open" if status == "pending" else "closed"] += count
        return counts
