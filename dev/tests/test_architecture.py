"""What docs/architecture.md and docs/glossary.md name is there, and what is there is
named: who adds, renames or removes a model hears of it here."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = ("models", "reports", "wizards", "controllers")
PAGES = ("architecture.md", "glossary.md")
# Each has many members of one kind, that the page names together.
FAMILIES = {"crm.dashboard.*", "crm.import.*", "report.crm_gestion.*"}
# Odoo's models that we extend under their own names.
NATIVE = {"crm.lead", "crm.lost.reason", "crm.stage", "crm.team", "crm.team.member"}
NAME = re.compile(r'^    _name = "((?:crm|report)\.[\w.]+)"', re.MULTILINE)
STORED = re.compile(r"^class \w+\(models\.Model\):", re.MULTILINE)


def _models(*folders, stored=False):
    """Names of our models; of those with a table only where `stored`."""
    found = set()
    for folder in folders:
        for path in (ROOT / folder).glob("*.py"):
            source = path.read_text(encoding="utf-8")
            if STORED.search(source) or not stored:
                found.update(NAME.findall(source))
    return found - NATIVE


def _page(name):
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def _quoted(page):
    """Words in code style, `like.this`, without what is called with."""
    words = re.findall(r"`([^`\n]+)`", _page(page))
    return {re.split(r"[(, ]", word)[0] for word in words}


def _is_there(word, models):
    """Whether a word is a model, or what a model has: `crm.stage.gate_*`."""
    owner, _dot, attribute = word.rpartition(".")
    if word in models or owner not in models:
        return word in models
    name = f"{owner.replace('.', '_')}.py"
    paths = [ROOT / folder / name for folder in CODE]
    source = "".join(path.read_text("utf-8") for path in paths if path.exists())
    pattern = attribute[:-1] if attribute.endswith("*") else rf"{attribute}\b"
    return bool(re.search(rf"\b{pattern}", source))


def test_the_page_names_every_model():
    named = _quoted("architecture.md")
    ours = _models("models", "reports")
    assert len(ours) > 100
    families = tuple(family[:-1] for family in FAMILIES & named)
    missing = {name for name in ours - named if not name.startswith(families)}
    assert sorted(missing) == []


def test_the_glossary_names_every_table_and_setting():
    text = (ROOT / "models/res_config_settings.py").read_text(encoding="utf-8")
    settings = set(re.findall(r'config_parameter="([\w.]+)"', text))
    assert len(settings) > 10
    named = _quoted("glossary.md")
    assert sorted((_models("models", stored=True) | settings) - named) == []


@pytest.mark.parametrize("page", PAGES)
def test_models_and_fields_that_a_page_names_are_there(page):
    models = _models(*CODE) | NATIVE
    words = {word for word in _quoted(page) if word.startswith("crm.")} - FAMILIES
    assert sorted(word for word in words if not _is_there(word, models)) == []


def test_entities_of_the_diagram_are_there():
    diagram = _page("architecture.md").split("erDiagram", 1)[1].split("```", 1)[0]
    entities = set(re.findall(r"\bCRM_[A-Z_]+\b", diagram))
    assert len(entities) > 30
    named = {entity.lower().replace("_", ".") for entity in entities}
    assert sorted(named - _models(*CODE) - NATIVE) == []


@pytest.mark.parametrize("page", PAGES)
def test_files_that_a_page_names_are_there(page):
    paths = re.findall(
        r"\b(?:models|reports|tools|tests|dev|docs)/[\w./]+", _page(page)
    )
    gone = [path for path in paths if not list(ROOT.glob(path.rstrip(".") + "*"))]
    assert gone == []


def test_commands_that_the_page_names_are_there():
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"`make ([\w-]+)`", _page("architecture.md")))
    assert sorted(named - targets) == []
