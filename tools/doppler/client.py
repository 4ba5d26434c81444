"""One method for each endpoint of the REST API of Doppler.

The client waits between requests (`rate`), tries again what may be tried again
(`RetryableError`, a few times, with growing pauses that differ each time, or as long as
``Retry-After`` says, but for no longer than `transport.PATIENCE`), reads collections
whole or fails, and puts the key into the header and nowhere else.

A request that changes something and gets no usable answer is not sent again:
`AmbiguousError` tells the caller to look first. Removing is repeated, it is the same
twice.
"""

import time
from urllib.parse import quote

from . import parsing
from .errors import AmbiguousError, NotFoundError, RetryableError, TerminalError
from .transport import Transport

BASE_URL = "https://restapi.fromdoppler.com"
PAGE = 100
MOST_PAGES = 20_000  # of a collection
READINGS = 3  # of a collection that changes while it is read
NAME_TAKEN = "400.2"


class Client:
    """
    :param str account: e-mail of the account
    :param str key: of its API; never shown
    :param str base_url: of another installation, such as a stand-in
    :param float rate: requests in a second
    :param timeout: tuple of seconds to connect and between two bytes of an answer
    :param str origin: who adds people, as the service calls it; empty tells nothing
    :raise TerminalError: where ``base_url`` is no address of the web

    Each method raises a `DopplerError`, whose kind says what to do.
    """

    def __init__(
        self,
        account,
        key,
        base_url=BASE_URL,
        rate=2.0,
        timeout=None,
        origin="",
        clock=time.monotonic,
        sleep=time.sleep,
    ):
        self._transport = Transport(
            account, key, base_url, rate, timeout, clock=clock, sleep=sleep
        )
        self._origin = {"X-Doppler-Subscriber-Origin": origin} if origin else None

    # === THE ACCOUNT === #

    def check(self):
        """
        :raise AuthenticationError: where key and account do not belong together
        """
        self._transport.ask("GET", "")

    def fields(self):
        """:return: list of `Field`"""
        answer = self._transport.ask("GET", "/fields")
        return [self._parsed(parsing.field, item) for item in self._items(answer)]

    # === LISTS === #

    def lists(self):
        """:return: list of `SubscriberList`"""
        return self._collection(
            "/lists", parsing.subscriber_list, "ref", state="active"
        )

    def get_list(self, ref):
        """:return: `SubscriberList`"""
        answer = self._transport.ask("GET", _path("lists", ref))
        return self._parsed(parsing.subscriber_list, answer)

    def create_list(self, name):
        """
        :return: ref of the new list, or of the one that has this name already; so it is
            safe to ask again after an `AmbiguousError`
        """
        try:
            return self._created(
                self._transport.ask("POST", "/lists", body={"name": name})
            )
        except TerminalError as error:
            if error.code != NAME_TAKEN:
                raise
            named = {known.name.casefold(): known.ref for known in self.lists()}
            if name.strip().casefold() not in named:
                raise
            return named[name.strip().casefold()]

    def members(self, ref):
        """:return: list of `Subscriber`, all of the list"""
        return self._collection(
            _path("lists", ref, "subscribers"), parsing.subscriber, "email"
        )

    def add_member(self, ref, person):
        """Add one `Person` to a list, or bring his values up to date.

        :raise PersonError: where the service does not take him
        """
        self._transport.ask(
            "POST",
            _path("lists", ref, "subscribers"),
            body=_item(person),
            headers=self._origin,
            empty=True,
        )

    def remove_member(self, ref, email):
        """
        :return: whether he was there; he stays in the account
        :raise NotFoundError: where there is no such list
        """
        try:
            self._transport.ask(
                "DELETE", _path("lists", ref, "subscribers", email), empty=True
            )
        except NotFoundError:
            # the list or the person
            self.get_list(ref)
            return False
        return True

    # === IMPORTS === #

    def import_members(self, ref, names, people):
        """Start the import of many `Person` into a list.

        :param names: of the fields that any of them has
        :return: ref of the task
        """
        answer = self._transport.ask(
            "POST",
            _path("lists", ref, "subscribers", "import"),
            body={
                "fields": list(names),
                "items": [_item(person) for person in people],
                "enableEmailNotification": False,
            },
            headers=self._origin,
        )
        return self._created(answer)

    def task(self, ref):
        """:return: `Task`"""
        return self._parsed(
            parsing.task, self._transport.ask("GET", _path("tasks", ref))
        )

    def tasks(self):
        """:return: list of `Task`, newest first as far as the service tells"""
        tasks = self._collection("/tasks", parsing.task, "ref")
        return sorted(
            tasks,
            key=lambda task: task.started.timestamp() if task.started else 0.0,
            reverse=True,
        )

    def import_faults(self, ref):
        """:return: list of `ImportFault` of a task"""
        return self._collection(
            _path("tasks", ref, "import-errors"), parsing.import_fault, None
        )

    # === PEOPLE === #

    def unsubscribed(self, since, until):
        """
        :param since: datetime in UTC, inclusive
        :param until: datetime in UTC, exclusive
        :return: list of `Subscriber`
        """
        window = {"from": parsing.written(since), "to": parsing.written(until)}
        return self._collection("/unsubscribed", parsing.subscriber, "email", **window)

    def subscriber(self, email):
        """:return: `Subscriber`"""
        answer = self._transport.ask("GET", _path("subscribers", email))
        return self._parsed(parsing.subscriber, answer)

    def deliveries(self, email):
        """:return: list of `Delivery` of a subscriber"""
        return self._collection(
            _path("subscribers", email, "deliveries"), parsing.delivery, "campaign_ref"
        )

    # === CAMPAIGNS === #

    def campaigns(self, state):
        """:return: list of `Campaign` in this state"""
        return self._collection("/campaigns", parsing.campaign, "ref", state=state)

    def results(self, ref):
        """:return: `Results` of a campaign"""
        answer = self._transport.ask("GET", _path("campaigns", ref, "results-summary"))
        return self._parsed(parsing.results, answer)

    # === READING === #

    def _collection(self, path, parse, key, **params):
        """All items of a collection. The service gives no snapshot: when something
        comes or goes between two pages, others are missed or seen twice.

        :param key: attribute that tells items apart, None where nothing does
        :raise RetryableError: where it was never read whole
        """
        before = None
        for _reading in range(READINGS):
            items = self._pages(path, parse, params)
            if items is None:
                continue
            if not key:
                return items
            unique = {getattr(item, key): item for item in items}
            # seen twice in the same order is how the service tells it
            if len(unique) == len(items) or items == before:
                return list(unique.values())
            before = items
        raise RetryableError("The service changed while it was read.")

    def _pages(self, path, parse, params):
        """:return: items of all pages, None where they do not fit together"""
        items, page, total = [], 1, None
        while True:
            answer = self._transport.ask(
                "GET", path, params={**params, "page": page, "per_page": PAGE}
            )
            found = [self._parsed(parse, item) for item in self._items(answer)]
            count, current, pages = self._parsed(_paging, answer)
            if current not in (None, page) or total not in (None, count):
                return None
            total = count
            items += found
            if len(items) > total or page >= MOST_PAGES:
                return None
            if page >= pages or not found:
                return items if len(items) == total else None
            page += 1

    @staticmethod
    def _items(answer):
        items = answer.get("items")
        if not isinstance(items, list):
            raise RetryableError("The service gave an answer without its items.")
        return items

    @staticmethod
    def _parsed(parse, data):
        """:raise RetryableError: where this is not what the service sends"""
        try:
            return parse(data)
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
            raise RetryableError("The service gave an unexpected answer.") from None

    @staticmethod
    def _created(answer):
        """
        :raise AmbiguousError: where the service made something and does not say what
        """
        ref = parsing.text(answer.get("createdResourceId"))
        if not ref:
            raise AmbiguousError("The service does not say what it made.")
        return ref


def _path(*parts):
    """
    >>> _path("subscribers", "a+b@c.example", "deliveries")
    '/subscribers/a%2Bb%40c.example/deliveries'
    """
    return "".join(f"/{quote(str(part), safe='')}" for part in parts)


def _item(person):
    return {
        "email": person.email,
        "fields": [
            {"name": name, "value": value} for name, value in person.values.items()
        ],
    }


def _paging(answer):
    """:return: tuple items in all, this page, pages"""
    count, current, pages = (
        None if answer.get(key) is None else int(answer[key])
        for key in ("itemsCount", "currentPage", "pagesCount")
    )
    if count is None:
        raise KeyError("itemsCount")
    if pages is None:
        pages = -(-count // (int(answer.get("pageSize") or 0) or PAGE))
    return count, current, pages
