from freezegun import freeze_time

from odoo.tests import tagged

from .common import CrmGestionCommon

NOW = "2026-03-16 10:00:00"


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestDigest(CrmGestionCommon):
    """The digest that Odoo sends tells each of what he answers for: the seller has
    logged 3 gestiones this month, of the 6 he is to log; his team's objective is 30,
    the company's 60."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.digest = cls.env["digest.digest"].create(
            {
                "name": "Weekly",
                "periodicity": "weekly",
                "kpi_crm_objectives": True,
                "kpi_crm_gestiones": True,
                "user_ids": [(6, 0, (cls.seller | cls.head | cls.director).ids)],
            }
        )
        for date in ("2026-03-02", "2026-03-12", "2026-03-16"):
            cls._make_gestion(
                date=f"{date} 08:00:00", organization_id=cls.organization.id
            )
        cls._make_gestion(
            cls.colleague,
            date="2026-03-13 08:00:00",
            organization_id=cls.organization.id,
        )
        cls._make_objective(user_id=cls.seller.id, target=6)
        cls._make_objective(team_id=cls.north.id, target=8)
        cls._make_objective(target=40)

    @classmethod
    def _make_objective(cls, **values):
        return cls.env["crm.objective"].create(
            {"metric": "gestiones", "date_from": "2026-03-01", **values}
        )

    def _figures(self, user):
        """:return: dict figure -> list of its values in the last day, 7 and 30 days"""
        kpis = self.digest._compute_kpis(self.env.company, user)
        return {
            kpi["kpi_name"]: [kpi[f"kpi_col{column}"]["value"] for column in (1, 2, 3)]
            for kpi in kpis
        }

    def test_each_sees_what_he_answers_for(self):
        for user, progress, logged in (
            (self.seller, 50, [1, 2, 3]),
            (self.head, 50, [1, 3, 4]),
            (self.director, 10, [1, 3, 4]),
        ):
            with self.subTest(user=user.name):
                self.assertEqual(
                    self._figures(user),
                    {
                        "kpi_crm_objectives": [progress] * 3,
                        "kpi_crm_gestiones": logged,
                    },
                )

    def test_mean_of_what_runs_in_the_period(self):
        self._make_objective(
            user_id=self.seller.id,
            metric="won",
            date_from="2026-02-01",
            target=1,
        )
        self.assertEqual(self._figures(self.seller)["kpi_crm_objectives"], [50, 50, 25])

    def test_where_a_level_has_none_the_next_one_counts(self):
        objectives = self.env["crm.objective"]
        objectives.search([("team_id", "!=", False)]).unlink()
        self._make_objective(user_id=self.colleague.id, target=10)
        figures = self._figures(self.head)
        self.assertEqual(figures["kpi_crm_objectives"][0], 30)  # of 50 and 10
        objectives.search([("user_id", "=", False)]).unlink()
        figures = self._figures(self.director)
        self.assertEqual(figures["kpi_crm_objectives"][0], 30)

    def test_who_has_no_role_or_no_objective_is_not_told(self):
        self.assertEqual(self._figures(self.native), {})
        self.assertEqual(self._figures(self.employee), {})
        self.assertEqual(self._figures(self.stranger), {"kpi_crm_gestiones": [0] * 3})

    def test_other_companies_do_not_count(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.director.company_ids |= other
        self.env["crm.objective"].create(
            {
                "metric": "gestiones",
                "company_id": other.id,
                "date_from": "2026-03-01",
                "target": 1,
            }
        )
        figures = self._figures(self.director)
        self.assertEqual(figures["kpi_crm_objectives"], [10] * 3)

    def test_it_is_sent(self):
        self.seller.lang = "en_US"
        self.digest.action_send_manual()
        mails = self.env["mail.mail"].search(
            [("subject", "=", f"{self.env.company.name}: Weekly")]
        )
        self.assertEqual(len(mails), 3)
        mail = mails.filtered(lambda mail: "seller@ours.example" in mail.email_to)
        self.assertIn("Sales Objectives Reached", mail.body_html)
        self.assertIn("Gestiones Logged", mail.body_html)
        self.assertIn("crm_gestion.crm_objective_action", mail.body_html)

    def test_it_starts_with_the_method(self):
        default = self.env.ref("digest.digest_digest_default")
        default.write({"kpi_crm_objectives": False, "kpi_crm_gestiones": False})
        self.env["digest.digest"]._crm_start()
        self.assertTrue(default.kpi_crm_objectives)
        self.assertTrue(default.kpi_crm_gestiones)
