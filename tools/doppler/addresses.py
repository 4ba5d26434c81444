"""Addresses of subscribers: how they are compared, and which the service does not take.

A contact whose e-mail field holds several addresses has the first of them, which is the
one that Odoo itself normalizes and writes to.
"""

import re

import idna

LONGEST = 100
LONGEST_LOCAL = 64
# Mailboxes of a function and not of a person, which the service refuses by its policy.
ROLES = frozenset(
    (
        "abuse", "admin", "billing", "compliance", "noc", "postmaster", "root",
        "security", "soporte", "spam", "support", "sysadmin", "tech", "webmaster",
        "www",
    )
)  # fmt: skip
ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
ADDRESS = re.compile(rf"{ATOM}(?:\.{ATOM})*@{LABEL}(?:\.{LABEL})+")


def normalized(text):
    r"""
    :return: this address as addresses are compared: lower case, its domain in ASCII;
        empty where it is none

    >>> normalized(" Ana@Ejemplo.COM ")
    'ana@ejemplo.com'
    >>> normalized("ana@\u00f1and\u00fa.example")
    'ana@xn--and-6ma2c.example'
    >>> normalized("ana"), normalized("a b@ejemplo.com"), normalized(None)
    ('', '', '')
    """
    local, at, domain = (text or "").strip().lower().rpartition("@")
    try:
        domain = idna.encode(domain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return ""
    email = f"{local}{at}{domain}"
    return email if ADDRESS.fullmatch(email) else ""


def spellings(email):
    r"""
    :param email: as `normalized` returns it
    :return: tuple of the ways in which Odoo may have normalized it

    >>> spellings("ana@ejemplo.com")
    ('ana@ejemplo.com',)
    >>> found = spellings("ana@xn--and-6ma2c.example")
    >>> len(found), found[1] == "ana@\u00f1and\u00fa.example"
    (2, True)
    """
    local, at, domain = email.rpartition("@")
    try:
        other = f"{local}{at}{idna.decode(domain)}"
    except (idna.IDNAError, UnicodeError):
        return (email,)
    return (email,) if other == email else (email, other)


def refusal(email):
    """
    :param email: as `normalized` returns it
    :return: ``invalid`` or ``role`` where the service does not take it, else empty

    >>> refusal("ana@ejemplo.com")
    ''
    >>> refusal(""), refusal("a" * 65 + "@ejemplo.com")
    ('invalid', 'invalid')
    >>> refusal("soporte@ejemplo.com")
    'role'
    """
    local = email.rpartition("@")[0]
    if not local or len(local) > LONGEST_LOCAL or len(email) > LONGEST:
        return "invalid"
    return "role" if local in ROLES else ""
