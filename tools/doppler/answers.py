"""What the service answers, in our words. Times are naive and in UTC."""

from datetime import datetime
from typing import NamedTuple


class Field(NamedTuple):
    name: str
    type: str  # boolean number string date email gender country consent permission …
    predefined: bool
    readonly: bool


class SubscriberList(NamedTuple):
    ref: str
    name: str
    status: str  # busy unless "ready"
    count: int

    @property
    def is_ready(self):
        return self.status == "ready"


class Subscriber(NamedTuple):
    email: str  # lower case, as it is compared
    status: str  # active, pending, standBy, unsubscribed
    unsubscription: str  # type, or empty; "administrative" where the account did it
    unsubscribed: datetime | None
    reason: str  # what is noted about it
    lists: tuple


class Person(NamedTuple):
    """Somebody as he is sent: values are texts in the service's formats."""

    email: str
    values: dict


class Task(NamedTuple):
    ref: str
    status: str
    list_ref: str
    started: datetime | None
    processed: int
    imported: int
    new: int
    updated: int
    invalid: int
    unsubscribed: int  # who opted out, or is on the service's black list

    @property
    def is_done(self):
        return self.status == "completed"

    @property
    def is_failed(self):
        return any(word in self.status.lower() for word in ("fail", "error", "cancel"))


class ImportFault(NamedTuple):
    email: str
    code: str
    line: int


class Campaign(NamedTuple):
    ref: str
    name: str
    subject: str
    status: str  # draft, scheduled, shipping, shipped
    date: datetime | None


class Results(NamedTuple):
    """Cumulative counts of a campaign, which keep moving for weeks."""

    status: str  # campaign: "shipping" is not all of it yet
    recipients: int
    sent: int
    delivered: int
    opens_unique: int
    opens: int
    clicks_unique: int
    clicks: int
    bounces_hard: int
    bounces_soft: int
    unsubscribes: int


class Delivery(NamedTuple):
    campaign_ref: str
    campaign: str
    status: str  # opened, notOpened, softBounced, hardBounced
    clicks: int
