"""Malformed requests, the same ones for the same seed: what robots and attackers send
to a page that anybody may open. Bounded, and only ever sent to the test's own server.

How to use::

    for request in fuzz.requests(seed=7, path="/contact/us", fields={"name": "Ana"}):
        answer = self.url_open(**request)
        self.assertLess(answer.status_code, 500, request)

``fields`` are what a well-behaved form sends, its ``csrf_token`` included where the
page asks for one: most requests break one thing only, so that they get as far as
possible.
"""

import random
from urllib.parse import quote_plus, urlencode

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BOUNDARY = "----CrmGestionFuzz"

# What breaks a program that took a value for what it hoped for.
VALUES = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\r\nBcc: all@victims.example",
    "a@b.example\nBcc: all@victims.example",
    "\x1b[31m\x07\x7f\x85",
    "\u202egnp.exe\u2066",
    "\ufeff\u200b\u2028\u2029",
    "\U0001f4a3" * 50,
    "é" * 5000,
    "x" * 200_000,
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<t t-out=\"env['res.users']\"/>",
    "{{7*7}}${7*7}#{7*7}%(name)s%s%n",
    '=HYPERLINK("http://evil.example";"x")',
    "+1+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "' OR 1=1 --",
    '"; DROP TABLE crm_lead; --',
    "%",
    "%00",
    "\\",
    "../../../../etc/passwd",
    "file:///etc/passwd",
    "[]",
    "{}",
    "[1, [2, [3]]]",
    "null",
    "None",
    "False",
    "NaN",
    "-1",
    "0",
    "1e309",
    "0x7fffffff",
    "2147483648",
    "9" * 40,
    "١٢٣",
    "2026-02-30 25:61:61",
    "True; import os",
    "__class__",
    "javascript:alert(1)",
    "//evil.example/",
    "https://evil.example\\@ours.example",
)
# What follows a path, or stands in the place of its last part. No %00 in a path: Odoo
# itself fails on any address with it that leads nowhere.
TAILS = (
    "/..%2f..%2fetc%2fpasswd",
    "/%2e%2e/%2e%2e/",
    "/%ff%fe",
    "/%C0%AE%C0%AE",
    "//",
    "/;jsessionid=1",
    "/" + "9" * 40,
    "/2147483648",
    "/-1",
    "/0",
    "/1e3",
    "/0x1",
    "/%D9%A1",
    "/None",
    "/%3Cscript%3E",
    "/%27%20OR%201%3D1",
    "/" + "a" * 3000,
    "/%F0%9F%92%A3",
    "/page/-1",
    "/page/99999999999999999999",
    "/page/x",
    "/*",
    "/.env",
    "?%00=%00",
    "?%ff=%fe&a[b][c]=1",
)
METHODS = ("PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "PROPFIND", "BREW")
FILENAMES = (
    "../../../etc/passwd",
    "a\\..\\b.exe",
    "x" * 300 + ".txt",
    ".htaccess",
    "page.html",
    "picture.svg",
    "a;b=c.txt",
    "name%00.pdf",
    "\u202egpj.exe",
    "",
    "CON",
)
TYPES = (
    "application/json",
    "application/xml",
    "text/plain",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=" + "b" * 300,
    "application/x-www-form-urlencoded; charset=utf-7",
    "application/x-www-form-urlencoded; charset=none",
    "garbage",
    "",
)
HEADERS = (
    {"Accept-Language": "\x7f;;q=x,es_ES@valencia"},
    {"Accept-Language": "e" * 4000},
    {"X-Forwarded-For": "' OR 1=1, ::1, 999.999.999.999"},
    {"X-Forwarded-Host": "evil.example"},
    {"Cookie": "session_id=../../x; frontend_lang=%00"},
    {"Cookie": "frontend_lang=xx_YY; tz=Nowhere/Atlantis"},
    {"Referer": "javascript:alert(1)"},
    {"User-Agent": "() { :;}; echo"},
    {"User-Agent": ""},
    {"Range": "bytes=0-0,-1"},
    {"X-HTTP-Method-Override": "DELETE"},
    {"Content-Encoding": "gzip"},
)


def requests(seed, path, fields, count=200):
    """Every kind of breakage in turn, what it breaks drawn by the seed.

    :param seed: the same for the same requests
    :param path: of the page
    :param fields: dict name -> text, of what its form sends
    :param count: how many requests; at least ``len(KINDS)`` to have each kind
    :return: generator of keyword arguments of ``HttpCase.url_open``
    """
    draw = random.Random(seed)
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        yield {"allow_redirects": False, **kind(draw, path, dict(fields))}


def values(seed, fields, count=200):
    """:return: generator of the fields with one or several values broken, for pages
    that shall be asked properly; ``csrf_token`` stays whole"""
    draw = random.Random(seed)
    names = [name for name in fields if name != "csrf_token"]
    for _number in range(count):
        broken = draw.sample(names, draw.randint(1, min(3, len(names))))
        yield {**fields, **{name: draw.choice(VALUES) for name in broken}}


def _post(path, body, **headers):
    if isinstance(body, dict | list):
        body = urlencode(body)
    return {"url": path, "data": body, "headers": FORM | headers, "method": "POST"}


def _name(draw, fields):
    names = [name for name in fields if name != "csrf_token"] or ["x"]
    return draw.choice(names)


def _broken_value(draw, path, fields):
    fields[_name(draw, fields)] = draw.choice(VALUES)
    return _post(path, fields)


def _all_broken(draw, path, fields):
    for name in fields.keys() - {"csrf_token"}:
        fields[name] = draw.choice(VALUES)
    return _post(path, fields)


def _missing(draw, path, fields):
    fields.pop(_name(draw, fields), None)
    return _post(path, fields)


def _forged_csrf(draw, path, fields):
    fields["csrf_token"] = draw.choice(VALUES)
    return _post(path, fields)


def _duplicated(draw, path, fields):
    name = _name(draw, fields)
    again = [(name, draw.choice(VALUES)) for _turn in range(draw.randint(1, 5))]
    return _post(path, [*fields.items(), *again])


def _nested(draw, path, fields):
    name = _name(draw, fields)
    value = fields.pop(name, "")
    shape = draw.choice(("{}[]", "{}[0][x]", "{}.id", "{}[__proto__]", "[{}]", "{}{}"))
    fields[shape.format(name, name)] = value
    return _post(path, fields)


def _unknown(draw, path, fields):
    """Names that a careless controller would hand on."""
    for name in draw.sample(
        ("id", "self", "model", "context", "company_id", "user_id", "partner_id",
         "res_id", "access_token", "pid", "hash", "db", "debug", "__class__", "kw"),
        4,
    ):  # fmt: skip
        fields[name] = draw.choice(VALUES)
    return _post(path, fields)


def _many(draw, path, fields):
    fields |= {f"f{number}": "1" for number in range(draw.choice((500, 1500, 5000)))}
    return _post(path, fields)


def _bytes(draw, path, fields):
    """Neither UTF-8 nor properly escaped."""
    name = quote_plus(_name(draw, fields)).encode()
    raw = draw.choice(
        (b"\xff\xfe", b"%FF%FE", b"%", b"%zz", b"%u0041", b"\x00", b"\xed")
    )
    rest = urlencode({k: v for k, v in fields.items() if k.encode() != name}).encode()
    return _post(path, rest + b"&" + name + b"=" + raw)


def _noise(draw, path, _fields):
    return _post(path, draw.randbytes(draw.randint(1, 2000)))


def _method(draw, path, fields):
    return {**_post(path, fields), "method": draw.choice(METHODS)}


def _query(draw, path, fields):
    fields[_name(draw, fields)] = draw.choice(VALUES[:-1])
    return {"url": path, "params": {k: v[:2000] for k, v in fields.items()}}


def _tail(draw, path, fields):
    url = path + draw.choice(TAILS)
    return draw.choice(({"url": url}, _post(url, fields)))


def _other_last_part(draw, path, fields):
    url = path.rpartition("/")[0] + draw.choice(TAILS)
    return draw.choice(({"url": url}, _post(url, fields)))


def _type(draw, path, fields):
    return _post(path, fields, **{"Content-Type": draw.choice(TYPES)})


def _json(draw, path, fields):
    body = draw.choice(
        (
            fields,
            {"jsonrpc": "2.0", "method": "call", "params": fields},
            {"params": {name: [value] for name, value in fields.items()}},
            [[[[]]]],
            "text",
            1,
        )
    )
    return {"url": path, "json": body, "method": "POST"}


def _json_noise(draw, path, _fields):
    body = draw.choice(("{", "[" * 500, '{"a":1e999}', '"\\ud800"', "\x00", "nul"))
    return _post(path, body, **{"Content-Type": "application/json"})


def _files(draw, path, fields):
    """A file where a text is meant, or of an odd name."""
    name = draw.choice((_name(draw, fields), "attachments", "file", "csrf"))
    if name in fields:
        fields.pop(name)
    content = draw.choice((b"", b"\x00" * 100, b"<script>alert(1)</script>", b"MZ"))
    files = [
        (name, (draw.choice(FILENAMES), content, draw.choice(TYPES) or None))
        for _turn in range(draw.randint(1, 4))
    ]
    return {"url": path, "data": fields, "files": files, "method": "POST"}


def _torn_multipart(draw, path, fields):
    parts = "".join(
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; "
        f'name="{name}"\r\n\r\n{text}\r\n'
        for name, text in fields.items()
    ).encode()
    body = parts[: draw.randint(1, max(2, len(parts)))]
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    return _post(path, body, **{"Content-Type": kind})


def _headers(draw, path, fields):
    return _post(path, fields, **draw.choice(HEADERS))


KINDS = (
    _broken_value,
    _all_broken,
    _missing,
    _forged_csrf,
    _duplicated,
    _nested,
    _unknown,
    _many,
    _bytes,
    _noise,
    _method,
    _query,
    _tail,
    _other_last_part,
    _type,
    _json,
    _json_noise,
    _files,
    _torn_multipart,
    _headers,
)
