"""Keep the add-on's translation files in step with its code.

translations.py DATABASE           rewrite i18n/crm_gestion.pot and i18n/es.po
translations.py DATABASE --check   change nothing, tell what is not up to date

i18n/es_419.po is written by hand, and loses here what the add-on does not say any more.
DATABASE has the add-on, and no demo data: those are not translated.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import polib
import spanish as words

MODULE = "crm_gestion"
I18N = Path(__file__).parents[1] / "i18n"
POT = I18N / f"{MODULE}.pot"
PO = I18N / "es.po"
LATIN = I18N / "es_419.po"
HEADER = {
    "Project-Id-Version": MODULE,
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
}
# what a translation must repeat: %s, %(name)s, {name}, and tags
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sdif]|\{[\w.]*\}|</?\w+|\n")


def export(database):
    """Return the terms of the add-on, as Odoo finds them in the database."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{MODULE}.pot")
        command = ["i18n", "export", "-d", database, "-l", "pot", "-o", path, MODULE]
        subprocess.run(
            [sys.executable, "-m", "odoo", *command],
            check=True,
            stderr=subprocess.DEVNULL,
        )
        terms = polib.pofile(path)
    terms.metadata = dict(HEADER)  # no dates: an export of the same terms is the same
    terms.header = ""
    return terms


def content(po):
    return {(e.msgctxt, e.msgid): (e.comment, sorted(e.occurrences)) for e in po}


def merged(spanish, terms):
    """Give the Spanish file exactly these terms, in their order."""
    spanish.merge(terms)
    order = {entry.msgid: number for number, entry in enumerate(terms)}
    result = polib.POFile(wrapwidth=78)
    result.metadata = {**HEADER, "Language": "es"}
    kept = (entry for entry in spanish if not entry.obsolete)
    result.extend(sorted(kept, key=lambda entry: order[entry.msgid]))
    return result


def repeats(entry):
    """Tell whether the translation has the placeholders, tags and lines of its term."""
    return sorted(PLACEHOLDER.findall(entry.msgid)) == sorted(
        PLACEHOLDER.findall(entry.msgstr)
    )


def problems(spanish, latin):
    for entry in spanish:
        if not entry.translated():
            yield f"no Spanish: {entry.msgid!r}"
            continue
        for fault in words.faults(entry):
            yield f"{fault}: {entry.msgid!r} {entry.msgstr!r}"
    for entry in [*spanish, *latin]:
        if entry.translated() and not repeats(entry):
            yield f"other placeholders, tags or lines: {entry.msgid!r}"
    yield from words.latin_faults(latin, spanish)


def pruned(latin, spanish):
    """Take off es_419.po what es.po does not have; places and order are of es.po."""
    said = {entry.msgid: entry.msgstr for entry in latin}
    result = polib.POFile(wrapwidth=78)
    result.metadata = {**HEADER, "Language": "es_419"}
    for entry in spanish:
        if entry.msgid in said:
            result.append(
                polib.POEntry(
                    msgid=entry.msgid,
                    msgstr=said[entry.msgid],
                    comment=entry.comment,
                    occurrences=entry.occurrences,
                )
            )
    return result


def main(database, check):
    terms = export(database)
    spanish = polib.pofile(PO) if PO.exists() else polib.POFile()
    before = content(spanish)
    spanish = merged(spanish, terms)
    latin = polib.pofile(LATIN)
    if not check:
        latin = pruned(latin, spanish)
    found = list(problems(spanish, latin))
    if not check:
        I18N.mkdir(exist_ok=True)
        terms.save(POT)
        spanish.save(PO)
        latin.save(LATIN)
    elif not POT.exists() or content(polib.pofile(POT)) != content(terms):
        found.append(f"i18n/{POT.name} is not up to date: run make translations")
    elif before != content(spanish):
        found.append(f"i18n/{PO.name} is not up to date: run make translations")
    print("\n".join([*found, f"{len(spanish)} terms, {len(found)} problems"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--check" in sys.argv[2:]))
