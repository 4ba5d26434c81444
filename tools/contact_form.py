"""What somebody typed into a public form, made harmless: plain text without control
characters, of a length that a field of the database takes."""

import ipaddress
import re
import unicodedata

from odoo.tools import email_normalize

# name of a field -> how many characters it takes at most
LENGTHS = {
    "name": 100,
    "organization": 120,
    "email": 254,
    "phone": 40,
    "city": 80,
    "message": 4000,
}
SEVERAL_LINES = ("message",)
# more than this is no person who typed too much
MOST = 20_000
EMAIL = re.compile(r"[a-z0-9._%+'-]+@([a-z0-9-]+\.)+[a-z]{2,}")
PHONE = re.compile(r"[0-9+()./ -]+")
FEWEST_DIGITS, MOST_DIGITS = 6, 20


def plain(text, several_lines=False):
    """
    :return: the text without what is no character to be seen: control characters, those
        that turn the direction of a text, and halves of characters; spaces in the place
        of the ends of lines, unless it may have several

    >>> plain(" Ana\\r\\nBcc: x ")
    'Ana Bcc: x'
    >>> plain("one\\r\\ntwo\\x00", several_lines=True)
    'one\\ntwo'
    >>> plain("\\u202egnp.exe\\ud83d")
    'gnp.exe'
    >>> plain(None)
    ''
    """
    if not isinstance(text, str):
        return ""
    text = text[: MOST + 1].replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(
        letter
        if letter == "\n" or unicodedata.category(letter) not in ("Cc", "Cf", "Cs")
        else " " * (letter == "\t")
        for letter in text
    )
    if not several_lines:
        kept = " ".join(kept.split())
    return unicodedata.normalize("NFC", kept).strip()


def cleaned(values):
    """
    :param values: dict as a browser sent it, of whatever types
    :return: dict field -> plain text, empty where nothing was given, and a list of
        pairs field, kind of problem: ``missing``, ``long``, ``wrong``

    >>> good = {"name": "Ana", "email": "ANA@Firm.example", "message": "Hello"}
    >>> cleaned(good)[0]["email"]
    'ana@firm.example'
    >>> cleaned(good)[1]
    []
    >>> cleaned({**good, "email": "a@b.example\\nBcc: c@d.example"})[1]
    [('email', 'wrong')]
    >>> cleaned({"name": "A" * 101, "phone": "call me"})[1]
    [('name', 'long'), ('phone', 'wrong'), ('message', 'missing')]
    """
    texts = {name: plain(values.get(name), name in SEVERAL_LINES) for name in LENGTHS}
    problems = [(name, "long") for name, text in texts.items() if _is_long(name, text)]
    email, phone = texts["email"], texts["phone"]
    if email and not _is_long("email", email):
        texts["email"] = address(email) or email
        if not address(email):
            problems.append(("email", "wrong"))
    if phone and not _is_long("phone", phone) and not _is_phone(phone):
        problems.append(("phone", "wrong"))
    problems += [(name, "missing") for name in ("name", "message") if not texts[name]]
    if not (email or phone):
        problems.append(("email", "missing"))
    return texts, problems


def address(text):
    """
    :return: the one address that this text is, in small letters; empty where it is none

    >>> address("Ana@Firm.example")
    'ana@firm.example'
    >>> [address(text) for text in ("a@b.example, c@d.example", "a@b", "a b@c.example")]
    ['', '', '']
    """
    email = email_normalize(text) or ""
    whole = email == text.strip().lower() and EMAIL.fullmatch(email)
    return email if whole else ""


def network(client):
    """
    :param client: address of a computer, as text
    :return: what stands for one client: of IPv6 its network, since everybody there has
        many addresses

    >>> network("198.51.100.7")
    '198.51.100.7'
    >>> network("2001:db8:1:2:3:4:5:6")
    '2001:db8:1:2::/64'
    >>> network("::ffff:198.51.100.7")
    '198.51.100.7'
    >>> network("nonsense") or network(None)
    'unknown'
    """
    try:
        found = ipaddress.ip_address(client)
    except ValueError:
        return "unknown"
    if found.version == 4:
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), 64), strict=False))


def _is_long(name, text):
    """
    >>> _is_long("name", "A" * 100), _is_long("name", "A" * 101)
    (False, True)
    """
    return len(text) > LENGTHS[name]


def _is_phone(text):
    """
    >>> [_is_phone(text) for text in ("+34 600 111 222", "12345", "=1+1234567")]
    [True, False, False]
    """
    digits = sum(letter.isdigit() for letter in text)
    return bool(PHONE.fullmatch(text)) and FEWEST_DIGITS <= digits <= MOST_DIGITS
