"""The manual says what the program shows, in words and in pictures."""

import importlib.machinery
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import polib
import pytest
from conftest import DEV

ROOT = DEV.parent
SOURCES = sorted((ROOT / "docs" / "manual").glob("*.md"))
PICTURES = ROOT / "static" / "manual" / "img"
LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)]+)\)")
BOLD = re.compile(r"\*\*(.+?)\*\*")
# Odoo's own whose screens the manual goes through.
NATIVE = (
    *("base", "base_setup", "calendar", "contacts", "crm", "loyalty", "mail"),
    *("mass_mailing", "privacy_lookup", "project", "sale", "sale_crm", "sales_team"),
    "web",
)


def spanish_terms():
    """:return: what the program says in Spanish, ours and Odoo's, without markup"""
    (package,) = importlib.util.find_spec("odoo").submodule_search_locations
    files = [ROOT / "i18n" / "es.po"]
    for name in NATIVE:
        folders = Path(package, "addons", name), Path(package, "../addons", name)
        files += [folder / "i18n" / "es.po" for folder in folders]
    return {
        re.sub(r"<[^>]+>", "", entry.msgstr).strip()
        for path in filter(Path.is_file, files)
        for entry in polib.pofile(str(path))
    }


def test_pages_of_the_program_are_those_of_the_sources():
    command = [sys.executable, DEV / "manual.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_links_and_pictures_are_there():
    broken = [
        f"{page.name}: {target}"
        for page in SOURCES
        for _picture, target in LINK.findall(page.read_text())
        if not (page.parent / target).is_file()
    ]
    assert not broken


def test_the_program_opens_pages_that_are_there():
    address = re.compile(r"/crm_gestion/static/manual/([\w-]+\.html)")
    opened = {
        (path.name, page)
        for folder in ("views", "static/src")
        for path in (ROOT / folder).rglob("*.[jx]*")
        for page in address.findall(path.read_text())
    }
    assert len(opened) > 9
    pages = PICTURES.parent
    assert not [(name, page) for name, page in opened if not (pages / page).is_file()]


def test_every_page_is_in_the_index_and_every_picture_is_shown():
    index = (ROOT / "docs" / "manual" / "README.md").read_text()
    listed = [target for _picture, target in LINK.findall(index)]
    assert sorted(listed) == sorted(
        page.name for page in SOURCES if page.name != "README.md"
    )
    texts = [page.read_text() for page in (*SOURCES, ROOT / "README.md")]
    unused = [
        picture.name
        for picture in PICTURES.glob("*.png")
        if not any(f"static/manual/img/{picture.name}" in text for text in texts)
    ]
    assert not unused


def test_words_in_bold_are_on_the_screen():
    terms = spanish_terms()
    unknown = {
        f"{page.name}: {word}"
        for page in SOURCES
        for bold in BOLD.findall(page.read_text())
        for word in bold.split(" > ")
        if word not in terms and word not in ("CRM", "negrita")
    }
    assert sorted(unknown) == []


@pytest.fixture
def screenshots(monkeypatch):
    """The script, as a module."""
    loader = importlib.machinery.SourceFileLoader(
        "screenshots", str(DEV / "screenshots")
    )
    spec = importlib.util.spec_from_loader("screenshots", loader)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader.exec_module(module)
    return module


def test_a_screen_that_is_gone_ends_the_script_and_leaves_the_pictures(
    screenshots, demo_install, tmp_path, monkeypatch, capsys
):
    database, _log = demo_install
    for name in ("pipeline", "opportunity"):
        (tmp_path / f"{name}.png").write_bytes(b"as before")
    monkeypatch.setattr(screenshots, "PICTURES", tmp_path)
    monkeypatch.setattr(screenshots, "APP_PAGE", tmp_path)
    monkeypatch.setattr(screenshots, "REGISTER", "button[name=action_gone]")
    monkeypatch.setattr(screenshots, "SECONDS", 30)
    monkeypatch.setattr(sys, "argv", ["screenshots", database])
    with pytest.raises(SystemExit) as ended:
        screenshots.main()
    assert "picture opportunity, as vendedor" in ended.value.code
    assert "it has no button[name=action_gone]" in ended.value.code
    # those before it were taken, and none was kept
    assert "pipeline" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "pipeline.png": b"as before",
        "opportunity.png": b"as before",
    }
