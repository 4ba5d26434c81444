"""Make static/import/*.xlsx, which Odoo's import screen offers for download.

eval "$(dev/env)"; python dev/import_templates.py --database NAME

Titles of columns, names of masters and labels of selections are those that the program
shows in each language, read from a database with the add-on, which stays as it was.
Run it again after a change of labels or translations; the tests tell when it is due.
"""

import argparse
import re
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

import odoo
from odoo.modules.registry import Registry

FOLDER = Path(__file__).parents[1] / "static" / "import"
# Latin America has other words for some of Odoo's own fields
LANGUAGES = {"en": "en_US", "es": "es_ES", "es_419": "es_419"}
TRANSLATED = ["base", "mail", "crm_gestion"]
XMLID = re.compile(r"[a-z_]+\.\w+")

ORGANIZATION = (
    "name is_company vat email phone website street city country_id market_id "
    "origination_id user_id"
)
CONTACT = "name is_company parent_id cargo_id email phone origination_id"
RESULT = (
    "name code outcome requires_next_step opens_opportunity next_activity_type_id "
    "next_days"
)
GESTION = (
    "external_ref date activity_type_id organization_id contact_id direction result_id "
    "description"
)
COLUMNS = {
    "organization": ("res.partner", ORGANIZATION),
    "contact": ("res.partner", CONTACT),
    "crm_origination": ("crm.origination", "name code has_referrer"),
    "crm_market": ("crm.market", "name code parent_id"),
    "crm_cargo": ("crm.cargo", "name code influence"),
    "crm_gestion_result": ("crm.gestion.result", RESULT),
    "crm_gestion": ("crm.gestion", GESTION),
}

# What the import from another program takes, by the headings that people use: a row of
# "account" is an organization and one of its contacts.
HEADINGS = {
    "en": {
        "account": "Company|Tax ID|Industry|Phone|City|Country|Contact|Job Position|"
        "Contact Email|Origination|Notes",
        "opportunity": "Opportunity|Organization|Contact|Amount|Probability|"
        "Expected Closing|Stage|Origination|Next Step|External Reference|Notes",
    },
    "es": {
        "account": "Empresa|Identificación fiscal|Mercado|Teléfono|Ciudad|País|"
        "Contacto|Cargo|Correo del contacto|Originación|Notas",
        "opportunity": "Oportunidad|Organización|Contacto|Importe|Probabilidad|"
        "Fecha de cierre|Etapa|Originación|Próximo paso|Referencia externa|Notas",
    },
}
HEADINGS["es_419"] = HEADINGS["es"]

# Rows of example, in the order of the columns. An external identifier stands for the
# name of that record, a value of a selection for its label. They can be imported as
# they are, into any database: contacts come with their organization, no user is named,
# the tax number is one that Odoo accepts. Gestiones are with the organizations and
# contacts of the other examples: by tax number, e-mail and name.
FOOD = "crm_gestion.market_industry_food"
METAL = "crm_gestion.market_industry_metal"
WEBSITE = "crm_gestion.origination_website"
FAIR = "crm_gestion.origination_fair"
COLD_CALL = "crm_gestion.origination_cold_call"
MANAGER = "crm_gestion.cargo_general_manager"
PURCHASING = "crm_gestion.cargo_purchasing_manager"
CALL = "mail.mail_activity_data_call"
MEETING = "mail.mail_activity_data_meeting"
VISIT = "crm_gestion.mail_activity_type_visit"
INTERESTED = "crm_gestion.result_interest"
PROPOSAL = "crm_gestion.result_asks_proposal"
INFORMED = "crm_gestion.result_informed"
STAGE = "crm_gestion.stage_present_products"
ENGLISH = {
    "organization": [
        (
            "Example Foods Ltd", True, "IE1234567FA", "info@foods.example",
            "+353 21 555 0101", "https://foods.example", "1 Harbour Road", "Cork",
            "base.ie", FOOD, WEBSITE, None,
        ),
        (
            "Example Engineering Ltd", True, None, "info@engineering.example",
            "+353 91 555 0102", "https://engineering.example", "22 Mill Street",
            "Galway", "base.ie", METAL, FAIR, None,
        ),
    ],
    "contact": [
        (
            "Example Packaging Ltd", True, None, None, "info@packaging.example",
            "+353 61 555 0103", FAIR,
        ),
        (
            "Mary Example", False, "Example Packaging Ltd",
            PURCHASING, "mary@packaging.example",
            "+353 61 555 0104", FAIR,
        ),
        (
            "John Example", False, "Example Packaging Ltd",
            MANAGER, "john@packaging.example",
            "+353 61 555 0105", COLD_CALL,
        ),
    ],
    "crm_origination": [
        ("Distributor", "DISTRIB", True),
        ("Trade Association", "ASSOC", False),
    ],
    "crm_market": [
        ("Energy", "ENERGY", None),
        ("Renewable Energy", "ENERGY-REN", "Energy"),
        ("Solar Energy", "ENERGY-SOLAR", "Energy / Renewable Energy"),
    ],
    "crm_cargo": [
        ("Quality Manager", "QUALITY", "technical"),
        ("Legal Manager", "LEGAL", "influencer"),
    ],
    "crm_gestion_result": [
        ("Asks for a demonstration", "DEMO", "positive", True, True, MEETING, 7),
        ("Calls us back", "CALLBACK", "neutral", True, False, CALL, 15),
        ("Chose somebody else", "OTHER", "negative", False, False, None, None),
    ],
    "crm_gestion": [
        (
            "OLD-1001", "2025-03-04 10:30:00", CALL, "1234567FA", None, "out",
            INTERESTED, "Asked for our catalogue.",
        ),
        (
            "OLD-1002", "2025-03-11 16:00:00", VISIT, None, "mary@packaging.example",
            "out", PROPOSAL, "Saw the workshop with her.",
        ),
        (
            "OLD-1003", "2025-04-02 09:15:00", CALL, "Example Engineering Ltd", None,
            "in", INFORMED, None,
        ),
    ],
    "account": [
        (
            "Example Bakery Ltd", "IE6388047V", FOOD, "+353 1 555 0106",
            "Dublin", "Ireland", "Anne Example", PURCHASING,
            "anne@bakery.example", FAIR, "Wants a quotation by May",
        ),
        (
            "Example Bakery Ltd", "IE6388047V", None, None, None, None, "Paul Example",
            MANAGER, "paul@bakery.example", None, None,
        ),
    ],
    "opportunity": [
        (
            "New ovens", "Example Bakery Ltd", "Anne Example", "12,500.50", 40,
            "31/12/2030", STAGE, FAIR, "Send the drawings", "OPP-1",
            None,
        ),
        (
            "Spare parts", "Example Bakery Ltd", "Paul Example", "980.00", 20,
            "15/11/2030", STAGE, None, None, "OPP-2", "Every year",
        ),
    ],
}  # fmt: skip
SPANISH = {
    "organization": [
        (
            "Conservas Ejemplo, S.L.", True, "ESB12345674", "info@conservas.example",
            "+34 924 555 101", "https://conservas.example", "Calle Mayor, 1", "Badajoz",
            "base.es", FOOD, WEBSITE, None,
        ),
        (
            "Talleres Ejemplo, S.A.", True, None, "info@talleres.example",
            "+34 927 555 102", "https://talleres.example", "Calle del Trabajo, 22",
            "Cáceres", "base.es", METAL, FAIR, None,
        ),
    ],
    "contact": [
        (
            "Envases Ejemplo, S.L.", True, None, None, "info@envases.example",
            "+34 954 555 103", FAIR,
        ),
        (
            "María Ejemplo", False, "Envases Ejemplo, S.L.",
            PURCHASING, "maria@envases.example",
            "+34 954 555 104", FAIR,
        ),
        (
            "Juan Ejemplo", False, "Envases Ejemplo, S.L.",
            MANAGER, "juan@envases.example",
            "+34 954 555 105", COLD_CALL,
        ),
    ],
    "crm_origination": [
        ("Distribuidor", "DISTRIB", True),
        ("Asociación empresarial", "ASOC", False),
    ],
    "crm_market": [
        ("Energía", "ENERGIA", None),
        ("Energías renovables", "ENERGIA-REN", "Energía"),
        ("Energía solar", "ENERGIA-SOLAR", "Energía / Energías renovables"),
    ],
    "crm_cargo": [
        ("Responsable de calidad", "CALIDAD", "technical"),
        ("Responsable jurídico", "JURIDICO", "influencer"),
    ],
    "crm_gestion_result": [
        ("Pide una demostración", "DEMO", "positive", True, True, MEETING, 7),
        ("Nos volverá a llamar", "LLAMARA", "neutral", True, False, CALL, 15),
        ("Ha elegido a otro", "OTRO", "negative", False, False, None, None),
    ],
    "crm_gestion": [
        (
            "ANT-1001", "2025-03-04 10:30:00", CALL, "B12345674", None, "out",
            INTERESTED, "Pidió el catálogo.",
        ),
        (
            "ANT-1002", "2025-03-11 16:00:00", VISIT, None, "maria@envases.example",
            "out", PROPOSAL, "Vimos el taller con ella.",
        ),
        (
            "ANT-1003", "2025-04-02 09:15:00", CALL, "Talleres Ejemplo, S.A.", None,
            "in", INFORMED, None,
        ),
    ],
    "account": [
        (
            "Panadería Ejemplo, S.L.", "ESA28015865", FOOD, "+34 924 555 106",
            "Mérida", "España", "Ana Ejemplo", PURCHASING, "ana@panaderia.example",
            FAIR, "Quiere la oferta en mayo",
        ),
        (
            "Panadería Ejemplo, S.L.", "ESA28015865", None, None, None, None,
            "Pablo Ejemplo", MANAGER, "pablo@panaderia.example", None, None,
        ),
    ],
    "opportunity": [
        (
            "Hornos nuevos", "Panadería Ejemplo, S.L.", "Ana Ejemplo", "12.500,50", 40,
            "31/12/2030", STAGE, FAIR, "Enviar los planos", "OPO-1", None,
        ),
        (
            "Recambios", "Panadería Ejemplo, S.L.", "Pablo Ejemplo", "980,00", 20,
            "15/11/2030", STAGE, None, None, "OPO-2", "Todos los años",
        ),
    ],
}  # fmt: skip
EXAMPLES = {"en": ENGLISH, "es": SPANISH, "es_419": SPANISH}


def load_languages(env):
    """Have all the languages, with what the .po files say now."""
    for code in LANGUAGES.values():
        env["res.lang"]._activate_lang(code)
    modules = env["ir.module.module"].search([("name", "in", TRANSLATED)])
    modules._update_translations(list(LANGUAGES.values()), overwrite=True)


def shown(env, field, value):
    """Return a value of an example as the program shows it."""
    if field["type"] == "selection":
        return dict(field["selection"])[value]
    if field["type"] == "many2one" and value and XMLID.fullmatch(value):
        return env.ref(value).display_name
    return value


def named(env, value):
    """Return a cell; an external identifier as the name of its record."""
    if isinstance(value, str) and XMLID.fullmatch(value):
        return env.ref(value).display_name
    return value


def table(env, language, kind, examples):
    """Return the rows of a template, the titles first."""
    if kind not in COLUMNS:
        titles = HEADINGS[language][kind].split("|")
        return [tuple(titles), *(tuple(named(env, c) for c in row) for row in examples)]
    model, names = COLUMNS[kind]
    fields = env[model].fields_get(names.split(), ["string", "type", "selection"])
    fields = [fields[name] for name in names.split()]
    rows = [
        tuple(shown(env, *cell) for cell in zip(fields, row, strict=True))
        for row in examples
    ]
    return [tuple(field["string"] for field in fields), *rows]


def read(path):
    return list(load_workbook(path).active.values) if path.exists() else None


def write(path, rows):
    book = Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    for number, column in enumerate(zip(*rows, strict=True), start=1):
        sheet.cell(1, number).font = Font(bold=True)
        format_column(sheet.column_dimensions[get_column_letter(number)], column)
    sheet.freeze_panes = "A2"
    book.save(path)


def format_column(dimension, values):
    dimension.width = max(len(str(value or "")) for value in values) + 4
    if any(isinstance(value, str) for value in values[1:]):
        dimension.number_format = "@"  # a telephone or a code is no number


def main(database):
    odoo.tools.config.parse_config(["--database", database, "--log-level", "error"])
    FOLDER.mkdir(exist_ok=True)
    with Registry(database).cursor() as cr:
        env = odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {})
        load_languages(env)
        for suffix, code in LANGUAGES.items():
            spoken = env(context={"lang": code})
            for kind, examples in EXAMPLES[suffix].items():
                path = FOLDER / f"{kind}_{suffix}.xlsx"
                rows = table(spoken, suffix, kind, examples)
                changed = rows != read(path)
                if changed:
                    write(path, rows)
                print("written  " if changed else "unchanged", path.name)
        cr.rollback()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", required=True)
    main(parser.parse_args().database)
