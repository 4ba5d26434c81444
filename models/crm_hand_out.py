from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

# Names in the notification of who gets many at once.
NAMED = 20
# Documents whose next steps are a seller's work.
DOCUMENTS = ("crm.lead", "res.partner", "sale.order")


class CrmHandOut(models.AbstractModel):
    """Gives unassigned enquiries and opportunities to sellers.

    *Lifecycle.* What arrives without a seller waits in the queue "To Hand Out" until a
    head gives it to one of his people, or a director to anybody. Seller and team are
    written together. The seller is told once, whatever the number.

    *Invariants.* What somebody has already is not given to another one here, also when
    two heads hand out the same at once: the second is told who has it.
    """

    _name = "crm.hand.out"
    _description = "Handing out"

    @api.model
    def _sellers(self):
        """:return: the users to whom the user may hand out: a head his people and
        himself, a director every seller of his companies"""
        domain = Domain("share", "=", False) & Domain(
            "all_group_ids",
            "in",
            self.env.ref("sales_team.group_sale_salesman").ids,
        )
        if self.env.user.has_group("crm_gestion.group_sales_director"):
            domain &= Domain("company_ids", "in", self.env.companies.ids)
        else:
            led = self.env["crm.substitution"]._led_user_ids()
            domain &= Domain("id", "in", list(led))
        # sudo: who is a seller is no secret; groups of users are not open to all
        users = self.env["res.users"].sudo().search(domain, order="name, id")
        return users.with_env(self.env)

    @api.model
    def _load(self, users):
        """What these sellers have to do.

        :return: dict user -> dict of ``opportunity_count``, ``enquiry_count``,
            ``expected_revenue`` and ``overdue_count``
        """
        load = {
            user: {
                "opportunity_count": 0,
                "enquiry_count": 0,
                "expected_revenue": 0.0,
                "overdue_count": 0,
            }
            for user in users
        }
        # sudo: figures of the user's own people, in the companies that he works in
        leads = self.env["crm.lead"].sudo()
        for user, kind, count, revenue in leads._read_group(
            [
                ("user_id", "in", users.ids),
                ("won_status", "=", "pending"),
                ("company_id", "in", [*self.env.companies.ids, False]),
            ],
            ["user_id", "type"],
            ["__count", "expected_revenue:sum_currency"],
        ):
            own = load[user.with_env(users.env)]
            own["enquiry_count" if kind == "lead" else "opportunity_count"] = count
            if kind == "opportunity":
                own["expected_revenue"] = revenue
        activities = self.env["mail.activity"].sudo()
        for user, count in activities._read_group(
            [
                ("user_id", "in", users.ids),
                ("date_deadline", "<", fields.Date.context_today(self)),
                ("res_model", "in", DOCUMENTS),
            ],
            ["user_id"],
            ["__count"],
        ):
            load[user.with_env(users.env)]["overdue_count"] = count
        return load

    @api.model
    def _give(self, leads, user):
        """Give unassigned enquiries and opportunities to a seller.

        :raise UserError: where somebody has one of them already, or the seller is not
            the user's to give work to; nothing has changed then
        """
        leads.check_access("write")
        if user not in self._sellers():
            raise UserError(
                self.env._(
                    "%s is not in your teams: choose one of your sellers.", user.name
                )
            )
        if taken := leads.filtered("user_id"):
            raise UserError(
                self.env._(
                    "“%(name)s” is handed out already, to %(user)s: reload the list.",
                    name=taken[0].name,
                    user=taken[0].user_id.name,
                )
            )
        quiet = leads.with_context(mail_auto_subscribe_no_notify=True)
        for (team, kind), group in quiet.grouped(lambda x: (x.team_id, x.type)).items():
            team = self._team(team, kind, user)
            group.write({"user_id": user.id, "team_id": team.id})
        if user != self.env.user:
            self._tell(leads, user)

    @api.model
    def _team(self, team, kind, user):
        """:return: the team that Odoo would choose: the one it has where the seller is
        in it, else one of his"""
        if team and user in team.member_ids | team.user_id:
            return team
        use = "use_leads" if kind == "lead" else "use_opportunities"
        return team._get_default_team_id(user_id=user.id, domain=[(use, "=", True)])

    @api.model
    def _tell(self, leads, user):
        items = Markup().join(
            Markup("<li>%s</li>") % lead._get_html_link(title=lead.display_name)
            for lead in leads[:NAMED]
        )
        if len(leads) > NAMED:
            items += Markup("<li>…</li>")
        subject = self.env._("You have %s new customers to attend to", len(leads))
        if len(leads) == 1:
            subject = self.env._("It is yours now: %s", leads.name)
        # who covers the seller today is told too
        users = user | self.env["crm.substitution"]._substitutes(user)[user]
        self.env["mail.thread"].message_notify(
            partner_ids=(users - self.env.user).partner_id.ids,
            subject=subject,
            body=Markup("<p>%s</p><ul>%s</ul>") % (subject, items),
        )
