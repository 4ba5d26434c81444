"""From the JSON of the service to our answers.

Keys that tell nothing that we go by may be missing, numbers may be texts. What we go by
and is missing or odd raises KeyError, TypeError or ValueError.
"""

import sys
from datetime import UTC, datetime

from .answers import (
    Campaign,
    Delivery,
    Field,
    ImportFault,
    Results,
    Subscriber,
    SubscriberList,
    Task,
)

MOST = 2**31 - 1


def moment(text):
    """A point in time as the service writes it, which is UTC where it says nothing.

    >>> moment("2026-05-01T10:00:00.1234567Z")
    datetime.datetime(2026, 5, 1, 10, 0, 0, 123456)
    >>> moment("2026-05-01T10:00:00-03:00"), moment("2026-05-01T10:00:09.42")
    (datetime.datetime(2026, 5, 1, 13, 0), datetime.datetime(2026, 5, 1, 10, 0, 9, 420000))
    >>> moment(None), moment("tomorrow"), moment("0001-01-01T00:00:00+05:00")
    (None, None, None)
    """  # noqa: E501
    try:
        date = datetime.fromisoformat(text)
        if date.tzinfo:
            date = date.astimezone(UTC).replace(tzinfo=None)
    except (TypeError, ValueError, OverflowError):
        return None
    return date


def written(date):
    """
    :param datetime date: naive, in UTC

    >>> written(datetime(2026, 5, 1, 10))
    '2026-05-01T10:00:00Z'
    """
    return date.replace(microsecond=0).isoformat() + "Z"


def number(value):
    """A count, as far as our database can hold it.

    >>> number("12"), number(3.0), number(None), number("many")
    (12, 3, 0, 0)
    >>> number(-3), number(10**12)
    (0, 2147483647)
    """
    try:
        return min(max(int(value), 0), MOST)
    except (TypeError, ValueError, OverflowError):
        return 0


def text(value):
    """
    >>> text(" 900 "), text("a\\x00b\\ud800c"), text(None)
    ('900', 'abc', '')
    """
    return "" if value is None else storable(str(value)).strip()


def storable(value):
    """
    :return: this text without the characters that JSON can hold and databases cannot
    """
    return value.replace("\0", "").encode("utf-8", "ignore").decode()


def required(value):
    """:raise ValueError: where there is none"""
    if not text(value):
        raise ValueError("missing")
    return text(value)


def first(data, *keys):
    """:return: the value of the first of these keys that has one"""
    return next((data[key] for key in keys if data.get(key) is not None), None)


def field(data):
    return Field(
        name=required(data["name"]),
        type=text(data.get("type")) or "string",
        predefined=bool(data.get("predefined")),
        readonly=bool(data.get("readonly")),
    )


def subscriber_list(data):
    return SubscriberList(
        ref=required(data["listId"]),
        name=text(data.get("name")),
        status=text(data.get("currentStatus")),
        count=number(data.get("subscribersCount")),
    )


def subscriber(data):
    kind = text(data.get("unsubscriptionType"))
    reason = text(data.get("manualUnsubscriptionReason"))
    if kind == "manual" and reason == "administrative":
        kind = reason
    return Subscriber(
        email=required(data["email"]).lower(),
        # a hundred thousand of them share these few words
        status=sys.intern(text(data.get("status"))),
        unsubscription=sys.intern(kind),
        unsubscribed=moment(first(data, "unsubscribedDate", "unsubscriptionDate")),
        reason=text(data.get("unsubscriptionComment")) or reason,
        lists=tuple(text(ref) for ref in data.get("belongsToLists") or ()),
    )


def task(data):
    details = data.get("importDetails") or {}
    return Task(
        ref=required(data["taskId"]),
        status=text(data.get("status")),
        list_ref=text(details.get("listId")),
        started=moment(data.get("startDate")),
        processed=number(
            first(details, "processed", "proccesed") or data.get("itemsProcessed")
        ),
        imported=number(details.get("amountImported")),
        new=number(details.get("newSubscribers")),
        updated=number(details.get("updated")),
        invalid=number(details.get("invalidEmails")),
        unsubscribed=number(details.get("unsubscribedByUser"))
        + number(details.get("usersInBlackList")),
    )


def import_fault(data):
    return ImportFault(
        email=text(data.get("email")).lower(),
        code=text(data.get("errorCode")),
        line=number(data.get("lineNumber")),
    )


def campaign(data):
    return Campaign(
        ref=required(data["campaignId"]),
        name=text(data.get("name")),
        subject=text(data.get("subject")),
        status=text(data.get("status")),
        date=moment(data.get("scheduledDate")),
    )


def results(data):
    return Results(
        status=text(data.get("campaignStatus")),
        recipients=number(data.get("totalRecipients")),
        sent=number(first(data, "totalShipped", "totalRecipients")),
        delivered=number(first(data, "successFullDeliveries", "successfulDeliveries")),
        opens_unique=number(data.get("uniqueOpens")),
        opens=number(data.get("totalTimesOpened")),
        clicks_unique=number(data.get("uniqueClicks")),
        clicks=number(data.get("totalClicks")),
        bounces_hard=number(data.get("totalHardBounces")),
        bounces_soft=number(data.get("totalSoftBounces")),
        unsubscribes=number(data.get("totalUnsubscribers")),
    )


def delivery(data):
    return Delivery(
        campaign_ref=required(data["campaignId"]),
        campaign=text(data.get("campaignName")),
        status=text(data.get("deliveryStatus")),
        clicks=number(data.get("clicksCount")),
    )
