from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

SHOWN = 10


class CrmDashboardQuiet(models.AbstractModel):
    """Accounts that nobody had contact with for some days (a setting), and that neither
    an open opportunity nor a planned step keeps in view: as ``crm.day`` has them."""

    _name = "crm.dashboard.quiet"
    _inherit = "crm.dashboard.part"
    _description = "Quiet Accounts of a Dashboard"

    @api.model
    def _sections(self, asked):
        title = self.env._("Accounts without Contact")
        domain = asked.of_people() & Domain("kind", "=", "quiet")
        rows = self._quietest(asked)
        count = rows[0]["count"] if rows else 0
        drill = self._drill("crm.day", domain, title, count)
        people = self._people(asked, *(row["user_id"] for row in rows))
        return [
            self._section(
                "quiet",
                title,
                "table",
                "full",
                help=self.env._(
                    "Nobody had contact with them for %s days, and nothing is open or "
                    "planned.",
                    self.env["crm.day"]._quiet_days(),
                ),
                empty=self.env._("All accounts are in contact."),
                columns=[
                    self._column("seller", self.env._("Salesperson"), "text"),
                    self._column("date", self.env._("Last Contact"), "date"),
                    self._column("days", self.env._("Days")),
                ],
                rows=[self._account(asked, row, people) for row in rows],
                total=bool(count)
                and self._row(
                    self.env._("%s in all", count),
                    [
                        self._figure("", "text"),
                        self._figure("", "text"),
                        self._figure("", "text"),
                    ],
                    drill,
                ),
                drill=drill,
            )
        ]

    @api.model
    def _account(self, asked, row, people):
        date = row["date"]
        never = False if date else self.env._("Never")
        return self._row(
            row["name"],
            [
                self._figure(people.get(row["user_id"]), "text"),
                self._figure(date, "date", note=never),
                self._figure(date and (asked.today - date).days),
            ],
            self._drill(
                "res.partner", Domain("id", "=", row["account_id"]), row["name"], 1
            ),
        )

    @api.model
    def _quietest(self, asked):
        """Of the accounts only: ``crm.day`` works out all that waits today.

        :return: list of dicts of the quietest ones, and in each how many there are
        """
        accounts = self.env["crm.day"]._quiet_accounts()
        mine = SQL("TRUE")
        if asked.user_ids is not None:
            mine = SQL("quiet.user_id = ANY(%s)", list(asked.user_ids))
        return self.env.execute_query_dict(
            SQL(
                """SELECT quiet.res_id AS account_id, quiet.summary AS name,
                          quiet.user_id, quiet.date, count(*) OVER () AS count
                     FROM (%s) quiet WHERE %s
                 ORDER BY quiet.date NULLS FIRST, quiet.id LIMIT %s""",
                accounts,
                mine,
                SHOWN,
            )
        )
