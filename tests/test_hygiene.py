import ast
import csv
import doctest
import importlib
import inspect
import pkgutil
import re
from contextlib import suppress
from pathlib import Path

import polib
from freezegun import freeze_time
from lxml import etree

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.modules import get_manifest
from odoo.tests import tagged
from odoo.tools.safe_eval import datetime, dateutil, safe_eval, time

from odoo.addons.crm_gestion import tools

from .common import CrmGestionCommon

ADDON = "crm_gestion"
ROOT = Path(__file__).parents[1]
ROLES = ("seller", "head", "director")
# Folders whose Python and XML end on a screen; demo and tests have Spanish people.
SOURCES = ("controllers", "data", "models", "reports", "static/src", "tools", "views",
           "wizards")  # fmt: skip
DATA_FOLDERS = ("data", "demo", "reports", "security", "views", "wizards")
# What a client may ask.
QUESTIONS = ["crm.dashboard.get_data"]
# Deleting the one deletes the other; everything else of ours refuses or lets go.
CASCADES = {
    ("crm.affiliation", "contact_id"),
    ("crm.affiliation", "organization_id"),
    ("crm.campaign.budget", "campaign_id"),
    ("crm.campaign.cost", "move_id"),
    ("crm.campaign.member", "campaign_id"),
    ("crm.campaign.member", "partner_id"),
    ("crm.contact.form", "company_id"),
    ("crm.doppler.account", "company_id"),
    ("crm.doppler.campaign", "account_id"),
    ("crm.doppler.delivery", "campaign_id"),
    ("crm.doppler.field", "account_id"),
    ("crm.doppler.import", "job_id"),
    ("crm.doppler.import", "list_id"),
    ("crm.doppler.job", "account_id"),
    ("crm.doppler.job", "list_id"),
    ("crm.doppler.list", "account_id"),
    ("crm.doppler.mapping", "account_id"),
    ("crm.doppler.mapping", "field_id"),
    ("crm.doppler.mapping", "partner_field_id"),
    ("crm.doppler.member", "list_id"),
    ("crm.doppler.optout", "account_id"),
    ("crm.eid.certificate", "user_id"),
    ("crm.gestion.change", "gestion_id"),
    ("crm.substitution", "substitute_id"),
    ("crm.substitution", "user_id"),
    ("crm.takeover.line", "takeover_id"),
    ("crm.takeover.part", "takeover_id"),
    ("crm.takeover.record", "takeover_id"),
    ("crm.handover.share", "handover_id"),
    ("crm.import.choice", "import_id"),
    ("crm.import.column", "file_id"),
    ("crm.import.file", "import_id"),
    ("crm.import.row", "file_id"),
    ("crm.import.row", "import_id"),
    ("crm.incident.passage", "task_id"),
    ("crm.incident.target", "desk_id"),
    ("crm.mailing.consent", "partner_id"),
    ("crm.mailing.metric", "campaign_id"),
    ("crm.mailing.metric.mapping.line", "mapping_id"),
    ("crm.opportunity.closure", "lead_id"),
    ("crm.opportunity.stage", "lead_id"),
    ("crm.opportunity.forecast.log", "lead_id"),
    ("crm.opportunity.line", "lead_id"),
    ("crm.reading", "user_id"),
    ("crm.segment", "company_id"),
}
SPANISH = re.compile("[áéíóúüñÁÉÍÓÚÜÑ¿¡]")
# A word of the company's own that has no English one: DESIGN.md §2.
GESTION = re.compile(r"\bgesti[oó]n(es)?\b", re.IGNORECASE)


class HygieneCommon(CrmGestionCommon):
    def _own_models(self):
        """:return: the models that this add-on defines"""
        return [
            self.env[name]
            for name, model in sorted(self.env.registry.items())
            if model._original_module == ADDON
        ]

    def _own_classes(self):
        """:return: list of model and one of our classes that define or extend it"""
        return [
            (self.env[name], cls)
            for name, model in sorted(self.env.registry.items())
            for cls in model.__mro__
            if cls.__module__.startswith(f"odoo.addons.{ADDON}.")
            and cls._name == name  # what it takes from a mixin is the mixin's
        ]


@tagged("post_install", "-at_install")
class TestModels(HygieneCommon):
    """What every model of this add-on must have."""

    def test_models_say_what_they_are(self):
        for model in self._own_models():
            cls = next(c for m, c in self._own_classes() if m._name == model._name)
            with self.subTest(model=model._name):
                self.assertTrue(model._description != model._name, "no description")
                self.assertTrue((cls.__doc__ or "").strip(), "no docstring")

    def test_models_have_access_rights(self):
        self.env.flush_all()
        for model in self._own_models():
            rights = self.env["ir.model.access"].search(
                [("model_id.model", "=", model._name), ("active", "=", True)]
            )
            with self.subTest(model=model._name):
                self.assertNotEqual(bool(rights), bool(model._abstract))
                self.assertEqual(
                    rights.filtered(lambda right: not right.group_id).mapped("name"),
                    [],
                    "open to the portal and the public",
                )

    def test_models_with_a_company_have_a_rule_for_it(self):
        for model in self._own_models():
            if model._abstract or "company_id" not in model._fields:
                continue
            rules = self.env["ir.rule"].search(
                [("model_id.model", "=", model._name), ("groups", "=", False)]
            )
            with self.subTest(model=model._name):
                self.assertEqual(
                    rules.mapped("domain_force"),
                    ["[('company_id', 'in', company_ids + [False])]"],
                )

    def test_models_with_owners_are_open_to_bound_roles_only(self):
        """Rules of a seller do not bind who is none: an employee with a right on such a
        model would see everything. System administrators do, on purpose."""
        ruled = self.env["ir.rule"].search(
            [
                ("model_id.model", "in", [model._name for model in self._own_models()]),
                ("groups", "!=", False),
            ]
        )
        for model, rules in ruled.grouped("model_id").items():
            groups = self.env["ir.model.access"].search([("model_id", "=", model.id)])
            allowed = groups.group_id - self.env.ref("base.group_system")
            with self.subTest(model=model.model):
                for group in allowed:
                    self.assertTrue(rules.groups & (group | group.all_implied_ids))

    def test_orders_are_deterministic(self):
        """Two records that compare equal would change places between two pages."""
        for model in self._own_models():
            if model._abstract:
                continue
            last = model._order.split(",")[-1].split()[0]
            with self.subTest(model=model._name, order=model._order):
                self.assertEqual(last, "id")

    def test_deleting_takes_along_only_what_is_meant_to_go(self):
        cascades = {
            (field.model_name, field.name)
            for model in self.env.registry.values()
            for field in model._fields.values()
            if field.type == "many2one" and field.store and field._module == ADDON
            if field.ondelete == "cascade" and not (model._abstract or model._transient)
        }
        self.assertEqual(cascades, CASCADES)

    def test_only_actions_are_open_to_clients(self):
        """What is public can be called by anybody with a key: nothing but buttons,
        questions, and what Odoo itself has."""
        opened = []
        for model, cls in self._own_classes():
            natives = [
                other
                for other in type(model).__mro__
                if other.__dict__.get("_module") != ADDON
            ]
            opened += [
                f"{model._name}.{name}"
                for name, method in vars(cls).items()
                if inspect.isfunction(method)
                and not name.startswith(("_", "action_"))
                and not getattr(method, "_api_private", False)
                and not any(name in vars(native) for native in natives)
            ]
        self.assertEqual(opened, QUESTIONS)
        for question in QUESTIONS:
            model, _dot, name = question.rpartition(".")
            self.assertTrue(getattr(self.registry[model], name)._readonly)

    def test_actions_on_nothing_do_nothing_or_say_so(self):
        for model, cls in self._own_classes():
            for name in [name for name in vars(cls) if name.startswith("action_")]:
                with self.subTest(model=model._name, action=name):
                    self._check_on_nothing(model.with_user(self.director), cls, name)

    def _check_on_nothing(self, model, cls, name):
        before = self._counts()
        try:
            with suppress(UserError):
                getattr(model.browse(), name)()
        except ValueError as error:
            self.assertIn("Expected singleton", str(error))
            self.assertIn("ensure_one", vars(cls)[name].__code__.co_names)
        self.env.flush_all()
        self.assertEqual(self._counts(), before)

    def _counts(self):
        names = ("crm.lead", "crm.gestion", "crm.opportunity.closure", "sale.order")
        return [
            self.env[name].with_context(active_test=False).search_count([])
            for name in names
        ]


class ScreenCommon(HygieneCommon):
    """Opens screens as the web client does: the views first, then what they show."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leads = cls.env["crm.lead"]
        for role in (*ROLES, "native"):
            user = getattr(cls, role)
            lead = cls._make_lead(user, partner_id=cls.contact.id, name=role)
            cls.leads |= lead
            cls._make_gestion(
                user,
                lead_id=lead.id,
                result_id=cls.interest.id,
                next_date="2026-03-09",
            ).result_id = cls.env.ref("crm_gestion.result_informed")
            cls.env["sale.order"].create(
                {
                    "partner_id": cls.contact.id,
                    "opportunity_id": lead.id,
                    "user_id": user.id,
                }
            )
            paused = cls._make_lead(user, partner_id=cls.contact.id, name="Paused")
            cls.env["crm.opportunity.closure"]._close(
                paused, "standby", wake_date=fields.Date.to_date("2026-06-01")
            )

    def _open(self, action, user):
        """:param action: ``ir.actions.act_window``, or what a button returns"""
        if isinstance(action, models.BaseModel):
            action = {
                "domain": action.domain,
                "context": action.context,
                "res_model": action.res_model,
                "views": action.views,
                "search_view_id": [action.search_view_id.id],
            }
        names = self._names(user)
        own = self._eval(action.get("context") or {}, names)
        model = self.env[action["res_model"]].with_user(user)
        model = model.with_context(**own)
        search = (action.get("search_view_id") or [False])[0]
        views = [*action["views"], (search, "search")]
        opened = model.get_views(views, {"toolbar": True, "load_filters": True})
        domain = self._eval(action.get("domain") or [], names)
        for view_type, view in opened["views"].items():
            arch = etree.fromstring(view["arch"])
            with self.subTest(user=user.name, model=model._name, view=view_type):
                show = getattr(self, f"_show_{view_type}")
                show(model, arch, opened["models"], domain)

    def _names(self, user):
        return {
            "uid": user.id,
            "allowed_company_ids": user.company_ids.ids,
            "context_today": lambda: datetime.date.today(),
            "datetime": datetime,
            "dateutil": dateutil,
            "relativedelta": dateutil.relativedelta.relativedelta,
            "time": time,
            "active_id": self.leads[0].id,
            "active_ids": self.leads[:1].ids,
        }

    def _eval(self, expression, names):
        if not isinstance(expression, str):
            return expression
        return safe_eval(expression, names)

    def _spec(self, node, model_name, found):
        """:return: specification of the fields that a view reads, as the client's"""
        spec = {}
        infos = found[model_name]["fields"]
        for child in node:
            if child.tag != "field":
                spec |= self._spec(child, model_name, found) if len(child) else {}
                continue
            info = infos[child.get("name")]
            spec.setdefault(child.get("name"), {})
            if info["type"] in ("many2one", "reference"):
                spec[child.get("name")] = {"fields": {"display_name": {}}}
            elif info["type"] in ("one2many", "many2many"):
                sub = spec[child.get("name")].setdefault("fields", {"display_name": {}})
                for view in child:
                    sub |= self._spec(view, info["relation"], found)
        return spec

    def _show_list(self, model, arch, found, domain):
        model.web_search_read(domain, self._spec(arch, model._name, found), limit=80)

    def _show_kanban(self, model, arch, found, domain):
        spec = self._spec(arch, model._name, found)
        model.web_search_read(domain, spec, limit=80)
        if arch.get("default_group_by"):
            model.web_read_group(
                domain,
                [arch.get("default_group_by")],
                ["__count"],
                auto_unfold=True,
                unfold_read_specification=spec,
            )

    def _show_form(self, model, arch, found, domain):
        spec = self._spec(arch, model._name, found)
        model.search(domain, limit=1).web_read(spec)
        if arch.get("create") not in ("0", "false") and model.has_access("create"):
            model.onchange({}, [], spec)

    def _show_calendar(self, model, arch, found, domain):
        spec = self._spec(arch, model._name, found)
        names = ("date_start", "date_stop", "date_delay", "color", "all_day")
        spec |= {arch.get(name): {} for name in names if arch.get(name)}
        model.web_search_read(domain, spec, limit=80)

    def _show_activity(self, model, arch, found, domain):
        model.web_search_read(domain, self._spec(arch, model._name, found), limit=80)
        self.env["mail.activity"].with_user(model.env.user).get_activity_data(
            model._name, domain
        )

    def _show_pivot(self, model, arch, found, domain):
        """A pivot groups by rows and columns; what has no type there says how a measure
        looks if somebody adds it."""
        infos = found[model._name]["fields"]
        groups, measures = [], ["__count"]
        for field in arch.iter("field"):
            name = field.get("name")
            if field.get("type") == "measure":
                measures.append(f"{name}:{infos[name].get('aggregator') or 'sum'}")
            elif arch.tag == "pivot" and not field.get("type"):
                continue
            elif field.get("invisible") not in ("1", "True"):
                groups.append(f"{name}:{field.get('interval') or ''}".rstrip(":"))
        for group in groups:
            self._group(model, domain, group, infos, measures)

    _show_graph = _show_pivot

    def _group(self, model, domain, group, infos, measures=("__count",)):
        """Dates go by month where the view does not say by what."""
        kind = infos[group.partition(":")[0]]["type"]
        if kind == "properties":
            return
        if kind in ("date", "datetime") and ":" not in group:
            group += ":month"
        model.formatted_read_group(domain, [group], measures)

    def _show_search(self, model, arch, found, domain):
        names = self._names(model.env.user)
        infos = model.fields_get(attributes=["type"])
        for node in arch.iter("filter"):
            own = self._eval(node.get("domain") or "[]", names)
            group = self._eval(node.get("context") or "{}", names).get("group_by")
            own = [*domain, *own]
            if group:
                self._group(model, own, group, infos)
            else:
                model.search_count(own)
        for node in arch.iterfind(".//searchpanel/field"):
            multi = node.get("select") == "multi"
            load = (
                model.search_panel_select_multi_range
                if multi
                else model.search_panel_select_range
            )
            load(node.get("name"), search_domain=domain, enable_counters=True)
        for node in arch.iterfind("field"):
            if node.get("invisible") in ("1", "True"):
                continue
            operator = node.get("operator") or "ilike"
            if node.get("filter_domain"):
                own = self._eval(node.get("filter_domain"), {**names, "self": "abc"})
            elif infos[node.get("name")]["type"] in ("char", "many2one", "many2many"):
                own = [(node.get("name"), operator, "abc")]
            else:
                continue
            model.search_count([*domain, *own])


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestScreens(ScreenCommon):
    """Whoever has a menu opens it and sees its views, on real data."""

    def _own_menus(self):
        data = self.env["ir.model.data"].search(
            [("module", "=", ADDON), ("model", "=", "ir.ui.menu")]
        )
        return self.env["ir.ui.menu"].browse(data.mapped("res_id"))

    def _menus_of(self, user):
        """:return: the menus of ours that a user finds, from the app down"""
        visible = self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
        return self._own_menus().filtered(
            lambda menu: visible.issuperset(map(int, menu.parent_path.split("/")[:-1]))
        )

    def test_every_menu_opens_with_all_its_views(self):
        for role in ROLES:
            user = getattr(self, role)
            for menu in self._menus_of(user).filtered("action"):
                with self.subTest(role=role, menu=menu.complete_name):
                    if menu.action._name == "ir.actions.act_url":
                        self.assertTrue(menu.action.url)  # see test_crm_manual
                        continue
                    if menu.action._name == "ir.actions.client":
                        page = self.env[menu.action.params["model"]]
                        self.assertTrue(page.with_user(user).get_data()["title"])
                        continue
                    groups = menu.action.group_ids
                    self.assertTrue(not groups or groups & user.all_group_ids)
                    self._open(menu.action, user)

    def test_menus_are_for_those_whose_work_they_are(self):
        settings = self.env.ref("crm_gestion.menu_crm_config_method")
        settings = settings.search([("id", "child_of", settings.id)])
        heads = self.env.ref("crm_gestion.menu_crm_hand_out")
        heads |= self.env.ref("crm_gestion.menu_crm_handover")
        heads |= self.env.ref("crm_gestion.menu_crm_objective_plan")
        heads |= self.env.ref("crm_gestion.menu_crm_dashboard_head")
        settings |= self.env.ref("crm_gestion.menu_crm_promotion")
        settings |= self.env.ref("crm_gestion.menu_crm_setup_step")
        settings |= self.env.ref("crm_gestion.menu_crm_import")
        settings |= self.env.ref("crm_gestion.menu_crm_mailing_consent")
        settings |= self.env.ref("crm_gestion.menu_crm_dashboard_director")
        doppler = self.env.ref("crm_gestion.menu_crm_doppler")
        settings |= settings.search([("id", "child_of", doppler.id)])
        key = self.env.ref("crm_gestion.menu_crm_doppler_account")
        eid = self.env.ref("crm_gestion.menu_crm_eid")
        key |= settings.search([("id", "child_of", eid.id)])
        desk = self.env.ref("crm_gestion.menu_project_incident")
        work = self._own_menus() - settings - key - desk
        self.assertEqual(len(settings.filtered("action")), 22)
        self.assertEqual(self._menus_of(self.seller), work - heads)
        self.assertEqual(self._menus_of(self.head), work)
        self.assertEqual(self._menus_of(self.director), self._own_menus() - key - desk)
        self.assertFalse(self._menus_of(self.native))
        self.assertFalse(self._menus_of(self.employee))

    def test_dialogs_open(self):
        for role in ROLES:
            user = getattr(self, role)
            lead = self.leads.filtered(lambda x, u=user: x.user_id == u).with_user(user)
            for action in (
                lead.action_crm_close(),
                lead.action_crm_generate_order(),
                lead.action_log_gestion(),
                self.organization.with_user(user).action_log_gestion(),
            ):
                with self.subTest(role=role, model=action["res_model"]):
                    self._open(action, user)

    def test_smart_buttons_open(self):
        lead = self.leads[0].with_user(self.seller)
        lead.gestion_ids.action_create_opportunity()
        lead.gestion_ids.action_create_opportunity()
        for action in (
            lead.action_view_gestiones(),
            self.organization.with_user(self.seller).action_view_gestiones(),
            self.contact.with_user(self.seller).action_view_gestiones(),
            lead.gestion_ids.action_view_opportunities(),
        ):
            self._open(action, self.seller)

    def test_native_screens_open_for_everybody_who_has_them(self):
        """Ours extend Odoo's views: users without a role of ours keep theirs."""
        sales = [
            "crm.crm_lead_action_pipeline",
            "crm.crm_lead_all_leads",
            "crm.crm_opportunity_report_action",
            "crm.crm_activity_report_action",
            "sale.action_quotations_with_onboarding",
        ]
        contacts = ["contacts.action_contacts"]
        opened = {
            "seller": sales + contacts,
            "native": sales + contacts,
            "employee": contacts,
        }
        for role, names in opened.items():
            for name in names:
                with self.subTest(role=role, action=name):
                    self._open(self.env.ref(name), getattr(self, role))

    def test_native_settings_open_for_who_keeps_them(self):
        names = [
            "crm.crm_stage_action",
            "crm.crm_lost_reason_action",
            "mail.mail_activity_type_action",
        ]
        for name in names:
            with self.subTest(action=name):
                self._open(self.env.ref(name), self.director)

    def test_settings_open_for_administrators(self):
        """The settings of all apps are one form: ours must not keep it shut."""
        system = self._make_user("system", "base.group_system")
        both = self._make_user(
            "both", "base.group_system,crm_gestion.group_sales_director"
        )
        for user in (system, both):
            self._open(self.env.ref("crm.crm_config_settings_action"), user)


@tagged("post_install", "-at_install")
class TestSources(HygieneCommon):
    """The files of the add-on hang together."""

    def test_manifest_lists_every_data_file_and_no_ghost(self):
        manifest = get_manifest(ADDON)
        listed = manifest["data"] + manifest["demo"]
        there = [
            path.relative_to(ROOT).as_posix()
            for folder in DATA_FOLDERS
            for kind in ("*.xml", "*.csv")
            for path in (ROOT / folder).rglob(kind)
        ]
        self.assertEqual(sorted(listed), sorted(there))
        demo = [path for path in there if path.startswith("demo/")]
        self.assertEqual(sorted(manifest["demo"]), sorted(demo))

    def test_demo_data_refers_to_what_is_loaded_before(self):
        """The demo data is not installed where the tests run."""
        manifest = get_manifest(ADDON)
        before = set()
        for name in manifest["data"] + manifest["demo"]:
            before |= self._names_defined(ROOT / name)
            if name.startswith("demo/") and name.endswith(".xml"):
                unknown = self._names_referred(ROOT / name) - before
                self.assertFalse(unknown, name)

    def _names_defined(self, path):
        if path.suffix == ".csv":
            with path.open(newline="") as lines:
                return {row.get("id") for row in csv.DictReader(lines)}
        nodes = etree.parse(path).iter("record", "menuitem", "template")
        return {node.get("id", "").removeprefix(f"{ADDON}.") for node in nodes}

    def _names_referred(self, path):
        """:return: names of our own records of the demo data, as `ref` asks for them"""
        return set(re.findall(r"""ref(?:="|\(['"])(\w+_demo)\b""", path.read_text()))

    def test_manifest_lists_no_asset_that_is_not_there(self):
        for bundle, globs in get_manifest(ADDON)["assets"].items():
            for entry in globs:
                glob = entry if isinstance(entry, str) else entry[-1]
                with self.subTest(bundle=bundle, glob=glob):
                    own = ROOT.glob(glob.removeprefix(f"{ADDON}/"))
                    self.assertTrue(any(path.is_file() for path in own))

    def test_filters_either_select_or_group(self):
        """The web client ignores the domain of a filter that groups."""
        both = [
            f"{file.name}: {node.get('name')}"
            for file in sorted(ROOT.glob("views/*.xml"))
            for node in etree.parse(file).iter("filter")
            if node.get("domain") and "group_by" in node.get("context", "")
        ]
        self.assertEqual(both, [])

    def test_links_say_what_happens_when_their_target_goes(self):
        """Odoo's silent default empties the link: said aloud but for these two, whose
        records are archived and not deleted."""
        unsaid = [
            f"{path.name}:{call.lineno}"
            for path in (ROOT / "models").glob("*.py")
            for call in ast.walk(ast.parse(path.read_text()))
            if isinstance(call, ast.Call)
            if ast.unparse(call.func) == "fields.Many2one"
            if not self._says_what_happens({k.arg: k.value for k in call.keywords})
        ]
        self.assertEqual(unsaid, [])

    def _says_what_happens(self, keywords):
        if keywords.keys() & {"ondelete", "required", "related"}:
            return True
        if "compute" in keywords and "store" not in keywords:
            return True  # in no table
        return ast.unparse(keywords["comodel_name"]) in ("'res.company'", "'crm.team'")

    def test_every_test_file_is_run(self):
        tree = ast.parse((ROOT / "tests" / "__init__.py").read_text())
        imported = [
            alias.name
            for node in tree.body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        ]
        files = [path.stem for path in (ROOT / "tests").glob("test_*.py")]
        self.assertEqual(sorted(imported), sorted(files))

    def test_sources_are_english(self):
        """Spanish belongs in i18n: in the source it would be there for everybody."""
        found = []
        for path in self._sources():
            if path.parent.name == "importing":
                continue  # what the files of other programs say, in their language
            texts = self._python(path) if path.suffix == ".py" else self._xml(path)
            found += [
                f"{path.relative_to(ROOT)}: {text.strip()[:60]}"
                for text in texts
                if SPANISH.search(GESTION.sub("", text))
            ]
        self.assertEqual(found, [])

    def _sources(self):
        yield from ROOT.glob("*.py")
        for folder in SOURCES:
            yield from (ROOT / folder).rglob("*.py")
            yield from (ROOT / folder).rglob("*.xml")

    def _python(self, path):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value

    def _xml(self, path):
        for node in etree.parse(path).iter(etree.Element):
            yield from (text for text in (node.text, node.tail) if text)
            yield from node.attrib.values()

    def test_spanish_is_complete(self):
        template = polib.pofile(ROOT / "i18n" / f"{ADDON}.pot")
        spanish = polib.pofile(ROOT / "i18n" / "es.po")
        terms = [entry.msgid for entry in template]
        self.assertEqual(
            sorted(entry.msgid for entry in spanish if not entry.obsolete),
            sorted(terms),
        )
        self.assertEqual([e.msgid for e in spanish.untranslated_entries()], [])
        self.assertEqual([e.msgid for e in spanish.fuzzy_entries()], [])

    def test_examples_in_tools_are_true(self):
        finder = doctest.DocTestFinder(exclude_empty=False)
        for info in pkgutil.walk_packages(tools.__path__, f"{tools.__name__}."):
            module = importlib.import_module(info.name)
            with self.subTest(module=info.name):
                self.assertEqual(doctest.testmod(module).failed, 0)
                if ".doppler." in info.name:
                    continue  # its examples are a server's, see tests of the client
                without = [
                    test.name
                    for test in finder.find(module)
                    if not test.examples
                    and test.name != info.name
                    # readers of files take many small steps: those of their own are
                    # shown by the examples of what calls them
                    and not (
                        ".importing." in info.name
                        and test.name.rpartition(".")[2].startswith("_")
                    )
                    and inspect.isfunction(
                        getattr(module, test.name.rpartition(".")[2], None)
                    )
                ]
                self.assertEqual(without, [])
