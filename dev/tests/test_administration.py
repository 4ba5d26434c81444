"""docs/administration.md says what there is: whoever adds a cron, or a text about
somebody, writes it down there."""

import ast
import re
from xml.etree import ElementTree

from conftest import DEV

ROOT = DEV.parent
PAGE = (ROOT / "docs" / "administration.md").read_text()


def part(name):
    """:return: the page between two comments"""
    return re.search(f"<!-- {name} -->(.*)<!-- end of {name} -->", PAGE, re.S)[1]


def texts():
    """:return: list of the models of which something can be erased"""
    source = ast.parse((ROOT / "models" / "crm_erasure.py").read_text())
    for node in source.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "TEXTS":
            return [key.value for key in node.value.keys]
    raise AssertionError("models/crm_erasure.py has no TEXTS")


def test_every_cron_is_described_under_its_name():
    crons = {}
    for record in ElementTree.parse(ROOT / "data" / "ir_cron_data.xml").iter("record"):
        crons[record.get("id")] = record.find("field[@name='name']").text
    described = re.findall(r"^\| (.+?) \(`(\w+)`\) \|", part("crons"), re.M)
    assert {key: name for name, key in described} == crons


def test_every_setting_is_described():
    settings = (ROOT / "models" / "res_config_settings.py").read_text()
    parameters = re.findall(r'config_parameter="crm_gestion\.(\w+)"', settings)
    assert parameters
    assert [name for name in parameters if f"`{name}`" not in PAGE] == []


def test_every_table_with_texts_about_people_is_described():
    assert [name for name in texts() if f"`{name}`" not in part("tables")] == []


def test_periods_are_those_of_the_code():
    logins = (ROOT / "models" / "crm_eid_login.py").read_text()
    entries = (ROOT / "models" / "crm_contact_form_entry.py").read_text()
    jobs = (ROOT / "models" / "crm_doppler_job.py").read_text()
    assert "KEPT_DAYS = 730" in logins
    assert "2 years" in part("tables")
    assert "DAYS_OF_HASHES = 30" in entries
    assert "the number 30 days" in part("tables")
    assert "KEPT_DAYS = 90" in jobs
    assert "for 90 days" in PAGE
