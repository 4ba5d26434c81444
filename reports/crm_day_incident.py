from datetime import timedelta

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL


class CrmDayIncident(models.AbstractModel):
    """The incidents of ``crm.day``: those that a seller is to solve and whose target is
    due today or passed, and severe ones that are open at his accounts.

    *Invariant.* An incident is there once, by the first of those to whom it matters.
    """

    _name = "crm.day.incident"
    _description = "Incidents of My Day"

    @api.model
    def _rows(self):
        """:return: SQL of the branch of ``crm.day``"""
        Day = self.env["crm.day"]
        users = Day._users()
        assigned = self._query(self._due(), Domain("user_ids", "in", users))
        severe = self._query(
            self.env["res.partner"]._crm_severe_domain(), self._of_accounts(users)
        )
        due = SQL("task.id IN %s", assigned.subselect())
        return SQL(
            """%(select)s
                 FROM project_task task %(lead)s %(partner)s
                WHERE %(due)s OR task.id IN %(severe)s""",
            select=Day._select(
                "project.task",
                SQL("task.id"),
                [("incident", due), ("severe", SQL("TRUE"))],
                user_id=SQL(
                    "CASE WHEN %s THEN (%s) ELSE %s END",
                    due,
                    self._assignee(users),
                    SQL("COALESCE(owner.user_id, account.user_id, who.user_id)"),
                ),
                date=self._deadline(),
                organization_id=SQL(
                    """COALESCE(task.crm_organization_id,
                                CASE WHEN account.is_company THEN account.id END)"""
                ),
                contact_id=SQL("CASE WHEN NOT who.is_company THEN who.id END"),
                lead_id=SQL("lead.id"),
                res_model=SQL("'project.task'"),
                res_id=SQL("task.id"),
                summary=SQL("concat_ws(' · ', task.crm_number, task.name)"),
            ),
            lead=Day._lead_join(SQL("task.crm_lead_id")),
            partner=self._partners(),
            due=due,
            severe=severe.subselect(),
        )

    @api.model
    def _query(self, *conditions):
        """:return: query of the incidents that the reader may read"""
        incident = Domain("crm_is_incident", "=", True)
        return self.env["project.task"]._search(Domain.AND([incident, *conditions]))

    @api.model
    def _due(self):
        """:return: domain of incidents whose target is today or earlier"""
        Day = self.env["crm.day"]
        tomorrow = Day._midnight(Day._today() + timedelta(days=1))
        return Domain("crm_deadline", "!=", False) & Domain(
            "crm_deadline", "<", tomorrow
        )

    @api.model
    def _deadline(self):
        """:return: SQL of the day of the next target that runs"""
        return SQL(
            "task.crm_deadline AT TIME ZONE 'UTC' AT TIME ZONE %s", str(self.env.tz)
        )

    @api.model
    def _of_accounts(self, users):
        """:return: domain of the incidents of the accounts of these users"""
        return Domain("crm_organization_id.user_id", "in", users) | (
            Domain("crm_organization_id", "=", False)
            & Domain("partner_id.commercial_partner_id.user_id", "in", users)
        )

    @api.model
    def _assignee(self, users):
        """:return: SQL of one of those who are to solve it, the reader first"""
        return SQL(
            """SELECT rel.user_id FROM project_task_user_rel rel
                WHERE rel.task_id = task.id AND rel.user_id IN %s
             ORDER BY rel.user_id = %s DESC, rel.user_id LIMIT 1""",
            tuple(users),
            self.env.uid,
        )

    @api.model
    def _partners(self):
        """:return: joins of the customer, of his account and of the organization that
        the incident names"""
        return SQL(
            """%s LEFT JOIN res_partner owner ON owner.id = task.crm_organization_id""",
            self.env["crm.day"]._partner_join(SQL("task.partner_id")),
        )
