"""The translation files are those of the code, and Spanish is complete."""

import doctest
import subprocess
import sys

import polib
from conftest import DEV

sys.path.insert(0, str(DEV))
import spanish


def test_translations_are_up_to_date_and_complete(installed):
    done = subprocess.run(
        [sys.executable, DEV / "translations.py", installed, "--check"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_rules_of_spanish_words():
    """Examples in the rules are true, and each rule refuses what it is for."""
    assert doctest.testmod(spanish).failed == 0
    inside = polib.POEntry(msgid="Choose a reason.", msgstr="Elija un motivo.")
    inside.occurrences = [("code:addons/crm_gestion/models/crm_day.py", "0")]
    assert list(spanish.faults(inside)) == ["users are called tú"]
    outside = polib.POEntry(msgid="Wait a while.", msgstr="Espera un rato.")
    outside.occurrences = [("code:addons/crm_gestion/controllers/contact_form.py", "0")]
    assert list(spanish.faults(outside)) == ["customers are called usted"]


def test_latin_american_words_are_only_those_that_differ():
    common = [polib.POEntry(msgid="Cost", msgstr="Coste")]
    latin = [
        polib.POEntry(msgid="Cost", msgstr="Coste"),
        polib.POEntry(msgid="Gone", msgstr="Se fue"),
    ]
    assert list(spanish.latin_faults(latin, common)) == [
        "es_419.po: the same as in es.po: 'Cost'",
        "es_419.po: no term of the add-on: 'Gone'",
    ]
