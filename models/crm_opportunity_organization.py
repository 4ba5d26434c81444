from datetime import timedelta

from psycopg2.errors import SerializationFailure

from odoo import api, fields, models
from odoo.tools import SQL

BATCH = 2000
# That few are done with the installation.
AT_ONCE = 10000
TRIES = 20
PARAMETER = "crm_gestion.organizations_below"


class CrmOpportunityOrganization(models.AbstractModel):
    """Gives the opportunities of before the add-on their organization: the company of
    their contact.

    *Lifecycle.* Installing does it at once where they are few. A cron does it in any
    case, from the newest to the oldest, in bounded batches with a commit after each:
    for those that are many, and for those that servers which did not know us yet
    created meanwhile. Afterwards there is nothing left to do, ever.

    *Invariants.* Nobody waits: what somebody is writing is left for a later run, and
    who writes gets what the batch has within milliseconds. An organization that is
    there stays. An opportunity without one is as complete as one of a private person:
    whoever reads it by its account finds it as soon as it is filled.
    """

    _name = "crm.opportunity.organization"
    _description = "Organizations of Earlier Opportunities"

    @api.model
    def _start(self):
        """After installing: those that are few at once, what is left by the cron."""
        last = self._last()
        if last:
            query = "SELECT count(*) FROM (SELECT FROM crm_lead LIMIT %s) few"
            if self.env.execute_query(SQL(query, AT_ONCE + 1))[0][0] <= AT_ONCE:
                self._fill_if_free(last)
        # the newest is the one that is the newest when the cron begins
        self._params().set_param(PARAMETER, "newest")
        self._trigger()

    @api.model
    def _fill_if_free(self, last):
        """A seller who wrote one of them since the installation began must not make all
        of it fail: the cron does them."""
        try:
            with self.env.cr.savepoint():
                self._fill(0, last)
        except SerializationFailure:
            self.env["crm.lead"].invalidate_model(["organization_id"])

    @api.model
    def _cron_fill(self):
        """How far a run came is kept once at its end, so a crash repeats a part and
        loses nothing."""
        value = self._params().get_param(PARAMETER, "0")
        last = self._last() if value == "newest" else int(value)
        busy = 0
        while last > 0:
            first = max(last - BATCH, 0)
            busy = max(busy, self._fill_again(first, last))
            last = first
            # an estimate: there may be gaps between the ids
            if not self.env["ir.cron"]._commit_progress(BATCH, remaining=last):
                break
        self._params().set_param(PARAMETER, str(max(last, busy)))
        if busy:
            self._trigger(fields.Datetime.now() + timedelta(minutes=1))

    @api.model
    def _fill_again(self, first, last):
        """As `_fill`, again where somebody committed a change just before: the next
        transaction sees it. The batches before are committed."""
        for _try in range(TRIES):
            try:
                return self._fill(first, last)
            except SerializationFailure:
                self.env.cr.rollback()
        return last

    @api.model
    def _fill(self, first, last):
        """
        :param int first: ids from here on, without it
        :param int last: up to here
        :return: the highest id of those that others are writing, else 0
        """
        self.env["crm.lead"].flush_model(["organization_id", "partner_id"])
        lacking = self.env.execute_query(
            SQL(
                """SELECT l.id, company.id
                     FROM crm_lead l
                     JOIN res_partner contact ON contact.id = l.partner_id
                     JOIN res_partner company
                       ON company.id = contact.commercial_partner_id
                      AND company.is_company
                    WHERE l.id > %s AND l.id <= %s AND l.organization_id IS NULL""",
                first,
                last,
            )
        )
        organizations = dict(lacking)
        free = self._lock_free(list(organizations))
        self.env.cr.execute(
            SQL(
                """UPDATE crm_lead l SET organization_id = given.organization_id
                     FROM unnest(%s::int[], %s::int[]) given (id, organization_id)
                    WHERE given.id = l.id""",
                free,
                [organizations[lead_id] for lead_id in free],
            )
        )
        self.env["crm.lead"].invalidate_model(["organization_id"])
        return max(organizations.keys() - set(free), default=0)

    @api.model
    def _lock_free(self, ids):
        """:return: list of those ids that nobody is writing"""
        self.env.cr.execute(
            SQL(
                """SELECT id FROM crm_lead WHERE id = ANY(%s::int[])
                   FOR NO KEY UPDATE SKIP LOCKED""",
                ids,
            ),
            log_exceptions=False,  # that somebody was faster is no error
        )
        return [lead_id for (lead_id,) in self.env.cr.fetchall()]

    @api.model
    def _last(self):
        """:return: the highest id of all opportunities, 0 where there are none"""
        return self.env.execute_query(SQL("SELECT coalesce(max(id), 0) FROM crm_lead"))[
            0
        ][0]

    @api.model
    def _params(self):
        # sudo: a setting of ours, which only the cron and the installation ask for
        return self.env["ir.config_parameter"].sudo()

    @api.model
    def _trigger(self, at=None):
        # sudo: the cron does the same for whoever wakes it
        self.env.ref("crm_gestion.ir_cron_organization").sudo()._trigger(at)
