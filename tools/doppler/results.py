"""What the service tells of campaigns and recipients, in the words of Odoo.

Doppler's own screens divide what was delivered by the subscribers that a campaign was
meant for, opens and opt-outs by what was delivered, and bounces by those subscribers.
``tools/mailing.py`` does the same with *sent* and *delivered*: where *sent* is the
subscribers, the rates of Odoo are those of Doppler.
"""

from ..mailing import COUNTS, completed, folded

# deliveryStatus -> status of a recipient
STATUSES = {
    "notOpened": "sent",
    "opened": "opened",
    "softBounced": "soft_bounce",
    "hardBounced": "hard_bounce",
}
# What stays, whatever weaker is told later: an open was seen, an address is gone.
LASTING = ("opened", "hard_bounce")
# States of a campaign that goes out, or has.
UNDER_WAY = "shipping"
STATES = (UNDER_WAY, "shipped")


def figures(results):
    """
    :param Results results: of a campaign; counts that contradict each other are brought
        in line, as they may come from different moments
    :return: dict of all `COUNTS`

    >>> from .answers import Results
    >>> found = figures(Results("shipped", 500, 500, 480, 150, 210, 40, 60, 12, 8, 3))
    >>> found["sent"], found["delivered"], found["opens"], found["unsubscribes"]
    (500, 480, 210, 3)
    >>> found = figures(Results("shipping", 500, 90, 88, 9, 5, 2, 0, 1, 0, 0))
    >>> found["sent"], found["opens"], found["clicks"]
    (90, 9, 2)
    >>> found = figures(Results("shipped", 0, 0, 88, 0, 0, 0, 0, 1, 1, -1))
    >>> found["sent"], found["unsubscribes"]
    (90, 0)
    """
    told = results._asdict()
    found = completed({name: max(told[name], 0) for name in COUNTS if name in told})
    bounces = found["bounces_hard"] + found["bounces_soft"]
    meant = results.recipients if results.status != UNDER_WAY else 0
    sent = meant or found["sent"] or found["delivered"] + bounces
    found["sent"] = max(sent, found["delivered"])
    for kind in ("opens", "clicks"):
        found[kind] = max(found[kind], found[f"{kind}_unique"])
    return found


def status_of(delivery):
    """
    :param Delivery delivery: of a recipient; who clicked has opened it, whatever his
        mail program shows
    :return: status of a recipient in Odoo

    >>> from .answers import Delivery
    >>> status_of(Delivery("9", "May", "notOpened", 2))
    'opened'
    >>> status_of(Delivery("9", "May", "hardBounced", 0))
    'hard_bounce'
    >>> status_of(Delivery("9", "May", "somethingNew", 0))
    'sent'
    """
    status = STATUSES.get(delivery.status, "sent")
    return "opened" if status == "sent" and delivery.clicks > 0 else status


def progressed(known, told):
    """
    :param known: tuple status, clicks; or None
    :param told: the same, as the service tells it now
    :return: tuple status, clicks, as they are kept

    >>> progressed(("sent", 0), ("opened", 1)), progressed(("opened", 2), ("sent", 0))
    (('opened', 1), ('opened', 2))
    >>> progressed(("soft_bounce", 0), ("sent", 0))
    ('sent', 0)
    >>> progressed(("opened", 1), ("hard_bounce", 0))
    ('hard_bounce', 1)
    >>> progressed(None, ("sent", 0))
    ('sent', 0)
    """
    if known is None:
        return told
    status = told[0]
    if known[0] in LASTING and status not in LASTING:
        status = known[0]
    return status, max(known[1], told[1])


def named(name, titles, is_beginning=False):
    """Which campaigns of Odoo one of Doppler is called after; case and accents do not
    matter.

    :param str name: at Doppler
    :param titles: dict title, see `folded` -> set of campaigns
    :param bool is_beginning: the name may go on after the title, with another word; the
        longest title counts
    :return: set of campaigns

    >>> titles = {"ofertas": {1}, "ofertas de mayo": {2, 3}}
    >>> named("OFERTAS", titles), named("Ofertas 2", titles)
    ({1}, set())
    >>> named("Ofertas de Mayo - 2", titles, True), named("Ofertas 2", titles, True)
    ({2, 3}, {1})
    >>> named("Ofertass", titles, True)
    set()
    """
    whole = folded(name)
    if not is_beginning:
        return titles.get(whole, set())
    for end in range(len(whole), 0, -1):
        is_word = not whole[end : end + 1].isalnum()
        if is_word and whole[:end] in titles:
            return titles[whole[:end]]
    return set()
