from datetime import date

from freezegun import freeze_time

from odoo.tests import tagged

from .test_crm_campaign_figure import TODAY
from .test_utm_campaign import MoneyCommon

EMAILS = [
    "sent:sum", "delivered:sum", "opens_unique:sum", "clicks_unique:sum",
    "replies:sum", "bounces:sum", "unsubscribes:sum",
]  # fmt: skip
RATES = [
    "delivery_rate:avg", "open_rate:avg", "click_rate:avg", "reply_rate:avg",
    "bounce_rate:avg", "unsubscribe_rate:avg",
]  # fmt: skip


@tagged("post_install", "-at_install")
@freeze_time(f"{TODAY} 10:00:00")
class TestCampaignReport(MoneyCommon):
    """The fair sold for 500 and cost 200."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report = cls.env["crm.campaign.report"].with_user(cls.director)

    def _load(self, campaign, ref, day, **counts):
        rows, messages = (
            self.env["crm.mailing.metric"]
            .with_user(self.director)
            ._load(
                [
                    {
                        "row": 2,
                        "campaign": campaign,
                        "tool": "Brevo",
                        "external_ref": ref,
                        "name": ref,
                        "date": day,
                        "sent_date": date(2026, 2, 20),
                        **counts,
                    }
                ]
            )
        )
        self.assertEqual(messages, [])
        return rows

    def _groups(self, groupby, aggregates, domain=()):
        self.env.flush_all()
        return self.report._read_group(list(domain), groupby, aggregates)

    def test_types_are_told_in_the_readers_language(self):
        self.env["res.lang"]._activate_lang("es_ES")
        field = self.env["ir.model.fields"]._get("utm.campaign", "campaign_type")
        event = field.selection_ids.filtered(lambda choice: choice.value == "event")
        event.with_context(lang="es_ES").name = "Evento, feria"
        report = self.report.with_context(lang="es_ES")
        choices = report.fields_get(["campaign_type"])["campaign_type"]["selection"]
        self.assertEqual(dict(choices)["event"], "Evento, feria")

    def test_roi_is_that_of_the_sums(self):
        """The fair earned 300 on 200, the stand lost its 50, what it sold elsewhere
        cost nothing."""
        self._make_cost(self.stand, 50.0)
        self._make_order(self.mailing, self.bakery)
        self.assertEqual(
            self._groups(["campaign_id"], ["roi:avg"]),
            [(self.fair, 1.5), (self.stand, -1.0), (self.mailing, 0.0)],
        )
        self.assertEqual(self._groups([], ["profit:sum", "roi:avg"]), [(350, 1.4)])
        rows = self.report.search([("cost", ">", 0)])
        self.assertEqual(rows.mapped("roi"), [-1.0, -1.0])

    def test_emails_as_known_today(self):
        """Two mailings; of the first one the newer snapshot counts."""
        counts = {"sent": 100, "bounces_hard": 4, "bounces_soft": 1}
        self._load(self.fair, "offer", date(2026, 2, 21), opens_unique=5, **counts)
        self._load(
            self.fair, "offer", date(2026, 2, 25), opens_unique=38, clicks_unique=19,
            replies=2, unsubscribes=1, **counts,
        )  # fmt: skip
        self._load(self.fair, "more", date(2026, 2, 25), sent=100, clicks_unique=20)
        self.assertEqual(
            self._groups(["campaign_id", "date:month"], EMAILS, [("sent", ">", 0)]),
            [(self.fair, date(2026, 2, 1), 200, 195, 38, 39, 2, 5, 1)],
        )
        ((_fair, *rates),) = self._groups(["campaign_id"], RATES)
        expected = [195 / 200, 38 / 195, 39 / 195, 2 / 195, 5 / 200, 1 / 195]
        self.assertEqual(rates, expected)
        row = self.report.search([("opens_unique", ">", 0)])
        self.assertEqual((row.sent, row.open_rate, row.profit), (100, 0.4, 0))

    def test_emails_leave_the_money_as_it_was(self):
        before = self._groups(["campaign_id"], ["revenue:sum", "cost:sum", "roi:avg"])
        self._load(self.fair, "offer", date(2026, 2, 25), sent=10)
        self.assertEqual(
            self._groups(["campaign_id"], ["revenue:sum", "cost:sum", "roi:avg"]),
            before,
        )
        self.assertEqual(
            self._groups(["campaign_id"], ["revenue:sum", "sent:sum"]),
            [(self.fair, 500, 10)],
        )
        self.assertEqual(
            self._groups(["campaign_id"], ["revenue:sum"], [("sent", ">", 0)]),
            [(self.fair, False)],
        )

    def test_emails_follow_the_rules_of_the_money(self):
        self._load(self.fair, "offer", date(2026, 2, 25), sent=10)
        self._load(self.mailing, "more", date(2026, 2, 25), sent=20)
        self.env.flush_all()
        for user, expected in (
            (self.director, 30),
            (self.fair.user_id, 10),
            (self.mailing.user_id, 20),
            (self.colleague, None),
        ):
            with self.subTest(user=user.name):
                report = self.env["crm.campaign.report"].with_user(user)
                ((sent,),) = report._read_group([], [], ["sent:sum"])
                self.assertEqual(sent or None, expected)

    def test_opportunities_and_members(self):
        """Lost ones were there too; who is only planned was not reached."""
        won = self._make_lead(self.stranger, campaign_id=self.fair.id)
        won.action_set_won()
        lost = self._make_lead(self.stranger, campaign_id=self.fair.id)
        lost.action_set_lost()
        self.env["crm.campaign.member"].with_user(self.director).create(
            [
                {
                    "campaign_id": self.mailing.id,
                    "partner_id": partner.id,
                    "state": state,
                }
                for partner, state in (
                    (self.mill, "contacted"), (self.bakery, "planned"),
                )
            ]
        )  # fmt: skip
        found = {
            campaign: values
            for campaign, *values in self._groups(
                ["campaign_id"], ["opportunities:sum", "won:sum", "reached:sum"]
            )
        }
        leads = self.env["crm.lead"].with_context(active_test=False)
        domain = [("campaign_id", "=", self.fair.id), ("type", "=", "opportunity")]
        self.assertEqual(found[self.fair][:2], [leads.search_count(domain), 1])
        self.assertEqual(found[self.fair][0], 3)
        self.assertEqual(found[self.mailing][2], 1)

    def test_rows_have_ids_of_their_own(self):
        self._load(self.fair, "offer", date(2026, 2, 25), sent=10)
        self.env.flush_all()
        rows = self.report.search([])
        self.assertEqual(len(rows.ids), len(set(rows.ids)))
        self.assertEqual(
            rows[0].action_view_campaign()["res_id"], rows[0].campaign_id.id
        )

    def test_groups_chosen_and_ordered_by_what_is_not_shown(self):
        """What a condition or an order is about is worked out too."""
        self._load(self.fair, "offer", date(2026, 2, 25), sent=10)
        self._load(self.mailing, "more", date(2026, 2, 25), sent=20)
        self.env.flush_all()
        sent, more = self.report.formatted_read_group(
            [], ["campaign_id"], ["cost:sum"], [("sent:sum", ">", 0)],
            order="sent:sum desc",
        )  # fmt: skip
        self.assertEqual(sent["campaign_id"][0], self.mailing.id)
        self.assertEqual(more["campaign_id"][0], self.fair.id)
        self.assertEqual(more["cost:sum"], 200)

    def test_a_client_does_not_choose_what_is_worked_out(self):
        self._load(self.fair, "offer", date(2026, 2, 25), sent=10)
        self.env.flush_all()
        for value in (5, [[1]], "cost", ["cost"]):
            with self.subTest(value=value):
                report = self.report.with_context(crm_campaign_measures=value)
                self.assertEqual(report.search([("sent", ">", 0)]).sent, 10)
