"""What a machine sees in Spanish words: house rules of i18n/es.po and i18n/es_419.po.

es.po is Spanish for everybody. es_419.po holds only what is said otherwise in Latin
America: Odoo reads es, then es_419, then the language of the country, each over the one
before, so that a user in es_AR needs no file of his own.
"""

import re

# words that no Spanish speaker should meet, or that only one side of the ocean says
FORBIDDEN = {
    r"vosotros|vosotras|vuestr[oa]s?": "say it to one person: tú, tu",
    r"coger\w*|cogid[oa]s?": "tomar, elegir",
    r"remov(?:er|ido|ida|e)": "quitar",
    r"clic[aá]r|cliquea\w*|click": "hacer clic",
    r"aplicaci[oó]n(?:es)? de (?:la )?etiqueta": "poner etiquetas",
    r"accesar|setear|chequear|loguear\w*": "entrar, fijar, comprobar",
    r"ordenador(?:es)?|computadoras?": "equipo",
    r"costos?": "coste; costo is for es_419.po",
}
FORMAL = re.compile(
    r"\b(?:ustedes|usted|elija|indique|quítel[oa]|convierta|retom[ae]l[oa]|recargue"
    r"|añada|pida a|cuéntenos|llámenos|espere|adjunte|complete esto|acórtelo"
    r"|envíel[oa])\b",
    re.IGNORECASE,
)
FAMILIAR = re.compile(
    r"\b(?:tú|tus?|elige|indica tu|escribe|añade|espera un|cuéntanos|llámanos"
    r"|envíal[oa])\b",
    re.IGNORECASE,
)
# where a customer reads: pages of the portal, the public form, what they answer
FOR_CUSTOMERS = re.compile(
    r"controllers/(?:contact_form|portal_\w+)\.py"
    r"|arch_db:crm_gestion\.(?:portal_|contact_form)"
)
ENDS = ".:?!…"


def ending(text):
    """Return the punctuation mark at the end.

    >>> ending("Choose one of these."), ending("Amount")
    ('.', '')
    """
    last = text.strip()[-1:]
    return last if last and last in ENDS else ""


def for_customers(entry):
    """Tell whether only customers read it; None where they are not the only ones."""
    places = {bool(FOR_CUSTOMERS.search(place)) for place, _line in entry.occurrences}
    return places.pop() if len(places) == 1 else None


def faults_of(source, spanish):
    """Say what is wrong with a translation, whoever reads it.

    >>> list(faults_of("Is it open?", "Está abierta?"))
    ['¿ or ¡ is missing']
    >>> list(faults_of("Cost", "Costo"))
    ['“Costo”: coste; costo is for es_419.po']
    """
    if ending(source) != ending(spanish):
        yield "other punctuation at the end"
    shown = re.sub(r"<[^>]*>|https?://\S+|!+ |\(!+\)", "", spanish)
    if shown.count("?") != shown.count("¿"):
        yield "¿ or ¡ is missing"
    if "“" in spanish or "”" in spanish:
        yield "quotation marks are «»"
    for words, better in FORBIDDEN.items():
        if found := re.search(rf"\b(?:{words})\b", spanish, re.IGNORECASE):
            yield f"“{found[0]}”: {better}"


def faults(entry):
    """Say what is wrong with an entry of es.po."""
    yield from faults_of(entry.msgid, entry.msgstr)
    customers = for_customers(entry)
    if customers and FAMILIAR.search(entry.msgstr):
        yield "customers are called usted"
    if customers is False and FORMAL.search(entry.msgstr):
        yield "users are called tú"


def latin_faults(latin, spanish):
    """Say what is wrong with es_419.po, given es.po."""
    known = {entry.msgid: entry.msgstr for entry in spanish}
    for entry in latin:
        if entry.msgid not in known:
            yield f"es_419.po: no term of the add-on: {entry.msgid!r}"
        elif entry.msgstr == known[entry.msgid]:
            yield f"es_419.po: the same as in es.po: {entry.msgid!r}"
        elif ending(entry.msgid) != ending(entry.msgstr):
            yield f"es_419.po: other punctuation at the end: {entry.msgid!r}"
