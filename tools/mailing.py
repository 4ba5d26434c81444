"""What the figures of e-mail marketing mean, and how the files of other tools write
them.

Figures are counts of a mailing up to a day. *Sent* is whom it was tried to reach,
*delivered* whom no server refused; unique opens and clicks count each recipient once,
the others every time. Rates are ratios, 0.25 for 25 %, and 0 where there is nothing to
divide by. Each is defined here and nowhere else.
"""

import re
import unicodedata
from datetime import date, datetime

COUNTS = (
    "sent",
    "delivered",
    "opens_unique",
    "opens",
    "clicks_unique",
    "clicks",
    "replies",
    "bounces_hard",
    "bounces_soft",
    "unsubscribes",
    "complaints",
)
# rate -> (count, base)
RATES = {
    "delivery_rate": ("delivered", "sent"),
    "open_rate": ("opens_unique", "delivered"),
    "click_rate": ("clicks_unique", "delivered"),
    "click_to_open_rate": ("clicks_unique", "opens_unique"),
    "reply_rate": ("replies", "delivered"),
    "bounce_rate": ("bounces", "sent"),
    "unsubscribe_rate": ("unsubscribes", "delivered"),
    "complaint_rate": ("complaints", "delivered"),
}

# figure -> how the columns of well-known tools are headed, see `folded`
HEADERS = {
    "campaign": ("campaign", "campaign name", "campana", "nombre de la campana"),
    "name": ("name", "subject", "title", "email subject", "mailing", "nombre",
             "asunto", "titulo", "envio"),
    "external_ref": ("id", "campaign id", "unique id", "reference", "referencia"),
    "date": ("date", "report date", "day", "fecha", "dia", "fecha del informe"),
    "sent_date": ("sent date", "send date", "sent on", "send time", "fecha de envio",
                  "enviado el"),
    "sent": ("sent", "emails sent", "total recipients", "recipients", "enviados",
             "envios", "destinatarios"),
    "delivered": ("delivered", "deliveries", "successful deliveries", "entregados",
                  "entregas"),
    "opens_unique": ("unique opens", "opened", "aperturas unicas", "abiertos"),
    "opens": ("opens", "total opens", "aperturas", "aperturas totales"),
    "clicks_unique": ("unique clicks", "clicked", "clics unicos", "clicks unicos"),
    "clicks": ("clicks", "total clicks", "clics", "clics totales", "clicks totales"),
    "bounces_hard": ("hard bounces", "bounces", "rebotes duros", "rebotes"),
    "bounces_soft": ("soft bounces", "rebotes blandos", "rebotes suaves"),
    "unsubscribes": ("unsubscribes", "unsubscribed", "bajas", "desuscripciones",
                     "desuscriptos"),
    "complaints": ("complaints", "abuse complaints", "spam", "spam complaints",
                   "quejas", "denuncias", "denuncias de spam"),
    "replies": ("replies", "answers", "respuestas"),
}  # fmt: skip


def rates(figures):
    """
    :param dict figures: sent, delivered, opens_unique, clicks_unique, replies,
        bounces_hard, bounces_soft, unsubscribes, complaints
    :return: dict of `RATES` -> ratio

    >>> figures = dict.fromkeys(("opens_unique", "replies", "complaints"), 0)
    >>> figures |= {"sent": 200, "delivered": 190, "clicks_unique": 19}
    >>> figures |= {"bounces_hard": 8, "bounces_soft": 2, "unsubscribes": 1}
    >>> found = rates(figures)
    >>> found["delivery_rate"], found["click_rate"], found["bounce_rate"]
    (0.95, 0.1, 0.05)
    >>> found["click_to_open_rate"]
    0.0
    """
    counts = {
        **figures,
        "bounces": figures["bounces_hard"] + figures["bounces_soft"],
    }
    return {
        rate: counts[count] / counts[base] if counts[base] else 0.0
        for rate, (count, base) in RATES.items()
    }


def completed(figures):
    """Work out the counts that a tool does not tell from those it does.

    Who tells only one of sent and delivered: they differ by the bounces. Who does not
    tell all opens or clicks: at least the unique ones.

    :param dict figures: of the counts that are known
    :return: dict of all counts

    >>> told = {"sent": 100, "bounces_hard": 4, "clicks_unique": 7}
    >>> found = completed(told)
    >>> found["delivered"], found["clicks"], found["opens"]
    (96, 7, 0)
    >>> completed({"delivered": 96, "bounces_hard": 4})["sent"]
    100
    """
    found = dict.fromkeys(COUNTS, 0) | figures
    bounces = found["bounces_hard"] + found["bounces_soft"]
    if "delivered" not in figures:
        found["delivered"] = max(found["sent"] - bounces, 0)
    if "sent" not in figures:
        found["sent"] = found["delivered"] + bounces
    for kind in ("opens", "clicks"):
        if kind not in figures:
            found[kind] = found[f"{kind}_unique"]
    return found


def to_count(text):
    """A whole number as people and tools write it.

    >>> [to_count(text) for text in ("1234", "1.234", "1,234", "1 234", "1.234,00")]
    [1234, 1234, 1234, 1234, 1234]
    >>> to_count("12,0"), to_count("7.0"), to_count(""), to_count("-")
    (12, 7, 0, 0)
    >>> to_count("12.5 %")
    Traceback (most recent call last):
    ...
    ValueError: 12.5 %
    """
    plain = re.sub(r"[\s\u00a0\u202f']", "", str(text))
    if plain in ("", "-"):
        return 0
    plain = re.sub(r"[.,]0{1,2}$", "", plain)
    if not re.fullmatch(r"\d+|\d{1,3}([.,])\d{3}(\1\d{3})*", plain):
        raise ValueError(text)
    return int(re.sub(r"[.,]", "", plain))


def to_date(value, month_first=False):
    """A day as people and tools write it; what stands behind it, such as the hour, does
    not matter.

    >>> to_date("2026-03-02T10:15:00Z"), to_date("2/3/2026 10:15")
    (datetime.date(2026, 3, 2), datetime.date(2026, 3, 2))
    >>> to_date("02.03.26"), to_date("3/2/2026", month_first=True)
    (datetime.date(2026, 3, 2), datetime.date(2026, 3, 2))
    >>> to_date("yesterday")
    Traceback (most recent call last):
    ...
    ValueError: yesterday
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = str(value).strip()
    if found := re.match(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)", text):
        year, month, day = map(int, found.groups())
    elif found := re.match(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?!\d)", text):
        day, month, year = map(int, found.groups())
        if month_first:
            day, month = month, day
        year += 2000 if year < 100 else 0
    else:
        raise ValueError(value)
    return date(year, month, day)


def header_place(rows):
    """Find the row of titles: tools put a name or a date range above it.

    :param rows: list of lists of cells
    :return: index of the first row as wide as the widest, of texts only

    >>> header_place([["Report of March"], ["Name", "Sent"], ["Offer", "1.200"]])
    1
    >>> header_place([["Name", "Sent"], ["Offer", "100"]])
    0
    """
    head = rows[:20]
    filled = [[cell for cell in row if str(cell).strip()] for row in head]
    widest = max(map(len, filled), default=0)
    for place, cells in enumerate(filled):
        texts = [c for c in cells if isinstance(c, str) and not c.strip()[:1].isdigit()]
        if len(cells) * 5 >= widest * 4 and len(texts) == len(cells):
            return place
    return 0


def folded(text):
    r"""Title of a column as it is compared: lower case, no accents, single spaces.

    >>> folded("  Fecha de  Env\u00edo ")
    'fecha de envio'
    """
    letters = unicodedata.normalize("NFKD", " ".join(str(text).split()).lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def figure_of(header):
    """
    :return: the figure that a column of this title usually has, or False

    >>> figure_of("Aperturas  Totales"), figure_of("Unique Opens")
    ('opens', 'opens_unique')
    >>> figure_of("Open rate")
    False
    """
    title = folded(header)
    return next((name for name, known in HEADERS.items() if title in known), False)
