import json
from datetime import datetime
from urllib.parse import urlencode

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.http import Request
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import PASSWORD, CrmGestionCommon

NOW = datetime(2026, 3, 2, 10)
# What a browser sends when somebody opens an address.
BROWSER = {
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-User": "?1",
}
QUIET = ("odoo.http", "odoo.addons.web.controllers.export",
         "odoo.addons.web.controllers.report", "werkzeug")  # fmt: skip
SECRET = "Aceites del Sur"
OWN_MODELS = (
    "crm.affiliation", "crm.day", "crm.gestion", "crm.gestion.change", "crm.lead",
    "crm.market", "crm.opportunity.closure", "crm.opportunity.forecast.log",
    "crm.opportunity.line", "crm.opportunity.stage", "crm.timeline",
)  # fmt: skip


class ExportCommon(CrmGestionCommon, HttpCase):
    """Real HTTP sessions that take data away, or try to."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        params = cls.env["ir.config_parameter"]
        params.set_param("web.json.enabled", "True")
        params.set_param("crm_gestion.pdf_limit", "2")
        cls.lead = cls._make_lead(partner_id=cls.contact.id, name=SECRET)
        cls.gestion = cls._make_gestion(lead_id=cls.lead.id, contact_id=cls.contact.id)
        cls.orders = cls.env["sale.order"].create(
            [
                {
                    "partner_id": cls.organization.id,
                    "user_id": cls.seller.id,
                    "opportunity_id": cls.lead.id,
                }
                for _number in range(3)
            ]
        )
        # somebody gave him Odoo's own right by hand
        cls.colleague.group_ids += cls.env.ref("base.group_allow_export")
        cls.bound = cls.seller | cls.head | cls.colleague
        cls.exporter = cls._make_user(
            "exporter", "sales_team.group_sale_manager,base.group_allow_export"
        )
        cls.root = cls._make_user(
            "system",
            "base.group_system,crm_gestion.group_seller,"
            "sales_team.group_sale_salesman_all_leads",
        )
        cls.dashboard = cls.env["spreadsheet.dashboard"].create(
            {
                "name": "Figures",
                "dashboard_group_id": cls.env["spreadsheet.dashboard.group"]
                .create({"name": "Sales"})
                .id,
                "group_ids": [cls.env.ref("base.group_user").id],
            }
        )

    def _login(self, user):
        self.user = user
        self.authenticate(user.login, PASSWORD)

    def _get(self, path, **params):
        query = f"?{urlencode(params)}" if params else ""
        with mute_logger(*QUIET):
            return self.url_open(path + query, headers=BROWSER)

    def _call(self, model, method, *args, **kwargs):
        """As the web client calls."""
        with mute_logger(*QUIET):
            return self.url_open(
                f"/web/dataset/call_kw/{model}/{method}",
                json={
                    "params": {
                        "model": model,
                        "method": method,
                        "args": args,
                        "kwargs": kwargs,
                    }
                },
            )

    def _export(self, kind, model="res.partner", names=("name",), **params):
        data = {
            "model": model,
            "fields": [{"name": name, "label": name, "type": "char"} for name in names],
            "ids": False,
            "domain": [("id", "in", self.organization.ids)],
            "import_compat": False,
            **params,
        }
        return self._get(f"/web/export/{kind}", data=json.dumps(data))

    def _pivot(self):
        table = {
            "title": SECRET,
            "model": "crm.lead",
            "measure_count": 1,
            "col_group_headers": [],
            "measure_headers": [],
            "rows": [{"title": SECRET, "indent": 0, "values": [{"value": 5}]}],
        }
        return self._get("/web/pivot/export_xlsx", data=json.dumps(table))

    def _print(self, converter, orders, **params):
        ids = ",".join(map(str, orders.ids))
        return self._get(f"/report/{converter}/sale.report_saleorder/{ids}", **params)

    def _print_download(self, orders, context="{}"):
        ids = ",".join(map(str, orders.ids))
        data = json.dumps([f"/report/pdf/sale.report_saleorder/{ids}", "qweb-pdf"])
        return self._get("/report/download", data=data, context=context)

    def _share(self):
        return self._call(
            "spreadsheet.dashboard.share",
            "action_get_share_url",
            {
                "dashboard_id": self.dashboard.id,
                "spreadsheet_data": "{}",
                "excel_files": [{"path": "a.xml", "content": "<a/>"}],
            },
        )

    def _vcard(self, partners):
        ids = ",".join(map(str, partners.ids))
        return self._get("/web/partner/vcard", partner_ids=ids)

    def _pricelist(self, kind="csv"):
        product = self._make_product().product_tmpl_id
        options = {"active_ids": product.ids, "quantities": [1]}
        return self._get(
            "/product/export/pricelist/",
            report_data=json.dumps(options),
            export_format=kind,
        )

    def _zip(self, number=3):
        files = self.env["ir.attachment"].create(
            [
                {"name": f"{index}.txt", "raw": b"x", "res_model": "res.partner",
                 "res_id": self.organization.id}
                for index in range(number)
            ]
        )  # fmt: skip
        with mute_logger(*QUIET):
            return self.url_open(
                "/mail/attachment/zip",
                data={
                    "file_ids": ",".join(map(str, files.ids)),
                    "zip_name": "files.zip",
                    "csrf_token": Request.csrf_token(self),
                },
            )

    def _rows(self):
        """:return: what was recorded of the user of this session so far"""
        self.env.invalidate_all()
        return self.env["crm.export.log"].search(
            [("user_id", "=", self.user.id)], order="id"
        )

    def _ways(self):
        """:return: dict name -> (what to ask for, channel, model, records)"""
        two = self.organization | self.contact
        return {
            "csv": (lambda: self._export("csv"), "csv", "res.partner", 1),
            "xlsx": (lambda: self._export("xlsx"), "xlsx", "res.partner", 1),
            "picked": (
                lambda: self._export("xlsx", ids=two.ids, domain=[]),
                "xlsx",
                "res.partner",
                2,
            ),
            "grouped": (
                lambda: self._export("xlsx", groupby=["user_id"]),
                "xlsx",
                "res.partner",
                1,
            ),
            "web client": (
                lambda: self._call(
                    "crm.lead", "export_data", self.lead.ids, ["name", "partner_id"]
                ),
                "rpc",
                "crm.lead",
                1,
            ),
            "pivot": (self._pivot, "pivot", "crm.lead", 1),
            "share": (self._share, "share", "spreadsheet.dashboard.share", 1),
            "vcard": (lambda: self._vcard(two), "vcard", "res.partner", 2),
            "pricelist": (self._pricelist, "pricelist", "product.template", 1),
            "pricelist xlsx": (
                lambda: self._pricelist("xlsx"),
                "pricelist",
                "product.template",
                1,
            ),
            "html": (lambda: self._print("html", self.orders), "pdf", "sale.order", 3),
            "pdf": (lambda: self._print("pdf", self.orders), "pdf", "sale.order", 3),
            "text": (lambda: self._print("text", self.orders), "pdf", "sale.order", 3),
            "download": (
                lambda: self._print_download(self.orders),
                "pdf",
                "sale.order",
                3,
            ),
            "archive": (self._zip, "attachment", "ir.attachment", 3),
        }

    def assertRefused(self, response):
        """JSON-RPC and the download of reports answer 200 and tell the error."""
        told = "odoo.exceptions.AccessError" in response.text
        self.assertTrue(told or response.status_code in (403, 500), response.text)
        self.assertNotIn(SECRET, response.text)

    def assertGiven(self, response):
        self.assertEqual(response.status_code, 200, response.text)
        self.assertNotIn('"error"', response.text[:200])


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestWaysOut(ExportCommon):
    """Each way out of the company, with a session of each role."""

    def test_refused_below_the_director_and_recorded(self):
        for user in self.bound:
            self._login(user)
            for name, (ask, channel, model, records) in self._ways().items():
                with self.subTest(user=user.name, way=name):
                    before = self._rows()
                    shares = self.env["spreadsheet.dashboard.share"].search_count([])
                    self.assertRefused(ask())
                    self.assertRecordValues(
                        self._rows() - before,
                        [
                            {
                                "channel": channel,
                                "model": model,
                                "records": records,
                                "refused": True,
                                "date": NOW,
                                "company_id": user.company_id.id,
                            }
                        ],
                    )
                    self.assertEqual(
                        self.env["spreadsheet.dashboard.share"].search_count([]), shares
                    )

    def test_given_to_directors_and_administrators_and_recorded_once(self):
        for user in self.director | self.root:
            self._login(user)
            for name, (ask, channel, model, records) in self._ways().items():
                with self.subTest(user=user.name, way=name):
                    before = self._rows()
                    self.assertGiven(ask())
                    self.assertRecordValues(
                        self._rows() - before,
                        [
                            {
                                "channel": channel,
                                "model": model,
                                "records": records,
                                "refused": False,
                            }
                        ],
                    )

    def test_odoos_own_rights_without_a_role_of_ours(self):
        self._login(self.native)
        for name, (ask, _channel, _model, _records) in self._ways().items():
            with self.subTest(user="native", way=name):
                if name in ("csv", "xlsx", "picked", "grouped", "web client"):
                    before = self._rows()
                    self.assertIn("rights to export", ask().text)
                    self.assertEqual(self._rows(), before)
                elif model_of_sales(name):
                    continue  # his own orders only
                else:
                    self.assertGiven(ask())
        self._login(self.exporter)
        for name, (ask, channel, _model, _records) in self._ways().items():
            with self.subTest(user="exporter", way=name):
                before = self._rows()
                self.assertGiven(ask())
                self.assertEqual((self._rows() - before).mapped("channel"), [channel])

    def test_every_model_of_ours(self):
        for user, given in ((self.seller, False), (self.head, False),
                            (self.director, True)):  # fmt: skip
            self._login(user)
            for model in OWN_MODELS:
                with self.subTest(user=user.name, model=model):
                    response = self._export(
                        "csv", model=model, names=["display_name"], domain=[]
                    )
                    (self.assertGiven if given else self.assertRefused)(response)
                    row = self._rows()[-1]
                    self.assertEqual((row.model, row.refused), (model, not given))

    def test_what_is_recorded_of_a_file(self):
        self._login(self.director)
        domain = [["id", "in", self.organization.ids]]
        self._export("csv", names=["name", "email"], domain=domain)
        row = self._rows()
        self.assertRecordValues(
            row,
            [
                {
                    "channel": "csv",
                    "fields": "name, email",
                    "domain": str(domain),
                    "model_id": self.env["ir.model"]._get_id("res.partner"),
                }
            ],
        )
        self._export("csv", ids=self.organization.ids, domain=domain)
        self.assertFalse(self._rows()[-1].domain)

    def test_nobody_names_another_channel(self):
        self._login(self.director)
        forged = ["share", "everything"]
        self._call(
            "crm.lead",
            "export_data",
            self.lead.ids,
            ["name"],
            context={"crm_gestion_export": forged},
        )
        self._export("csv", context={"crm_gestion_export": forged})
        self.assertEqual(self._rows().mapped("channel"), ["rpc", "rpc"])

    def test_what_is_too_long_is_cut(self):
        self._login(self.seller)
        self._export("csv", names=["name" * 25] * 25)
        self.assertEqual(len(self._rows()["fields"]), 2000)


def model_of_sales(name):
    return name in ("html", "pdf", "text", "download", "archive")


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestDocuments(ExportCommon):
    """A seller prints what he works with."""

    def test_a_handful_is_printed(self):
        for user in self.seller | self.head:
            self._login(user)
            for count in (1, 2):
                for ask in (
                    lambda c=count: self._print("html", self.orders[:c]),
                    lambda c=count: self._print("pdf", self.orders[:c]),
                    lambda c=count: self._print_download(self.orders[:c]),
                ):
                    self.assertGiven(ask())
            rows = self._rows()
            self.assertEqual(rows.mapped("records"), [1, 1, 1, 2, 2, 2])
            self.assertFalse(any(rows.mapped("refused")))
            self.assertEqual(set(rows.mapped("name")), {"sale.report_saleorder"})

    def test_limit_is_the_setting(self):
        self.env["ir.config_parameter"].set_param("crm_gestion.pdf_limit", "3")
        self._login(self.seller)
        self.assertGiven(self._print("pdf", self.orders))

    def test_records_named_elsewhere_count_too(self):
        self._login(self.seller)
        ids = self.orders.ids
        for params in (
            {"context": json.dumps({"active_ids": ids})},
            {"options": json.dumps({"active_ids": ids})},
            {"options": json.dumps({"ids": ids})},
        ):
            with self.subTest(**params):
                self.assertRefused(self._print("html", self.orders[0], **params))
                self.assertEqual(self._rows()[-1].records, 3)

    def test_the_refusal_says_what_to_do(self):
        self._login(self.seller)
        page = self._print("pdf", self.orders)
        # in English or Spanish, as the browser asks
        self.assertIn("2 document", page.text)

    def test_invoices(self):
        self.env.user.group_ids += self.env.ref("account.group_account_manager")
        invoices = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": self.organization.id,
                    "invoice_user_id": self.seller.id,
                    "invoice_line_ids": [(0, 0, {"name": "x", "price_unit": 1})],
                }
                for _number in range(3)
            ]
        )
        files = self.env["ir.attachment"].create(
            [
                {"name": "x", "raw": b"x", "res_model": move._name, "res_id": move.id}
                for move in invoices
            ]
        )
        ids = ",".join(map(str, invoices.ids))
        paths = (
            f"/account/download_invoice_documents/{ids}/pdf",
            f"/account/download_move_attachments/{ids}",
            "/account/download_invoice_attachments/" + ",".join(map(str, files.ids)),
        )
        self._login(self.seller)
        for path in paths:
            with self.subTest(path=path):
                response = self._get(path)
                self.assertEqual(response.status_code, 403)
                self.assertIn("2 document", response.text)
                self.assertTrue(self._rows()[-1].refused)
        self.assertGiven(
            self._get(f"/account/download_invoice_attachments/{files[0].id}")
        )
        self._login(self.director)
        self.assertGiven(self._get(paths[2]))


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestVcard(ExportCommon):
    def test_one_contact_is_given_to_everybody(self):
        for user in self.seller | self.head | self.director | self.native:
            with self.subTest(user=user.name):
                self._login(user)
                response = self._vcard(self.contact)
                self.assertGiven(response)
                self.assertIn("FERRER", response.text.upper())
                path = f"/web_enterprise/partner/{self.contact.id}/vcard"
                self.assertGiven(self._get(path))
                self.assertEqual(self._rows().mapped("records"), [1, 1])

    def test_the_same_contact_twice_is_one(self):
        self._login(self.seller)
        ids = f"{self.contact.id},{self.contact.id}"
        self.assertGiven(self._get("/web/partner/vcard", partner_ids=ids))


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestJson(ExportCommon):
    """The page of an action as JSON, and other programs with a key."""

    PATH = "/json/1/action-crm_gestion.crm_gestion_action"

    def test_refused_below_the_director(self):
        for user in self.bound:
            self._login(user)
            for path in (self.PATH, self.PATH.replace("/1", "")):
                with self.subTest(user=user.name, path=path):
                    response = self._get(path, view_type="list")
                    self.assertEqual(response.status_code, 403)
                    self.assertNotIn(SECRET, response.text)
            self.assertEqual(
                self._rows().mapped(lambda row: (row.channel, row.refused)),
                [("json", True)] * 2,
            )

    def test_given_to_the_director(self):
        self._login(self.director)
        domain = f"[('id', '=', {self.gestion.id})]"
        response = self._get(self.PATH, view_type="list", domain=domain)
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual([r["id"] for r in response.json()["records"]],
                         self.gestion.ids)  # fmt: skip
        self.assertRecordValues(
            self._rows(),
            [
                {
                    "channel": "json",
                    "model": "crm.gestion",
                    "records": 1,
                    "domain": domain,
                    "name": "action-crm_gestion.crm_gestion_action",
                }
            ],
        )
        self._get(self.PATH, view_type="pivot")
        self._get(f"{self.PATH}/{self.gestion.id}")
        self.assertEqual(len(self._rows()), 3)
        self.assertEqual(self._rows()[-1].records, 1)

    def test_switched_off_it_is_not_there(self):
        self.env["ir.config_parameter"].set_param("web.json.enabled", False)
        # with demonstration data it is always on
        self.env.ref("base.module_base").demo = False
        for user in self.seller | self.director:
            self._login(user)
            self.assertEqual(self._get(self.PATH).status_code, 404)
            self.assertFalse(self._rows())

    def test_odoos_own_right_without_a_role_of_ours(self):
        path = "/json/1/action-crm.crm_lead_action_pipeline"
        self._login(self.native)
        self.assertEqual(self._get(path).status_code, 403)
        self.assertFalse(self._rows())
        self._login(self.exporter)
        self.assertEqual(self._get(path, view_type="list").status_code, 200)
        self.assertEqual(self._rows().mapped("channel"), ["json"])

    def test_with_a_key(self):
        for user, given in ((self.seller, False), (self.head, False),
                            (self.director, True)):  # fmt: skip
            self.user = user
            # sudo: a key that does not expire, the day is a frozen one
            keys = self.env["res.users.apikeys"].with_user(user).sudo()
            key = {"Authorization": f"bearer {keys._generate('rpc', 'test', None)}"}
            with self.subTest(user=user.name), mute_logger(*QUIET):
                answer = self.url_open(
                    "/json/2/crm.lead/export_data",
                    json={"ids": self.lead.ids, "fields_to_export": ["name"]},
                    headers=key,
                )
                page = self.url_open(self.PATH + "?view_type=list", headers=key)
            self.assertEqual(answer.status_code, 200 if given else 403)
            self.assertEqual(page.status_code, 200 if given else 403)
            self.assertEqual(
                self._rows().mapped(lambda row: (row.channel, row.refused)),
                [("rpc", not given), ("json", not given)],
            )


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestShare(ExportCommon):
    """Dashboards behind a public address."""

    def _shared_by(self, user):
        share = self.env["spreadsheet.dashboard.share"].with_user(user).sudo()
        share = share.create(
            {
                "dashboard_id": self.dashboard.id,
                "spreadsheet_data": "{}",
                "excel_export": "eA==",
            }
        )
        return f"/dashboard/download/{share.id}/{share.access_token}"

    def test_download_is_recorded(self):
        path = self._shared_by(self.director)
        self._login(self.native)
        self.assertGiven(self._get(path))
        self.assertRecordValues(
            self._rows(),
            [{"channel": "share", "name": "Figures", "refused": False}],
        )

    def test_what_a_seller_shared_before_is_closed(self):
        path = self._shared_by(self.seller)
        self._login(self.director)
        self.assertEqual(self._get(path).status_code, 403)
        for kind in ("data", "share"):
            closed = self._get(path.replace("download", kind))
            self.assertEqual(closed.status_code, 403)

    def test_created_by_rpc(self):
        self._login(self.seller)
        before = self.env["spreadsheet.dashboard.share"].search_count([])
        for values in ({"dashboard_id": self.dashboard.id}, {}):
            answer = self._call("spreadsheet.dashboard.share", "create", [values])
            self.assertIn("error", answer.json())
        self.assertEqual(
            self.env["spreadsheet.dashboard.share"].search_count([]), before
        )


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestTemplates(ExportCommon):
    """Saved templates of exports."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = cls.env["ir.exports"].create(
            {
                "name": "Customers",
                "resource": "res.partner",
                "export_fields": [(0, 0, {"name": "email"})],
            }
        )

    def test_refused_below_the_director(self):
        line = self.template.export_fields
        for user in self.bound:
            self._login(user)
            for record, vals in ((self.template, {"name": "Mine"}),
                                 (line, {"name": "phone"})):  # fmt: skip
                for method, args in (
                    ("read", (record.ids, ["name"])),
                    ("search_read", ([], ["name"])),
                    ("write", (record.ids, vals)),
                    ("create", ([vals],)),
                    ("unlink", (record.ids,)),
                ):
                    with self.subTest(user=user.name, call=(record._name, method)):
                        answer = self._call(record._name, method, *args).json()
                        name = answer["error"]["data"]["name"]
                        self.assertEqual(name, "odoo.exceptions.AccessError")
            response = self._call("ir.exports", "search_read", [], ["name"])
            self.assertNotIn("Customers", response.text)
            namelist = self.url_open(
                "/web/export/namelist",
                json={"params": {"model": "res.partner",
                                 "export_id": self.template.id}},
            )  # fmt: skip
            self.assertIn("error", namelist.json())
        self.env.invalidate_all()
        self.assertEqual(self.template.name, "Customers")
        self.assertEqual(line.name, "email")

    def test_director_keeps_them(self):
        self._login(self.director)
        made = self._call(
            "ir.exports",
            "create",
            [{"name": "M", "resource": "x", "export_fields": [(0, 0, {"name": "a"})]}],
        ).json()["result"]
        self.assertEqual(self.env["ir.exports"].browse(made).name, "M")
        self._call("ir.exports", "unlink", made)
        self.assertFalse(self.env["ir.exports"].browse(made).exists())


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestLog(ExportCommon):
    """Who reads the log, and that nobody writes it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["crm.export.log"].with_user(cls.seller)._log("csv", records=5)
        cls.row = cls.env["crm.export.log"].search([("user_id", "=", cls.seller.id)])

    def test_read_by_directors_only(self):
        Log = self.env["crm.export.log"]
        self.assertIn(self.row, Log.with_user(self.director).search([]))
        for user in self.seller | self.head | self.native | self.employee:
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                Log.with_user(user).search([])

    def test_written_by_nobody(self):
        users = self.seller | self.head | self.director | self.root
        for user in users:
            self._login(user)
            for method, args in (
                ("write", (self.row.ids, {"records": 0})),
                ("unlink", (self.row.ids,)),
                ("create", ([{"user_id": user.id, "channel": "csv", "date": NOW}],)),
                ("_log", ("csv",)),
            ):
                with self.subTest(user=user.name, method=method):
                    args = json.loads(json.dumps(args, default=str))
                    answer = self._call("crm.export.log", method, *args).json()
                    self.assertIn("error", answer)
        self.env.invalidate_all()
        self.assertEqual(self.row.records, 5)
        self.assertEqual(
            self.env["crm.export.log"].search_count([("user_id", "in", users.ids)]), 1
        )

    def test_other_companies_are_not_seen(self):
        company = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env,
            "crm_far",
            "crm_gestion.group_sales_director",
            company_id=company.id,
            company_ids=[company.id],
        )
        self.env["crm.export.log"].with_user(stranger)._log("csv")
        Log = self.env["crm.export.log"]
        self.assertNotIn(self.row, Log.with_user(stranger).search([]))
        self.assertEqual(Log.with_user(stranger).search([]).user_id, stranger)
        own = Log.with_user(self.director).search([])
        self.assertNotIn(stranger, own.user_id)
        with self.assertRaises(AccessError):
            self.row.with_user(stranger).read(["records"])
