from odoo import api, models
from odoo.tools import SQL


class CrmTakeoverAccount(models.AbstractModel):
    """What a take-over does with accounts: their status by their orders, invoices and
    opportunities, and the origination that their first opportunity came with.

    By SQL, as all that is filled: the dates of partners stay, and what they were is in
    the ledger.
    """

    _name = "crm.takeover.account"
    _description = "Accounts That Are Taken Over"

    @api.model
    def _becomes(self, takeover, accounts):
        """:return: list of (id, new status) of those of these accounts that are this
        company's or everybody's and change"""
        Status = self.env["crm.account.status"]
        ours = Status._accounts(accounts).filtered(
            lambda account: account.company_id <= takeover.company_id
        )
        return [
            (account.id, status)
            for status, group in Status._worked_out(ours).items()
            for account in group
            if account.account_status != status
        ]

    @api.model
    def _take_status(self, line, size):
        """:return: ids of the accounts looked at, and of those that changed"""
        accounts = self.env["crm.account.status"]._stale_accounts(size, line.cursor)
        becomes = self._becomes(line.takeover_id, accounts)
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """UPDATE res_partner p SET account_status = next.status
                     FROM (SELECT tree.id, tree.account_status AS was, became.status
                             FROM unnest(%s::int4[], %s::text[])
                                  AS became (account_id, status)
                             JOIN res_partner tree
                               ON tree.commercial_partner_id = became.account_id
                            WHERE tree.account_status IS DISTINCT FROM became.status
                          ) next
                    WHERE p.id = next.id
                RETURNING p.id, next.status, next.was""",
                [account_id for account_id, _status in becomes],
                [status or None for _account_id, status in becomes],
            )
        )
        self.env["crm.takeover.record"]._log(
            line.takeover_id,
            "res.partner",
            [row[0] for row in rows],
            "account_status",
            [row[1] for row in rows],
            [row[2] for row in rows],
        )
        self.env["res.partner"].invalidate_model(["account_status"])
        return accounts.ids, [account_id for account_id, _status in becomes]

    @api.model
    def _take_originations(self, line, size):
        """Customers without an origination get that of their first opportunity.

        :return: their ids
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """UPDATE res_partner p SET origination_id = next.origination_id
                     FROM (%s AND r.id > %s ORDER BY r.id LIMIT %s) next
                    WHERE p.id = next.id
                RETURNING p.id, next.origination_id""",
                self._without_origination(
                    line.takeover_id, SQL("l.origination_id IS NOT NULL")
                ),
                line.cursor,
                size,
            )
        )
        ids = [row[0] for row in rows]
        Record = self.env["crm.takeover.record"]
        Record._log(
            line.takeover_id,
            "res.partner",
            ids,
            "origination_id",
            [str(row[1]) for row in rows],
        )
        Record._mark_potential(line.takeover_id, ids)
        self.env["res.partner"].invalidate_model(["origination_id"])
        return ids

    @api.model
    def _without_origination(self, takeover, condition):
        """
        :param condition: on an opportunity ``l``
        :return: query of the customers ``r`` without an origination who have such an
            opportunity, an organization those of its contacts too, and the origination
            of the first one
        """
        company = takeover.company_id.id
        return SQL(
            """SELECT r.id, first.origination_id
                 FROM res_partner r
                 JOIN LATERAL (
                      SELECT l.origination_id
                        FROM res_partner c JOIN crm_lead l ON l.partner_id = c.id
                       WHERE c.commercial_partner_id = r.commercial_partner_id
                         AND (c.id = r.id OR r.id = r.commercial_partner_id)
                         AND (l.company_id IS NULL OR l.company_id = %(company)s)
                         AND %(condition)s
                       ORDER BY l.create_date, l.id LIMIT 1) first ON TRUE
                WHERE r.origination_id IS NULL AND r.active
                  AND (r.company_id IS NULL OR r.company_id = %(company)s)
                  AND NOT EXISTS (SELECT FROM res_company o
                                   WHERE o.partner_id = r.commercial_partner_id)
                  AND NOT EXISTS (SELECT FROM res_users staff
                                   WHERE staff.partner_id = r.commercial_partner_id
                                     AND staff.share IS NOT TRUE)""",
            company=company,
            condition=condition,
        )
