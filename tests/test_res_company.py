from datetime import date, datetime

from odoo.tests import tagged

from odoo.addons.crm_gestion.tests.common import CrmGestionCommon


@tagged("post_install", "-at_install")
class TestResCompany(CrmGestionCommon):
    def _company(self, tz):
        company = self.env["res.company"].create({"name": f"Ours in {tz}"})
        company.resource_calendar_id.tz = tz
        return company

    def test_the_days_of_a_company_are_those_of_its_calendar(self):
        for tz, first, after in [
            ("UTC", datetime(2026, 3, 1), datetime(2026, 4, 1)),
            # summer time begins on 29 March
            ("Europe/Madrid", datetime(2026, 2, 28, 23), datetime(2026, 3, 31, 22)),
            (
                "America/Argentina/Buenos_Aires",
                datetime(2026, 3, 1, 3),
                datetime(2026, 4, 1, 3),
            ),
        ]:
            with self.subTest(tz=tz):
                self.assertEqual(
                    self._company(tz)._crm_day_bounds(
                        date(2026, 3, 1), date(2026, 3, 31)
                    ),
                    (first, after),
                )

    def test_a_company_without_a_calendar_goes_by_its_address(self):
        company = self._company("UTC")
        company.resource_calendar_id = False
        company.partner_id.tz = "Europe/Madrid"
        self.assertEqual(str(company._crm_tz()), "Europe/Madrid")
        company.partner_id.tz = False
        self.assertEqual(str(company._crm_tz()), "UTC")

    def test_a_seller_may_ask(self):
        company = self.env.company.with_user(self.seller)
        company.invalidate_recordset()
        first, after = company._crm_day_bounds(date(2026, 3, 1), date(2026, 3, 1))
        self.assertEqual((after - first).days, 1)
