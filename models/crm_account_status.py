from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.account import account_status

BATCH = 1000
# States of an order and of an invoice that count as a sale.
SOLD = ("sale", "posted")


class CrmAccountStatus(models.AbstractModel):
    """Keeps ``res.partner.account_status``: who is a potential customer, a customer, a
    former customer, or nobody of commercial interest.

    *Lifecycle.* An account becomes a potential customer as soon as somebody works on
    it, a customer with its first confirmed order or posted invoice, and a former one
    when the last of them is older than the setting says. Cancelled sales are taken
    back. What was of interest once never falls back to nothing.

    *Invariants.* Our own companies and the people who work here have no status. The
    contacts of an account carry its status. Everything works on whole batches.

    The status is a fact about the account and not about who looks: sales of all
    companies count, and every method here runs as superuser for that reason alone.
    """

    _name = "crm.account.status"
    _description = "Account Status"

    @api.model
    def _accounts(self, partners):
        """
        :return: the accounts of these partners, in superuser mode, without our own
            companies and staff
        """
        # sudo: see the class
        accounts = partners.sudo().commercial_partner_id
        return accounts - self._ours(accounts)

    @api.model
    def _ours(self, partners):
        """:return: those of these partners that are our own companies or staff"""
        if not partners.ids:
            return partners
        self.env["res.company"].flush_model(["partner_id"])
        self.env["res.users"].flush_model(["partner_id", "share"])
        rows = self.env.execute_query(
            SQL(
                """SELECT partner_id FROM res_company WHERE partner_id = ANY(%(ids)s)
                    UNION
                   SELECT partner_id FROM res_users
                    WHERE partner_id = ANY(%(ids)s) AND share IS NOT TRUE""",
                ids=partners.ids,
            )
        )
        return partners & partners.browse(row[0] for row in rows)

    @api.model
    def _mark_potential(self, partners):
        """Somebody works on these partners: accounts without status become potential
        customers."""
        new = partners.sudo().commercial_partner_id.filtered(
            lambda account: not account.account_status
        )
        if new:
            self._write_status(self._accounts(new), "potential")

    @api.model
    def _drop(self, partners):
        """Take the status off those of these partners that are our own companies or
        staff by now."""
        known = partners.sudo().filtered("account_status")
        if known:
            self._ours(known).write({"account_status": False})

    @api.model
    def _write_status(self, accounts, status):
        """Give accounts and their contacts a status, archived contacts too, in one
        batch: Odoo's own synchronisation asks for the contacts of each account."""
        tree = accounts.with_context(active_test=False).search(
            [("commercial_partner_id", "in", accounts.ids)]
        )
        tree.filtered(lambda partner: partner.account_status != status).write(
            {"account_status": status}
        )

    @api.model
    def _align_contacts(self, partners):
        """Give the contacts that a merge by SQL moved to these accounts their
        status."""
        for account in self._accounts(partners):
            self._write_status(account, account.account_status)

    @api.model
    def _follow_sales(self, sales, date):
        """Bring the status in line with orders or invoices that were confirmed, posted
        or taken back. A sale of today makes a customer without asking for others;
        only what was taken back, or is old, has the history looked at.

        :param str date: name of the field with the day of these sales
        """
        limit = self._former_limit()
        sales = sales.sudo()  # sudo: see the class
        fresh = sales.filtered(
            lambda sale: (
                sale.state in SOLD
                and sale[date]
                and fields.Date.to_date(sale[date]) >= limit
            )
        )
        new = fresh.partner_id.commercial_partner_id.filtered(
            lambda account: account.account_status != "customer"
        )
        if new:
            self._write_status(self._accounts(new), "customer")
        if rest := sales - fresh:
            self._refresh(rest.partner_id)

    @api.model
    def _refresh(self, partners):
        """Work the status out from orders, invoices and what sellers did.

        Bounded queries whatever the number of partners.
        """
        by_status = self._worked_out(self._accounts(partners))
        for status, group in by_status.items():
            changed = group.filtered(lambda a, s=status: a.account_status != s)
            if changed:
                self._write_status(changed, status)

    @api.model
    def _worked_out(self, accounts):
        """:return: dict status -> accounts of these that ought to have it"""
        sales = self._last_sales(accounts)
        unknown = accounts.filtered(
            lambda account: account.id not in sales and not account.account_status
        )
        busy = self._with_evidence(unknown)
        limit = self._former_limit()
        return accounts.grouped(
            lambda account: account_status(
                account.account_status, sales.get(account.id), limit, account in busy
            )
        )

    @api.model
    def _former_limit(self):
        """:return: an account must have bought since this day to be a customer"""
        params = self.env["ir.config_parameter"].sudo()
        months = int(params.get_param("crm_gestion.former_months", "24"))
        return fields.Date.context_today(self) - relativedelta(months=months)

    @api.model
    def _last_sales(self, accounts):
        """
        :return: dict id of an account -> date of its last confirmed order or posted
            customer invoice, its contacts' included
        """
        in_tree = Domain("partner_id.commercial_partner_id", "in", accounts.ids)
        orders = in_tree & Domain("state", "=", "sale")
        invoices = in_tree & Domain(
            [("state", "=", "posted"), ("move_type", "=", "out_invoice")]
        )
        last = {}
        for model, domain, column in (
            ("sale.order", orders, "date_order"),
            ("account.move", invoices, "invoice_date"),
        ):
            for partner, value in (
                self.env[model]
                .sudo()
                ._read_group(domain, ["partner_id"], [f"{column}:max"])
            ):
                day = fields.Date.to_date(value)
                account = partner.commercial_partner_id.id
                last[account] = max(day, last.get(account, day))
        return last

    @api.model
    def _with_evidence(self, accounts):
        """:return: the accounts that a seller worked on, or that have an origination"""
        if not accounts:
            return accounts
        tree = accounts.with_context(active_test=False).search(
            [("commercial_partner_id", "in", accounts.ids)]
        )
        leads = self.env["crm.lead"].sudo().with_context(active_test=False)
        gestiones = self.env["crm.gestion"].sudo()
        found = leads.search_fetch(
            [("partner_id", "in", tree.ids), ("type", "=", "opportunity")],
            ["partner_id"],
        ).partner_id
        for name in ("organization_id", "contact_id"):
            groups = gestiones._read_group([(name, "in", tree.ids)], [name])
            found = found.union(*(partner for (partner,) in groups))
        found |= tree.filtered("origination_id")
        return found.commercial_partner_id

    # === CRON === #

    @api.model
    def _cron_refresh(self):
        """Every night: accounts with a history from before the add-on get a status, and
        customers who stopped buying become former ones.

        Bounded batches, each account at most once in a run. What was treated no longer
        is in the list, so a run that was cut short is continued by the next one.
        """
        last = 0
        while accounts := self._stale_accounts(BATCH, last):
            self._refresh(accounts)
            self.env.flush_all()
            last = accounts[-1].id
            remaining = len(self._stale_accounts(BATCH, last))
            if not self.env["ir.cron"]._commit_progress(
                len(accounts), remaining=remaining
            ):
                return

    @api.model
    def _stale_accounts(self, limit, after=0):
        """
        :return: up to ``limit`` accounts whose status is not what it should be, with
            an id greater than ``after``: customers without a recent sale, others with
            one (imported orders, another number of months), and accounts with a history
            and no status
        """
        partners = self.env["res.partner"].sudo()
        partners.flush_model()
        self.env["crm.lead"].flush_model(["partner_id", "type"])
        self.env["sale.order"].flush_model(["state", "date_order", "partner_id"])
        self.env["account.move"].flush_model(["state", "invoice_date", "partner_id"])
        recent = self._sales_sql(SQL("%s", self._former_limit()))
        ever = self._sales_sql(SQL("'-infinity'"))
        rows = self.env.execute_query(
            SQL(
                """SELECT p.id FROM res_partner p
                    WHERE p.commercial_partner_id = p.id AND p.id > %(after)s
                      AND p.id NOT IN (SELECT partner_id FROM res_company)
                      AND p.id NOT IN (SELECT partner_id FROM res_users
                                        WHERE share IS NOT TRUE)
                      AND CASE p.account_status
                          WHEN 'customer' THEN p.id NOT IN (%(recent)s)
                          WHEN 'former' THEN p.id IN (%(recent)s)
                          WHEN 'potential' THEN p.id IN (%(ever)s)
                          ELSE p.id IN (%(ever)s)
                            OR p.id IN (SELECT c.commercial_partner_id FROM crm_lead l
                                          JOIN res_partner c ON c.id = l.partner_id
                                         WHERE l.type = 'opportunity')
                          END
                    ORDER BY p.id LIMIT %(limit)s""",
                after=after,
                recent=recent,
                ever=ever,
                limit=limit,
            )
        )
        return partners.browse([row[0] for row in rows])

    @api.model
    def _sales_sql(self, since):
        """:return: query of the accounts with a sale since a day"""
        return SQL(
            """SELECT c.commercial_partner_id FROM sale_order o
                 JOIN res_partner c ON c.id = o.partner_id
                WHERE o.state = 'sale' AND o.date_order >= %(since)s
               UNION ALL
               SELECT c.commercial_partner_id FROM account_move m
                 JOIN res_partner c ON c.id = m.partner_id
                WHERE m.state = 'posted' AND m.move_type = 'out_invoice'
                  AND m.invoice_date >= %(since)s""",
            since=since,
        )
