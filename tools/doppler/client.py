"""One method for each endpoint of the REST API of Doppler.

The client waits between requests (`rate`), tries again what may be tried again
(`RetryableError`, a few times, with growing pauses that differ each time, or as long as
``Retry-After`` says, but for no longer than `PATIENCE`), reads collections whole or
fails, and puts the key into the header and nowhere else.

A request that changes something and gets no usable answer is not sent again:
`AmbiguousError` tells the caller to look first. Removing is repeated, it is the same
twice.
"""

import time

BASE_URL = "https://restapi.fromdoppler.com"
TIMEOUT = (10, 40)  # seconds to connect, and between two bytes of an answer
PATIENCE = 20  # seconds that a request waits in all before it gives up for now
PAGE = 100


class Client:
    """
    :param str account: e-mail of the account
    :param str key: of its API; never shown
    :param str base_url: of another installation, such as a stand-in
    :param float rate: requests in a second
    :param str origin: who adds people, as the service calls it; empty tells nothing
    """

    def __init__(
        self,
        account,
        key,
        base_url=BASE_URL,
        rate=2.0,
        timeout=TIMEOUT,
        origin="",
        clock=time.monotonic,
        sleep=time.sleep,
    ):
        raise NotImplementedError

    def check(self):
        """
        :raise AuthenticationError: where key and account do not belong together
        """

    def fields(self):
        """:return: list of `Field`"""

    def lists(self):
        """:return: list of `SubscriberList`"""

    def get_list(self, ref):
        """:return: `SubscriberList`"""

    def create_list(self, name):
        """:return: ref of the new list, or of the one that has this name already"""

    def members(self, ref):
        """:return: list of `Subscriber`, all of the list"""

    def add_member(self, ref, person):
        """Add one `Person` to a list, or bring his values up to date.

        :raise PersonError: where the service does not take him
        """

    def remove_member(self, ref, email):
        """
        :return: whether he was there; he stays in the account
        """

    def import_members(self, ref, names, people):
        """Start the import of many `Person` into a list.

        :param names: of the fields that any of them has
        :return: ref of the task
        """

    def task(self, ref):
        """:return: `Task`"""

    def tasks(self):
        """:return: list of `Task`, newest first as far as the service tells"""

    def import_faults(self, ref):
        """:return: list of `ImportFault` of a task"""

    def unsubscribed(self, since, until):
        """
        :param since: datetime in UTC, inclusive
        :param until: datetime in UTC, exclusive
        :return: list of `Subscriber`
        """

    def subscriber(self, email):
        """:return: `Subscriber`"""

    def campaigns(self, state):
        """:return: list of `Campaign` in this state"""

    def results(self, ref):
        """:return: `Results` of a campaign"""

    def deliveries(self, email):
        """:return: list of `Delivery` of a subscriber"""
