import json

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tests import tagged
from odoo.tools.json import json_default

from .common import CrmGestionCommon

PAGES = {
    "seller": "crm.dashboard.seller",
    "head": "crm.dashboard.head",
    "director": "crm.dashboard.director",
}


class DashboardCommon(CrmGestionCommon):
    """What every figure of every part is held to; a test of a part inherits this."""

    def _data(self, user, page, **filters):
        """:return: what a dashboard answers, as it comes to the screen"""
        self.env.flush_all()
        self.env.invalidate_all()
        data = self.env[PAGES[page]].with_user(user).get_data(filters)
        return json.loads(json.dumps(data, default=json_default))

    def _section(self, data, key):
        return next(part for part in data["sections"] if part["key"] == key)

    @classmethod
    def _figures(cls, section):
        """:return: list of all figures of a section"""
        found = list(section.get("figures", []))
        for series in section.get("series", []):
            found += series["points"]
        rows = [*section.get("rows", []), section.get("total") or {}]
        for row in rows:
            found += row.get("cells", [])
            found += [row[name] for name in ("actual", "target") if name in row]
        return found

    @classmethod
    def _drills(cls, section):
        """:return: list of pairs of a drill-down and its figure, None for those of rows
        and titles"""
        rows = [*section.get("rows", []), section.get("total") or {}]
        whole = [section, *rows]
        pairs = [(part["drill"], None) for part in whole if part.get("drill")]
        pairs += [(fig["drill"], fig) for fig in cls._figures(section) if fig["drill"]]
        return pairs

    def assertDrills(self, user, data):
        """Each drill-down finds, for who looks at the dashboard, the records that were
        counted, and no others.

        :return: number of drill-downs that were opened
        """
        opened = 0
        for section in data["sections"]:
            for drill, figure in self._drills(section):
                with self.subTest(section=section["key"], name=drill["name"]):
                    if "method" in drill:
                        self._check_method(user, drill)
                    else:
                        self._check_drill(user, drill, figure)
                opened += 1
            self._check_nothing_is_closed(section)
        return opened

    def _check_nothing_is_closed(self, section):
        """Whatever there is a number of opens what is behind it: by itself, or in a
        table by its row."""
        rows = [*section.get("rows", []), section.get("total") or {}]
        by_row = [
            cell for row in rows if row.get("drill") for cell in row.get("cells", [])
        ]
        for figure in self._figures(section):
            is_number = isinstance(figure["value"], int | float)
            if is_number and figure["value"] and figure not in by_row:
                with self.subTest(section=section["key"], figure=figure):
                    self.assertTrue(figure["drill"])

    def _check_method(self, user, drill):
        records = self.env[drill["model"]].with_user(user).browse(drill["ids"])
        action = getattr(records, drill["method"])()
        self.assertEqual(action["type"], "ir.actions.act_window")
        Model = self.env[action["res_model"]].with_user(user)
        Model.search_count(action["domain"])

    def _check_drill(self, user, drill, figure):
        Model = self.env[drill["model"]].with_user(user)
        domain = Domain(drill["domain"])
        self.assertEqual(Model.search_count(domain), drill["count"])
        if figure and drill["measure"]:
            total = sum(
                self._converted(record, drill["measure"], user)
                for record in Model.search(domain)
            )
            self.assertAlmostEqual(total, figure["value"], 2)
        elif figure and figure["format"] == "integer":
            self.assertEqual(drill["count"], figure["value"])

    def _converted(self, record, name, user):
        """:return: an amount of a record in the currency of the reader's company"""
        company = self.env[PAGES["seller"]].with_user(user).env.company
        field = record._fields[name]
        if field.type != "monetary":
            return record[name]
        currency = record[field.get_currency_field(record)] or company.currency_id
        return currency._convert(
            record[name],
            company.currency_id,
            company,
            company._crm_today(),
            round=False,
        )


@tagged("post_install", "-at_install")
class TestDashboard(DashboardCommon):
    def test_dashboards_are_for_their_audience(self):
        allowed = {
            "seller": [self.seller, self.head, self.director],
            "head": [self.head, self.director],
            "director": [self.director],
        }
        for page, model in PAGES.items():
            for user in (self.seller, self.head, self.director, self.native):
                with self.subTest(page=page, user=user.name):
                    Page = self.env[model].with_user(user)
                    if user in allowed[page]:
                        self.assertEqual(Page.get_data()["name"], model)
                    else:
                        with self.assertRaises(AccessError):
                            Page.get_data()

    @freeze_time("2026-11-22 12:00:00")
    def test_head_chooses_among_his_own_people(self):
        heard = self._data(self.head, "head")["filters"]
        self.assertEqual(heard["teams"], [[self.north.id, "North"]])
        self.assertCountEqual(
            heard["users"],
            [[user.id, user.name] for user in (self.head, self.seller, self.colleague)],
        )
        asked = self._data(
            self.head,
            "head",
            team_id=self.south.id,
            user_id=self.stranger.id,
            period="custom",
            date_from="nonsense",
            date_to="2026-10-10",
        )["filters"]
        self.assertEqual((asked["team_id"], asked["user_id"]), (False, False))
        self.assertEqual(asked["date_from"], "2026-10-01")
        self.assertEqual(asked["date_to"], "2026-10-10")
