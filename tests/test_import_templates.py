import json
from itertools import product

from odoo import fields
from odoo.http import Request
from odoo.tests import HttpCase, JsonRpcException, tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from .common import PASSWORD, CrmGestionCommon

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TRANSLATED = ["base", "mail", "crm_gestion"]
# kind -> model, menu, fields of the columns
TEMPLATES = {
    "organization": (
        "res.partner",
        "crm_gestion.res_partner_action_organization",
        [
            "name",
            "is_company",
            "vat",
            "email",
            "phone",
            "website",
            "street",
            "city",
            "country_id",
            "market_id",
            "origination_id",
            "user_id",
        ],
    ),
    "contact": (
        "res.partner",
        "crm_gestion.res_partner_action_contact",
        [
            "name",
            "is_company",
            "parent_id",
            "cargo_id",
            "email",
            "phone",
            "origination_id",
        ],
    ),
    "crm_origination": (
        "crm.origination",
        "crm_gestion.crm_origination_action",
        ["name", "code", "has_referrer"],
    ),
    "crm_market": (
        "crm.market",
        "crm_gestion.crm_market_action",
        ["name", "code", "parent_id"],
    ),
    "crm_cargo": (
        "crm.cargo",
        "crm_gestion.crm_cargo_action",
        ["name", "code", "influence"],
    ),
    "crm_gestion_result": (
        "crm.gestion.result",
        "crm_gestion.crm_gestion_result_action",
        [
            "name",
            "code",
            "outcome",
            "requires_next_step",
            "opens_opportunity",
            "next_activity_type_id",
            "next_days",
        ],
    ),
    "crm_gestion": (
        "crm.gestion",
        "crm_gestion.crm_gestion_action",
        [
            "external_ref",
            "date",
            "activity_type_id",
            "organization_id",
            "contact_id",
            "direction",
            "result_id",
            "description",
        ],
    ),
}
MASTERS = ["crm_origination", "crm_market", "crm_cargo", "crm_gestion_result"]
# What Odoo's import screen sends, as its import_model.js has it.
OPTIONS = {
    "import_skip_records": [],
    "import_set_empty_fields": [],
    "fallback_values": {},
    "name_create_enabled_fields": {},
    "encoding": "",
    "separator": "",
    "quoting": '"',
    "date_format": "",
    "datetime_format": "",
    "float_thousand_separator": ",",
    "float_decimal_separator": ".",
    "advanced": True,
    "has_headers": True,
    "keep_matches": False,
    "limit": 2000,
    "sheets": [],
    "sheet": "",
    "skip": 0,
    "tracking_disable": True,
}
# In the browser: from a list of ours to the import screen.
OPEN_SCREEN = """
const found = async (selector) => {
    let element = null;
    while (!(element = document.querySelector(selector))) {
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return element;
};
(async () => {
    (await found(".o_cp_action_menus .fa-cog")).click();
    (await found(".o_import_menu")).click();
    await found("a[href='%s']");
    console.log("test successful");
})();
"""


class ImportScreen:
    """Odoo's import screen over HTTP: the requests of the web client, in its order."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._load_language(cls.lang)
        (cls.director | cls.seller).lang = cls.lang

    @classmethod
    def _load_language(cls, code):
        if code not in dict(cls.env["res.lang"].get_installed()):
            cls.env["res.lang"]._activate_lang(code)
            cls.env["ir.module.module"].search(
                [("name", "in", TRANSLATED)]
            )._update_translations([code])

    def _open(self, kind, user=None, menu=True):
        """The user opens the import screen from a menu of ours."""
        self.user = user or self.director
        self.authenticate(self.user.login, PASSWORD)
        self.model, action, self.columns = TEMPLATES[kind]
        self.user_context = {"lang": self.lang, "tz": "UTC", "uid": self.user.id}
        context = self.env.ref(action).context if menu else "{}"
        self.menu_context = safe_eval(context, {"uid": self.user.id})

    def _call(self, model, method, *args, **kwargs):
        kwargs["context"] = {**self.user_context, **kwargs.get("context", {})}
        return self.make_jsonrpc_request(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": args, "kwargs": kwargs},
        )

    def _templates(self):
        return self._call(self.model, "get_import_templates", context=self.menu_context)

    def _download(self):
        (template,) = self._templates()
        response = self.url_open(template["template"])
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.headers["Content-Type"], XLSX)
        return response.content

    def _upload(self, content):
        """:return: what the screen shows of the file"""
        wizard = self._call("base_import.import", "create", [{"res_model": self.model}])
        self.wizard = wizard[0]
        response = self.url_open(
            "/base_import/set_file",
            data={"id": self.wizard, "csrf_token": Request.csrf_token(self)},
            files={"ufile": ("template.xlsx", content, XLSX)},
        )
        self.assertTrue(json.loads(response.text)["result"])
        preview = self._call(
            "base_import.import", "parse_preview", self.wizard, OPTIONS
        )
        self.assertNotIn("error", preview)
        return preview

    def _import(self, dryrun=False):
        """:return: what Odoo answers when our template is imported as it comes"""
        preview = self._upload(self._download())
        matches = preview["matches"]
        fields = [
            "/".join(matches.get(str(index), [])) or False
            for index in range(len(preview["headers"]))
        ]
        self.assertEqual(fields, self.columns)
        return self._call(
            "base_import.import",
            "execute_import",
            self.wizard,
            fields,
            [title.strip().lower() for title in preview["headers"]],
            {name: preview["options"].get(name, OPTIONS[name]) for name in OPTIONS},
            dryrun=dryrun,
            context={**self.menu_context, "tracking_disable": True},
        )

    def _imported(self, **kwargs):
        """:return: the records of an import without a message"""
        answer = self._import(**kwargs)
        self.assertEqual(answer["messages"], [])
        self.assertEqual(answer["nextrow"], 0)
        return self.env[self.model].browse(answer["ids"]).with_context(lang=self.lang)

    def _count(self):
        model = self.env[self.model].with_context(active_test=False)
        return model.search_count([])


class PartnerTemplates(ImportScreen):
    """In one language: the links and titles of all templates, and what those of
    organizations and contacts import."""

    allow_inherited_tests_method = True

    def _ref(self, name):
        return self.env.ref(f"crm_gestion.{name}")

    def test_screen_offers_the_template_in_the_language_of_the_user(self):
        for kind in TEMPLATES:
            with self.subTest(kind):
                self._open(kind)
                paths = [template["template"] for template in self._templates()]
                path = f"/crm_gestion/static/import/{kind}_{self.suffix}.xlsx"
                self.assertEqual(paths, [path])

    def test_every_title_is_matched_and_is_what_the_program_calls_the_field(self):
        """Where this fails, dev/import_templates.py has to be run again."""
        for kind in TEMPLATES:
            with self.subTest(kind):
                self._open(kind)
                preview = self._upload(self._download())
                matches = {str(i): [name] for i, name in enumerate(self.columns)}
                self.assertEqual(preview["matches"], matches)
                labels = self._call(self.model, "fields_get", self.columns, ["string"])
                titles = [labels[name]["string"] for name in self.columns]
                self.assertEqual(preview["headers"], titles)

    def _check_organizations(self, organizations):
        common = {
            "is_company": True,
            "parent_id": False,
            "user_id": False,
            "country_id": self.env.ref(self.country).id,
            "account_status": "potential",
        }
        self.assertRecordValues(
            organizations,
            [
                {
                    **common,
                    **self.organizations[0],
                    "market_id": self._ref("market_industry_food").id,
                    "origination_id": self._ref("origination_website").id,
                },
                {
                    **common,
                    **self.organizations[1],
                    "market_id": self._ref("market_industry_metal").id,
                    "origination_id": self._ref("origination_fair").id,
                },
            ],
        )

    def _check_contacts(self, imported):
        packaging, purchasing, manager = imported
        company, *people = self.contacts
        common = {"user_id": False, "account_status": "potential"}
        fair = self._ref("origination_fair").id
        self.assertRecordValues(
            packaging,
            [
                {
                    **common,
                    **company,
                    "is_company": True,
                    "parent_id": False,
                    "cargo_id": False,
                    "origination_id": fair,
                }
            ],
        )
        common.update(is_company=False, parent_id=packaging.id)
        self.assertRecordValues(
            purchasing | manager,
            [
                {
                    **common,
                    **people[0],
                    "cargo_id": self._ref("cargo_purchasing_manager").id,
                    "origination_id": fair,
                },
                {
                    **common,
                    **people[1],
                    "cargo_id": self._ref("cargo_general_manager").id,
                    "origination_id": self._ref("origination_cold_call").id,
                },
            ],
        )

    def test_director_imports_organizations(self):
        self._open("organization")
        self._check_organizations(self._imported())

    def test_director_imports_contacts_with_their_organization(self):
        self._open("contact")
        self._check_contacts(self._imported())

    def test_director_imports_gestiones_with_the_customers_of_the_other_templates(self):
        self._open("organization")
        foods, engineering = self._imported()
        self._open("contact")
        packaging, purchasing, _manager = self._imported()
        self._open("crm_gestion")
        none = self.env["res.partner"]
        common = {
            "user_id": self.director.id,
            "next_activity_type_id": False,
            "next_activity_id": False,
        }
        self.assertRecordValues(
            self._imported(),
            [
                {
                    **common,
                    "external_ref": f"{self.gestion_prefix}-{number}",
                    "date": fields.Datetime.to_datetime(date),
                    "activity_type_id": kind.id,
                    "organization_id": organization.id,
                    "contact_id": contact.id,
                    "direction": direction,
                    "result_id": self._ref(f"result_{result}").id,
                }
                for number, date, kind, organization, contact, direction, result in (
                    (
                        1001,
                        "2025-03-04 10:30:00",
                        self.call,
                        foods,
                        none,
                        "out",
                        "interest",
                    ),
                    (
                        1002,
                        "2025-03-11 16:00:00",
                        self._ref("mail_activity_type_visit"),
                        packaging,
                        purchasing,
                        "out",
                        "asks_proposal",
                    ),
                    (
                        1003,
                        "2025-04-02 09:15:00",
                        self.call,
                        engineering,
                        none,
                        "in",
                        "informed",
                    ),
                )
            ],
        )


class MasterTemplates(ImportScreen):
    """In one language: what the templates of the masters import."""

    allow_inherited_tests_method = True

    def test_director_imports_originations(self):
        self._open("crm_origination")
        distributor, association, code = self.originations
        self.assertRecordValues(
            self._imported(),
            [
                {"name": distributor, "code": "DISTRIB", "has_referrer": True},
                {"name": association, "code": code, "has_referrer": False},
            ],
        )

    def test_director_imports_a_tree_of_markets(self):
        self._open("crm_market")
        markets = self._imported()
        self.assertRecordValues(
            markets,
            [
                {"complete_name": path, "code": code, "parent_id": parent.id}
                for (path, code), parent in zip(
                    self.markets,
                    [self.env["crm.market"], markets[0], markets[1]],
                    strict=True,
                )
            ],
        )

    def test_director_imports_positions(self):
        self._open("crm_cargo")
        (quality, quality_code), (legal, legal_code) = self.cargos
        self.assertRecordValues(
            self._imported(),
            [
                {"name": quality, "code": quality_code, "influence": "technical"},
                {"name": legal, "code": legal_code, "influence": "influencer"},
            ],
        )

    def test_director_imports_results(self):
        self._open("crm_gestion_result")
        follow_up = [
            {
                "outcome": "positive",
                "requires_next_step": True,
                "opens_opportunity": True,
                "next_activity_type_id": self.meeting.id,
                "next_days": 7,
            },
            {
                "outcome": "neutral",
                "requires_next_step": True,
                "opens_opportunity": False,
                "next_activity_type_id": self.call.id,
                "next_days": 15,
            },
            {
                "outcome": "negative",
                "requires_next_step": False,
                "opens_opportunity": False,
                "next_activity_type_id": False,
                "next_days": 0,
            },
        ]
        self.assertRecordValues(
            self._imported(),
            [
                {"name": name, "code": code, **values}
                for (name, code), values in zip(self.results, follow_up, strict=True)
            ],
        )

    def test_masters_imported_twice_are_refused_for_their_code(self):
        for kind in MASTERS:
            with self.subTest(kind):
                self._open(kind)
                rows = len(self._imported())
                after_first = self._count()

                answer = self._import()

                self.assertFalse(answer["ids"])
                self.assertEqual(
                    [(m["type"], m["message"], m["field"]) for m in answer["messages"]],
                    [("error", self.code_in_use, "code")] * rows,
                )
                self.assertEqual(self._count(), after_first)


@tagged("post_install", "-at_install")
class TestPartnerTemplatesEnglish(PartnerTemplates, CrmGestionCommon, HttpCase):
    lang = "en_US"
    suffix = "en"
    country = "base.ie"
    gestion_prefix = "OLD"
    organizations = [
        {
            "name": "Example Foods Ltd",
            "vat": "IE1234567FA",
            "email": "info@foods.example",
            "phone": "+353 21 555 0101",
            "website": "https://foods.example",
            "street": "1 Harbour Road",
            "city": "Cork",
        },
        {
            "name": "Example Engineering Ltd",
            "vat": False,
            "email": "info@engineering.example",
            "phone": "+353 91 555 0102",
            "website": "https://engineering.example",
            "street": "22 Mill Street",
            "city": "Galway",
        },
    ]
    contacts = [
        {
            "name": "Example Packaging Ltd",
            "email": "info@packaging.example",
            "phone": "+353 61 555 0103",
        },
        {
            "name": "Mary Example",
            "email": "mary@packaging.example",
            "phone": "+353 61 555 0104",
        },
        {
            "name": "John Example",
            "email": "john@packaging.example",
            "phone": "+353 61 555 0105",
        },
    ]


@tagged("post_install", "-at_install")
class TestPartnerTemplatesSpanish(PartnerTemplates, CrmGestionCommon, HttpCase):
    lang = "es_ES"
    suffix = "es"
    country = "base.es"
    gestion_prefix = "ANT"
    organizations = [
        {
            "name": "Conservas Ejemplo, S.L.",
            "vat": "ESB12345674",
            "email": "info@conservas.example",
            "phone": "+34 924 555 101",
            "website": "https://conservas.example",
            "street": "Calle Mayor, 1",
            "city": "Badajoz",
        },
        {
            "name": "Talleres Ejemplo, S.A.",
            "vat": False,
            "email": "info@talleres.example",
            "phone": "+34 927 555 102",
            "website": "https://talleres.example",
            "street": "Calle del Trabajo, 22",
            "city": "Cáceres",
        },
    ]
    contacts = [
        {
            "name": "Envases Ejemplo, S.L.",
            "email": "info@envases.example",
            "phone": "+34 954 555 103",
        },
        {
            "name": "María Ejemplo",
            "email": "maria@envases.example",
            "phone": "+34 954 555 104",
        },
        {
            "name": "Juan Ejemplo",
            "email": "juan@envases.example",
            "phone": "+34 954 555 105",
        },
    ]


@tagged("post_install", "-at_install")
class TestPartnerTemplatesLatinAmerica(TestPartnerTemplatesSpanish):
    """Odoo calls some fields of its own by other names there."""

    lang = "es_MX"
    suffix = "es_419"


@tagged("post_install", "-at_install")
class TestMasterTemplatesEnglish(MasterTemplates, CrmGestionCommon, HttpCase):
    lang = "en_US"
    code_in_use = "This code is in use already: choose another one."
    originations = ["Distributor", "Trade Association", "ASSOC"]
    markets = [
        ("Energy", "ENERGY"),
        ("Energy / Renewable Energy", "ENERGY-REN"),
        ("Energy / Renewable Energy / Solar Energy", "ENERGY-SOLAR"),
    ]
    cargos = [("Quality Manager", "QUALITY"), ("Legal Manager", "LEGAL")]
    results = [
        ("Asks for a demonstration", "DEMO"),
        ("Calls us back", "CALLBACK"),
        ("Chose somebody else", "OTHER"),
    ]


@tagged("post_install", "-at_install")
class TestMasterTemplatesSpanish(MasterTemplates, CrmGestionCommon, HttpCase):
    lang = "es_ES"
    code_in_use = "Este código ya está en uso: elige otro."
    originations = ["Distribuidor", "Asociación empresarial", "ASOC"]
    markets = [
        ("Energía", "ENERGIA"),
        ("Energía / Energías renovables", "ENERGIA-REN"),
        ("Energía / Energías renovables / Energía solar", "ENERGIA-SOLAR"),
    ]
    cargos = [
        ("Responsable de calidad", "CALIDAD"),
        ("Responsable jurídico", "JURIDICO"),
    ]
    results = [
        ("Pide una demostración", "DEMO"),
        ("Nos volverá a llamar", "LLAMARA"),
        ("Ha elegido a otro", "OTRO"),
    ]


@tagged("post_install", "-at_install")
class TestImportScreen(ImportScreen, CrmGestionCommon, HttpCase):
    """What is around the templates."""

    lang = "en_US"

    def test_other_menus_keep_the_template_of_odoo(self):
        self._open("contact", menu=False)
        paths = [template["template"] for template in self._templates()]
        self.assertEqual(paths, ["/base/static/xls/contacts_import_template.xlsx"])

    def test_context_of_the_menu_reaches_the_screen_in_the_browser(self):
        self.browser_js(
            "/odoo/organizations",
            OPEN_SCREEN % "/crm_gestion/static/import/organization_en.xlsx",
            login=self.director.login,
        )

    def test_labels_tell_what_is_imported(self):
        expected = {
            "organization": "Import Template for Organizations",
            "contact": "Import Template for Contacts",
            "crm_origination": "Import Template for Originations",
            "crm_market": "Import Template for Markets",
            "crm_cargo": "Import Template for Positions",
            "crm_gestion_result": "Import Template for Interaction Results",
            "crm_gestion": "Import Template for Gestiones",
        }
        labels = {}
        for kind in TEMPLATES:
            self._open(kind)
            labels[kind] = self._templates()[0]["label"]
        self.assertEqual(labels, expected)

    def test_organizations_are_companies_without_the_context_of_the_menu(self):
        """The web client forgets that context when the page is loaded again."""
        self._open("organization")
        content = self._download()
        self.menu_context = {}
        self._download = lambda: content

        imported = self._imported()

        self.assertEqual(imported.mapped("is_company"), [True, True])

    def test_contacts_imported_twice_come_with_a_warning_about_the_two_companies(self):
        self._open("contact")
        first = self._imported()

        answer = self._import()

        second = self.env["res.partner"].browse(answer["ids"])
        self.assertEqual(second.mapped("name"), first.mapped("name"))
        self.assertEqual(
            [(m["type"], m["message"]) for m in answer["messages"]],
            [
                (
                    "warning",
                    'Found multiple matches for value "Example Packaging Ltd" '
                    'in field "Related Company" (2 matches)',
                )
            ]
            * 2,
        )

    def test_testing_an_import_changes_nothing(self):
        for kind in ("contact", "crm_market"):
            with self.subTest(kind):
                self._open(kind)
                before = self._count()
                self._imported(dryrun=True)
                self.assertEqual(self._count(), before)

    def test_only_directors_import(self):
        for kind, user in product(TEMPLATES, (self.seller, self.head)):
            with self.subTest(kind, user=user.name):
                self._open(kind, user)
                before = self._count()

                with (
                    mute_logger("odoo.http"),
                    self.assertRaisesRegex(JsonRpcException, "AccessError"),
                ):
                    self._import()

                self.assertEqual(self._count(), before)


@tagged("post_install", "-at_install")
class TestMasterNameSearch(CrmGestionCommon):
    """What imports look for, and what somebody types in a field."""

    def _found(self, name, operator="="):
        market = self.env["crm.market"].with_context(lang="en_US")
        found = market.name_search(name, operator=operator)
        return market.browse([id_ for id_, _name in found])

    def test_masters_are_found_by_code(self):
        for master, code in [
            ("market_industry_food", "IND-FOOD"),
            ("cargo_purchasing_manager", "PM"),
        ]:
            record = self.env.ref(f"crm_gestion.{master}")
            found = record.name_search(code, operator="=")
            self.assertEqual([id_ for id_, _name in found], record.ids)

    def test_market_is_found_by_the_path_that_is_shown(self):
        self.assertEqual(self._found("Industry / Food and Beverages"), self.market)
        self.assertEqual(self._found("Industry/Food and Beverages"), self.market)
        self.assertEqual(self._found("industry / food", "ilike"), self.market)

    def test_market_is_not_found_by_another_path(self):
        nothing = self.env["crm.market"]
        self.assertEqual(self._found("Trade / Food and Beverages"), nothing)
        self.assertEqual(self._found("Other / Industry / Food and Beverages"), nothing)
        self.assertEqual(self._found("trade / food", "ilike"), nothing)

    def test_path_starts_at_the_top(self):
        oils = self.env["crm.market"].create(
            {
                "name": "Oils",
                "parent_id": self.market.id,
            }
        )
        self.assertEqual(self._found("Food and Beverages / Oils"), oils.browse())
        self.assertEqual(self._found("Industry / Food and Beverages / Oils"), oils)

    def test_path_is_found_with_a_slash_in_a_name(self):
        top = self.env["crm.market"].create({"name": "R&D/Laboratories"})
        below = top.create({"name": "Chemistry", "parent_id": top.id})
        self.assertEqual(self._found("R&D/Laboratories / Chemistry"), below)

    def test_negative_search_is_the_opposite(self):
        market = self.env["crm.market"].with_context(lang="en_US")
        path = "Industry / Food and Beverages"
        for operator in ("!=", "not ilike"):
            others = market.search([("display_name", operator, path)])
            self.assertEqual(others, market.search([]) - self.market)
