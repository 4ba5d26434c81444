"""Which texts of native data mean the same. Plain Python, no database."""

import re
import unicodedata
from collections import defaultdict
from difflib import SequenceMatcher

from .matching import plain

ALIKE = 0.9
# Words of titles that are written short, or for women, in Spanish and English.
WORDS = {
    "dir": "director",
    "directora": "director",
    "gte": "gerente",
    "gerenta": "gerente",
    "jefa": "jefe",
    "resp": "responsable",
    "enc": "encargado",
    "encargada": "encargado",
    "coord": "coordinador",
    "coordinadora": "coordinador",
    "admin": "administrador",
    "administradora": "administrador",
    "ing": "ingeniero",
    "ingeniera": "ingeniero",
    "mgr": "manager",
    "gral": "general",
    "com": "comercial",
    "dtor": "director",
    "dtora": "director",
    "interina": "interino",
}
LITTLE = {"de", "del", "la", "el", "los", "las", "of", "the", "and", "y", "e"}
# What advertising adds to the name of a channel, and months.
NOISE = {
    *("ads", "adwords", "campaign", "campana", "com", "cpc", "de", "http", "https"),
    *("organic", "ppc", "q1", "q2", "q3", "q4", "utm", "www"),
    *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto"),
    *("septiembre", "octubre", "noviembre", "diciembre"),
    *("january", "february", "march", "april", "may", "june", "july", "august"),
    *("september", "october", "november", "december"),
}
# What a channel of one of these words is, by the code of the delivered origination.
CHANNELS = {
    "REF": ("recomendado", "recomendada", "referido", "referida", "referral"),
    "CAMP": ("boletin", "email", "emailing", "mailing", "newsletter"),
    "WEB": ("pagina web", "sitio web", "web", "website"),
    "CALL": ("cold call", "llamada en frio"),
    "FAIR": ("evento", "event", "expo", "fair", "feria"),
    "SOCIAL": ("facebook", "instagram", "linkedin", "tiktok", "twitter", "youtube"),
}
# Odoo's industries, by the end of their name in its data -> our delivered markets.
MARKETS = {
    "A": "agriculture",
    "C": "industry",
    "F": "construction",
    "G": "trade",
    "H": "services_logistics",
    "I": "services_hospitality",
    "J": "services_technology",
    "K": "services_finance",
    "M": "services_professional",
    "N": "services",
    "O": "public_administration",
    "P": "public_education",
    "Q": "health",
    "S": "services",
}


def words(text):
    """
    >>> words("  Dir. Comercial")
    ['dir', 'comercial']
    """
    letters = unicodedata.normalize("NFKD", plain(text))
    letters = "".join(c for c in letters if not unicodedata.combining(c))
    return re.findall(r"[^\W_]+", letters)


def title_key(text):
    """What a job title says, whoever typed it.

    >>> title_key("Dir. Comercial") == title_key("DIRECTORA  Comercial")
    True
    >>> title_key("Jefa de Compras")
    'jefe compras'
    """
    return " ".join(WORDS.get(w, w) for w in words(text) if w not in LITTLE)


def channel_key(text):
    """What a source or medium says, without what advertising adds to it: campaigns,
    months, numbers.

    >>> names = ("google", "Google ", "utm_google / cpc", "GOOGLE ADS abril 2024")
    >>> {channel_key(text) for text in names}
    {'google'}
    >>> channel_key("cpc"), channel_key("Campaign 12")
    ('cpc', 'campaign 12')
    """
    found = words(text)
    said = [word for word in found if word not in NOISE and not word.isdigit()]
    return " ".join(said or found)


def channel_code(text):
    """Code of the delivered origination that a source or medium is, or False.

    >>> channel_code("INSTAGRAM ads"), channel_code("Feria del Campo 2024")
    ('SOCIAL', 'FAIR')
    >>> channel_code("Google"), channel_code("Webmaster")
    (False, False)
    """
    said = f" {channel_key(text)} "
    return next(
        (
            code
            for code, names in CHANNELS.items()
            if any(f" {name} " in said for name in names)
        ),
        False,
    )


def clean(text):
    """A name fit for a list: single spaces, not all in capitals or small letters.

    >>> clean("  DIRECTORA   comercial"), clean("GERENTE"), clean("IT"), clean("google")
    ('DIRECTORA comercial', 'Gerente', 'IT', 'Google')
    """
    text = " ".join((text or "").split())
    if text.isupper() and len(text) > 3:
        text = text.capitalize()
    return text[:1].upper() + text[1:]


def alike(one, other):
    """
    >>> alike("gerente compras", "gerente conpras"), alike("jefe 1", "jefe 2")
    (True, False)
    """
    if re.sub(r"\D", "", one) != re.sub(r"\D", "", other):
        return False
    match = SequenceMatcher(None, one, other, autojunk=False)
    return match.real_quick_ratio() >= ALIKE <= match.ratio()


def places(found):
    """Where a text looks for one that says the same but for a slip in one word: its
    other words, with how the odd word begins or ends.

    >>> sorted(set(places("gerente compras")) & set(places("gerente conpras")))
    [(1, 'gerente', '$as'), (1, 'gerente', '^co')]
    """
    parts = found.split()
    for place, word in enumerate(parts):
        rest = " ".join(parts[:place] + parts[place + 1 :])
        yield place, rest, f"^{word[:2]}"
        yield place, rest, f"${word[-2:]}"


def group(counts, key, known=()):
    """Group texts that mean the same. Each is compared with those only that differ in
    one word, and in that one not at both ends, so that thousands take seconds.

    :param dict counts: text -> how many bear it
    :param key: `title_key`, `channel_key`
    :param known: names that are groups already
    :return: dict text -> name of its group: a known one, else its most frequent text

    >>> names = {"Director comercial": 3, "Dir. Comercial": 1, "Directr Comercial": 1}
    >>> set(group(names, title_key).values())
    {'Director comercial'}
    >>> group({"google / cpc": 2, "Feria": 1}, channel_key, ["Google"])
    {'google / cpc': 'Google', 'Feria': 'Feria'}
    """
    names, near = {}, defaultdict(list)

    def add(found, name):
        names[found] = name
        for place in places(found):
            near[place].append(found)

    for name in known:
        if (found := key(name)) and found not in names:
            add(found, name)
    groups = {}
    for text in sorted(counts, key=lambda t: (-counts[t], len(t), t.isupper(), t)):
        found = key(text)
        if not found:
            continue
        if found not in names:
            others = (other for place in places(found) for other in near[place])
            twin = next((other for other in others if alike(other, found)), None)
            add(found, names[twin] if twin else clean(text))
        groups[text] = names[found]
    return groups
