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
}
LITTLE = {"de", "del", "la", "el", "los", "las", "of", "the", "and", "y", "e"}
# What advertising adds to the name of a channel.
NOISE = {"ads", "adwords", "com", "cpc", "http", "https", "organic", "ppc", "www"}


def words(text):
    """
    >>> words("  Dir. Comercial")
    ['dir', 'comercial']
    """
    letters = unicodedata.normalize("NFKD", plain(text))
    letters = "".join(c for c in letters if not unicodedata.combining(c))
    return re.findall(r"\w+", letters)


def title_key(text):
    """What a job title says, whoever typed it.

    >>> title_key("Dir. Comercial") == title_key("DIRECTORA  Comercial")
    True
    >>> title_key("Jefa de Compras")
    'jefe compras'
    """
    return " ".join(WORDS.get(w, w) for w in words(text) if w not in LITTLE)


def channel_key(text):
    """What a source or medium says, without what advertising adds to it.

    >>> {channel_key(t) for t in ("google", "Google ", "google / cpc", "GOOGLE ADS")}
    {'google'}
    >>> channel_key("cpc")
    'cpc'
    """
    found = words(text)
    return " ".join([w for w in found if w not in NOISE] or found)


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


def group(counts, key, known=()):
    """Group texts that mean the same. Each is compared with groups only that begin
    alike and are about as long, so that thousands of texts take seconds.

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
        near[found[:2]].append(found)

    for name in known:
        if (found := key(name)) and found not in names:
            add(found, name)
    groups = {}
    for text in sorted(counts, key=lambda t: (-counts[t], t)):
        found = key(text)
        if not found:
            continue
        if found not in names:
            twin = next(
                (
                    other
                    for other in near[found[:2]]
                    if abs(len(other) - len(found)) <= 2 and alike(other, found)
                ),
                None,
            )
            add(found, names[twin] if twin else clean(text))
        groups[text] = names[found]
    return groups
