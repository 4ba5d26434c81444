from dateutil.relativedelta import relativedelta

from odoo import fields
from odoo.fields import Domain
from odoo.tests import no_retry, tagged

from .common import BrowserCommon

SUITE = "@crm_gestion/dashboard"
PART = "crm.dashboard.part"
PAGES = ("crm.dashboard.seller", "crm.dashboard.head", "crm.dashboard.director")


def sections(part, asked):
    """A part with a section of each kind, of gestiones and opportunities."""
    done = asked.of_people() & asked.within("date")
    own = asked.of_people()
    stages = part._groups("crm.lead", own, ["stage_id"], sums=["expected_revenue"])
    total = part._total("crm.lead", own, sums=["expected_revenue"])

    def amount(value, domain, count):
        return part._figure(
            value,
            "monetary",
            drill=part._drill("crm.lead", domain, "Leads", count, "expected_revenue"),
        )

    def cells(number):
        return [part._figure(n * 1234.5, "monetary") for n in range(number)]

    points = [
        part._figure(
            group["count"],
            drill=part._drill(
                "crm.lead", own & Domain("stage_id", "=", stage.id), stage.name, 1
            ),
        )
        for (stage,), group in stages.items()
    ]
    return [
        part._section(
            "work",
            "Work done",
            "figures",
            figures=[part._count("Gestiones", "crm.gestion", done)],
        ),
        part._section(
            "stages",
            "By stage",
            "bars",
            horizontal=True,
            stacked=False,
            labels=[stage.name for (stage,) in stages],
            series=[{"name": "Open", "tone": False, "points": points}],
        ),
        part._section(
            "goals",
            "Goals",
            "progress",
            rows=[
                {
                    "label": "Sales",
                    "note": "behind",
                    "actual": amount(total["expected_revenue"], own, total["count"]),
                    "target": part._figure(4000.0, "monetary"),
                    "progress": total["expected_revenue"] / 4000.0,
                    "expected": 0.75,
                    "tone": "warning",
                }
            ],
        ),
        part._section(
            "table",
            "Side by side",
            "table",
            columns=[
                {"name": f"c{n}", "title": f"Column {n}", "format": "monetary"}
                for n in range(8)
            ],
            rows=[
                {"label": f"Row {row}", "drill": False, "cells": cells(8)}
                for row in range(3)
            ],
            total={"label": "Total", "drill": False, "cells": cells(8)},
        ),
        part._section("none", "Nothing", "table", columns=[], rows=[], total=False),
    ]


class DashboardPage:
    """Replaces the parts of all dashboards by one of each kind of section."""

    def _fake(self):
        self.patch(self.registry[PART], "_sections", sections)
        for page in PAGES:
            self.patch(self.registry[page], "_parts", (PART,))


@tagged("post_install", "-at_install")
class TestDashboardComponents(BrowserCommon):
    """The hoot tests of the components."""

    @no_retry
    def test_components(self):
        self._run_components(SUITE)


@tagged("post_install", "-at_install")
class TestDashboardTours(DashboardPage, BrowserCommon):
    """Who opens a dashboard gets from its figures to the records, and back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._make_lead(name="Renovación anual", partner_id=cls.contact.id)
        now = fields.Datetime.now()
        june = now.replace(month=6, day=15) - relativedelta(years=1)
        for date in (now, june, june):
            cls._make_gestion(organization_id=cls.organization.id, date=date)

    def test_seller(self):
        self._fake()
        self.start_tour(
            "/odoo/my-day",
            "crm_gestion_front_seller",
            login=self.seller.login,
            timeout=240,
        )

    def test_head(self):
        self._fake()
        self.start_tour(
            "/odoo/my-day", "crm_gestion_front_head", login=self.head.login, timeout=240
        )

    def test_director(self):
        self._fake()
        self.start_tour(
            "/odoo/my-day",
            "crm_gestion_front_director",
            login=self.director.login,
            timeout=240,
        )

    def test_what_is_delivered(self):
        """With the parts that are there, not a made-up one."""
        for user, path in (
            (self.seller, "my-dashboard"),
            (self.head, "team-dashboard"),
            (self.director, "sales-dashboard"),
        ):
            with self.subTest(path=path):
                self.start_tour(
                    f"/odoo/{path}",
                    "crm_gestion_front_opens",
                    login=user.login,
                    timeout=240,
                )

    def test_phone(self):
        self._fake()
        self.browser_size, self.touch_enabled = "390x844", True
        self.start_tour(
            "/odoo/my-dashboard?period=last_year",
            "crm_gestion_front_phone",
            login=self.seller.login,
            timeout=240,
        )
