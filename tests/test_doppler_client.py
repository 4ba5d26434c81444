import logging
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from unittest.mock import patch

import requests

from odoo.tests import BaseCase, tagged

from odoo.addons.crm_gestion.tools.doppler import client, transport
from odoo.addons.crm_gestion.tools.doppler.answers import (
    Campaign,
    Delivery,
    Field,
    ImportFault,
    Person,
    Results,
)
from odoo.addons.crm_gestion.tools.doppler.errors import (
    AmbiguousError,
    AuthenticationError,
    DopplerError,
    NotFoundError,
    PersonError,
    RetryableError,
    TerminalError,
)

from .doppler_common import StandInCommon
from .doppler_stand_in import KEY, OTHER_ACCOUNT, OTHER_KEY

ANA = Person("ana@ex.example", {"FIRSTNAME": "Ana"})
BEA = Person("bea@ex.example", {"FIRSTNAME": "Bea", "Puntos": "12.5"})


class Slept:
    """Clock and sleep of a client: time passes only where it waits."""

    def __init__(self):
        self.now = 0.0
        self.pauses = []

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.pauses.append(seconds)
        self.now += seconds


class ClientCommon(StandInCommon, BaseCase):
    def setUp(self):
        super().setUp()
        self.client = self._client()

    @contextmanager
    def assertFails(self, kind, code=None, text=""):
        """Exactly this kind of error, which says this and holds no key."""
        with self.assertLogs(level="DEBUG") as logs, self.assertRaises(kind) as caught:
            # assertLogs wants something
            logging.getLogger("asked").info("")
            yield caught
        error = caught.exception
        self.assertIs(type(error), kind)
        if code is not None:
            self.assertEqual(error.code, code)
        self.assertIn(text, error.detail)
        self.assertEqual(str(error), error.detail)
        seen = None
        while error and error is not seen:
            texts = (str(error), repr(error), repr(vars(error)), repr(error.args))
            for shown in texts:
                self.assertNotIn(KEY.lower(), shown.lower())
            self.assertNotIsInstance(error, requests.RequestException)
            seen, error = error, error.__cause__ or error.__context__
        for line in logs.output:
            self.assertNotIn(KEY.lower(), line.lower())


@tagged("post_install", "-at_install")
class TestDopplerEndpoints(ClientCommon):
    def test_check(self):
        self.client.check()
        self.assertEqual(
            self.service.requests,
            [("GET", "/accounts/marketing%40tienda.example", None)],
        )

    def test_fields(self):
        fields = self.client.fields()
        self.assertEqual(fields[0], Field("FIRSTNAME", "string", True, False))
        self.assertEqual([field.name for field in fields if field.readonly], ["EMAIL"])
        self.assertEqual(fields[-1], Field("Puntos", "number", False, False))

    def test_lists(self):
        vip = self.service.add_list("VIP", "ana@ex.example", "bea@ex.example")
        self.service.add_list("Todos", status="inDeletingProcess")
        lists = self.client.lists()
        self.assertEqual(
            [known[1:] for known in lists],
            [("VIP", "ready", 2), ("Todos", "inDeletingProcess", 0)],
        )
        self.assertEqual([known.is_ready for known in lists], [True, False])
        self.assertEqual(self.client.get_list(vip), lists[0])
        self.assertIn("state=active", self.service.requests[0][1])

    def test_no_lists(self):
        """Of an empty collection the service says that it has no pages."""
        self.assertEqual(self.client.lists(), [])

    def test_create_list(self):
        ref = self.client.create_list("Odoo - VIP")
        self.assertEqual(self.service.lists[ref]["name"], "Odoo - VIP")
        self.assertEqual(self.client.create_list("odoo - vip"), ref)
        self.assertEqual(len(self.service.lists), 1)

    def test_create_list_refused(self):
        self.service.max_lists = 0
        with self.assertFails(TerminalError, "400.3"):
            self.client.create_list("VIP")
        with self.assertFails(TerminalError, "400.1", "up to 100") as caught:
            self.client.create_list("V" * 101)
        self.assertEqual(
            caught.exception.errors, [("name", "Give a name of up to 100 characters.")]
        )

    def test_create_list_answer_lost(self):
        """Who asks again after that gets the list that was made."""
        self.service.fail("POST", "/lists$", "accepted")
        with self.assertFails(AmbiguousError):
            self.client.create_list("VIP")
        self.assertEqual(self.client.create_list("VIP"), "77")
        self.assertEqual(list(self.service.lists), ["77"])

    def test_add_member(self):
        vip = self.service.add_list("VIP")
        self.client.add_member(vip, ANA)
        self.client.add_member(vip, ANA._replace(values={"FIRSTNAME": "Anita"}))
        self.assertEqual(self.service.members(vip), ["ana@ex.example"])
        person = self.service.subscribers["ana@ex.example"]
        self.assertEqual(person["values"], {"FIRSTNAME": "Anita"})

    def test_add_member_empty_answer(self):
        vip = self.service.add_list("VIP")
        self.service.fail("POST", "subscribers$", "empty")
        self.client.add_member(vip, ANA)

    def test_add_member_refused(self):
        vip = self.service.add_list("VIP")
        self.service.opt_out("ana@ex.example")
        with self.assertFails(PersonError, "400.9", "Unsubscribed") as caught:
            self.client.add_member(vip, ANA)
        self.assertTrue(caught.exception.opted_out)
        for email in ("soporte@ex.example", "spam@unsubscribed.example"):
            with self.assertFails(PersonError, "400.9", "Internal") as caught:
                self.client.add_member(vip, ANA._replace(email=email))
            self.assertFalse(caught.exception.opted_out)
        with self.assertFails(TerminalError, "400.1", "is not an") as caught:
            self.client.add_member(vip, ANA._replace(email="ana@"))
        self.assertEqual(caught.exception.errors[0][0], "email")
        self.assertEqual(self.service.members(vip), [])

    def test_second_refusal_of_people(self):
        vip = self.service.add_list("VIP")
        self.service.fail("POST", "subscribers$", "400.6", detail="Cannot subscribe")
        with self.assertFails(PersonError, "400.6"):
            self.client.add_member(vip, ANA)

    def test_remove_member(self):
        vip = self.service.add_list("VIP", "a+b@ex.example")
        self.assertTrue(self.client.remove_member(vip, "a+b@ex.example"))
        self.assertFalse(self.client.remove_member(vip, "a+b@ex.example"))
        self.assertIn("a+b@ex.example", self.service.subscribers)
        del self.service.lists[vip]
        with self.assertFails(NotFoundError, "404.1"):
            self.client.remove_member(vip, "a+b@ex.example")

    def test_remove_member_again(self):
        """Removing is the same twice, so that it is repeated."""
        vip = self.service.add_list("VIP", "ana@ex.example")
        self.service.fail("DELETE", "subscribers/", "500")
        self.service.fail("DELETE", "subscribers/", "reset")
        self.assertTrue(self.client.remove_member(vip, "ana@ex.example"))
        self.assertEqual(self.service.members(vip), [])

    def test_import(self):
        vip = self.service.add_list("VIP", "ana@ex.example")
        self.service.opt_out("no@ex.example")
        people = [ANA, BEA, Person("no@ex.example", {}), Person("mal@", {})]
        ref = self.client.import_members(vip, ["FIRSTNAME", "Puntos"], people)
        self.assertEqual(
            self.service.requests[-1][2],
            {
                "fields": ["FIRSTNAME", "Puntos"],
                "items": [
                    {
                        "email": "ana@ex.example",
                        "fields": [{"name": "FIRSTNAME", "value": "Ana"}],
                    },
                    {
                        "email": "bea@ex.example",
                        "fields": [
                            {"name": "FIRSTNAME", "value": "Bea"},
                            {"name": "Puntos", "value": "12.5"},
                        ],
                    },
                    {"email": "no@ex.example", "fields": []},
                    {"email": "mal@", "fields": []},
                ],
                "enableEmailNotification": False,
            },
        )
        polls = [self.client.task(ref) for _poll in range(3)]
        self.assertEqual([task.is_done for task in polls], [False, False, True])
        self.assertEqual(self.client.get_list(vip).status, "ready")
        task = polls[-1]
        self.assertEqual((task.ref, task.list_ref), (ref, vip))
        self.assertEqual(
            (task.processed, task.imported, task.new, task.updated, task.invalid,
             task.unsubscribed),
            (4, 2, 1, 1, 1, 1),
        )  # fmt: skip
        self.assertEqual(
            self.client.import_faults(ref),
            [
                ImportFault("no@ex.example", "UnsubscribedByUser", 3),
                ImportFault("mal@", "InvalidEmail", 4),
            ],
        )
        self.assertEqual(
            self.service.members(vip), ["ana@ex.example", "bea@ex.example"]
        )

    def test_tasks(self):
        vip = self.service.add_list("VIP")
        first = self.client.import_members(vip, [], [ANA])
        self.assertEqual(self.client.get_list(vip).status, "importingSubscribers")
        second = self.client.import_members(vip, [], [BEA])
        self.assertEqual([task.ref for task in self.client.tasks()], [second, first])
        self.assertEqual(self.service.overlaps, 1)

    def test_stuck_task(self):
        vip = self.service.add_list("VIP")
        self.service.fail("POST", "import$", "stuck")
        ref = self.client.import_members(vip, [], [ANA])
        for _poll in range(5):
            task = self.client.task(ref)
            self.assertEqual((task.is_done, task.is_failed), (False, False))

    def test_task_gone(self):
        with self.assertFails(NotFoundError, "404.1"):
            self.client.task("import-1")

    def test_origin(self):
        vip = self.service.add_list("VIP")
        heard = []
        answer = self.service.answer
        with patch.object(
            self.service,
            "answer",
            lambda method, url, headers, *rest: (
                heard.append(headers.get("X-Doppler-Subscriber-Origin"))
                or answer(method, url, headers, *rest)
            ),
        ):
            self.client.add_member(vip, ANA)
            named = self._client(origin="Odoo")
            named.add_member(vip, ANA)
            named.import_members(vip, [], [ANA])
            named.get_list(vip)
        self.assertEqual(heard, [None, "Odoo", "Odoo", None])

    def test_unsubscribed(self):
        day = datetime(2026, 5, 1, 10, 0, 0, 123456, tzinfo=UTC)
        self.service.opt_out("Ana@ex.example", when=day, reason="administrative")
        self.service.opt_out("beat@ex.example", "abuseLink", when=day)
        self.service.opt_out("late@ex.example", when=day.replace(month=6))
        gone = self.client.unsubscribed(
            datetime(2026, 5, 1, 10), datetime(2026, 6, 1, 10, 0)
        )
        naive = day.replace(tzinfo=None)
        self.assertEqual(
            [(person.email, person.unsubscription, person.unsubscribed)
             for person in gone],
            [("ana@ex.example", "administrative", naive),
             ("beat@ex.example", "abuseLink", naive)],
        )  # fmt: skip
        self.assertEqual(gone[0].status, "unsubscribed")
        self.assertIn(
            "from=2026-05-01T10%3A00%3A00Z&to=2026-06-01T10%3A00%3A00Z",
            self.service.requests[0][1],
        )

    def test_subscriber(self):
        vip = self.service.add_list("VIP", "ana@ex.example")
        person = self.client.subscriber("ana@ex.example")
        self.assertEqual(
            person[:3] + (person.lists,), ("ana@ex.example", "active", "", (vip,))
        )
        with self.assertFails(NotFoundError, "404.1"):
            self.client.subscriber("nobody@ex.example")

    def test_campaigns(self):
        day = datetime(2026, 5, 2, 13, tzinfo=UTC)
        ref = self.service.add_campaign(
            "Mayo", when=day, subject="Ofertas",
            deliveries={"a@ex.example": ("opened", 2), "b@ex.example": ("notOpened", 0),
                        "c@ex.example": ("hardBounced", 0),
                        "d@ex.example": ("softBounced", 0)},
        )  # fmt: skip
        self.service.add_campaign("Junio", "draft")
        self.assertEqual(
            self.client.campaigns("shipped"),
            [Campaign(ref, "Mayo", "Ofertas", "shipped", datetime(2026, 5, 2, 13))],
        )
        self.assertIsNone(self.client.campaigns("draft")[0].date)
        self.assertEqual(
            self.client.results(ref),
            Results("shipped", recipients=4, sent=4, delivered=2, opens_unique=1,
                    opens=2, clicks_unique=1, clicks=2, bounces_hard=1, bounces_soft=1,
                    unsubscribes=0),
        )  # fmt: skip
        with self.assertFails(NotFoundError, "404.1"):
            self.client.results("1")

    def test_deliveries(self):
        self.service.add_list("VIP", "ana@ex.example")
        ref = self.service.add_campaign(
            "Mayo", deliveries={"ana@ex.example": ("notOpened", 1)}
        )
        self.assertEqual(
            self.client.deliveries("ana@ex.example"),
            [Delivery(ref, "Mayo", "notOpened", 1)],
        )


@tagged("post_install", "-at_install")
class TestDopplerPaging(ClientCommon):
    def setUp(self):
        super().setUp()
        self.emails = [f"p{number:03}@ex.example" for number in range(250)]
        self.vip = self.service.add_list("VIP", *self.emails)

    def _read(self):
        return [person.email for person in self.client.members(self.vip)]

    def test_all_pages(self):
        self.assertEqual(self._read(), self.emails)
        self.assertEqual(
            [path.partition("?")[2] for _method, path, _body in self.service.requests],
            ["page=1&per_page=100", "page=2&per_page=100", "page=3&per_page=100"],
        )

    def test_full_last_page(self):
        for email in self.emails[200:]:
            del self.service.lists[self.vip]["members"][email]
        self.assertEqual(self._read(), self.emails[:200])
        self.assertEqual(len(self.service.requests), 2)

    def test_inserted_meanwhile(self):
        """Everything is read again, for somebody could have been missed."""
        self.service.fail("GET", r"subscribers\?page=1&", "insert")
        self.assertEqual(self._read(), ["new1@inserted.example", *self.emails])
        self.assertEqual(len(self.service.requests), 5)

    def test_inserted_again_and_again(self):
        self.service.fail("GET", r"subscribers\?page=1&", "insert", times=None)
        with self.assertFails(RetryableError, "", "changed while"):
            self.client.members(self.vip)
        self.assertEqual(len(self.service.requests), 2 * client.READINGS)

    def test_same_count_other_people(self):
        """One goes and another one joins: the count says nothing, seeing somebody twice
        does."""
        members = self.service.lists[self.vip]["members"]
        tell, moved = self.service.tell_subscriber, []

        def swap(email):
            if email == "p099@ex.example" and not moved:
                moved.append(members.pop(self.emails[-1]))
                self.service.lists[self.vip]["members"] = {
                    "zoe@ex.example": True, **members
                }  # fmt: skip
                self.service.add_subscriber("zoe@ex.example")
            return tell(email)

        with patch.object(self.service, "tell_subscriber", swap):
            self.assertEqual(self._read(), ["zoe@ex.example", *self.emails[:-1]])

    def test_told_twice(self):
        """Where the service always tells somebody twice, that is how it is."""
        tell = self.service.tell_subscriber
        with patch.object(
            self.service,
            "tell_subscriber",
            lambda email: tell("p000@ex.example" if email[1:4] == "200" else email),
        ):
            emails = self._read()
        self.assertEqual(len(emails), 249)
        self.assertEqual(len(set(emails)), 249)

    def test_page_missing(self):
        """A page without anybody on it is not the end of the list."""
        with patch.object(self.service, "page", wraps=self.service.page) as page:
            page.side_effect = lambda items, query, tell: self.service.__class__.page(
                self.service, [] if query["page"] == "3" else items, query, tell
            )
            with self.assertFails(RetryableError, "", "changed while"):
                self.client.members(self.vip)

    def test_page_fails(self):
        self.service.fail("GET", "page=2", "500", times=None)
        with self.assertFails(RetryableError, "500.0"):
            self.client.members(self.vip)

    def test_page_tried_again(self):
        self.service.fail("GET", "page=2", "500")
        self.service.fail("GET", "page=3", "html")
        self.assertEqual(self._read(), self.emails)

    def test_same_page_always(self):
        """A service that does not know of pages is not read for ever."""
        with patch.object(self.service, "page", wraps=self.service.page) as page:
            page.side_effect = lambda items, query, tell: self.service.__class__.page(
                self.service, items, {**query, "page": "1"}, tell
            )
            with self.assertFails(RetryableError, "", "changed while"):
                self.client.members(self.vip)

    def test_odd_item(self):
        with patch.object(self.service, "tell_subscriber", lambda email: {"id": email}):
            with self.assertFails(RetryableError, "", "unexpected"):
                self.client.members(self.vip)

    def test_sizes(self):
        self.assertTrue(5 <= client.PAGE <= 200)
        with patch.object(client, "PAGE", 500):
            with self.assertFails(TerminalError, "400.1", "per_page"):
                self.client.members(self.vip)


@tagged("post_install", "-at_install")
class TestDopplerFaults(ClientCommon):
    def setUp(self):
        super().setUp()
        self.vip = self.service.add_list("VIP")
        self.slept = Slept()

    def _patient(self, **options):
        patcher = patch.object(transport, "PATIENCE", 20)
        patcher.start()
        self.addCleanup(patcher.stop)
        return self._client(clock=self.slept.clock, sleep=self.slept.sleep, **options)

    def _import(self, asked=None):
        return (asked or self.client).import_members(self.vip, ["FIRSTNAME"], [ANA])

    # === WHO MAY === #

    def test_wrong_key(self):
        asked = self._client(key=KEY[::-1])
        with self.assertFails(AuthenticationError, "401.1", "***") as caught:
            asked.check()
        self.assertNotIn(KEY[::-1], str(caught.exception))
        self.assertEqual(len(self.service.requests), 1)

    def test_wrong_account(self):
        with self.assertFails(AuthenticationError, "403.1"):
            self._client(key=OTHER_KEY).check()
        with self.assertFails(AuthenticationError, "403.1"):
            self._client(account=OTHER_ACCOUNT).lists()

    def test_key_that_is_none(self):
        """It would be shown by what the library raises."""
        for key in ("", False, f"{KEY}\n{KEY}", f"{KEY} x", f"ñ{KEY}"):
            with self.assertFails(AuthenticationError, "", "no key"):
                self._client(key=key).check()
        self._client(key=f" {KEY}\n").check()
        self.assertEqual(len(self.service.requests), 1)

    def test_key_only_in_header(self):
        self.client.lists()
        self._import()
        for request in self.service.requests:
            self.assertNotIn(KEY, repr(request))
        self.assertNotIn(KEY, repr(self.client) + repr(vars(self.client)))

    def test_key_echoed(self):
        self.service.fail("POST", "import$", "400.1", detail=f"Bad token {KEY.lower()}")
        with self.assertFails(TerminalError, "400.1", "Bad token ***"):
            self._import()

    def test_key_stays_here(self):
        """A redirection is not followed, to whatever host."""
        self.service.fail("GET", "/lists", "redirect", times=None,
                          location=f"{self.service.url}/-/requests")  # fmt: skip
        with self.assertFails(RetryableError, "302", "another address"):
            self.client.lists()
        self.assertTrue(all("/lists" in path for _m, path, _b in self.service.requests))

    def test_netrc(self):
        """What the machine keeps for a host does not take the place of the key."""
        with patch("requests.sessions.get_netrc_auth", return_value=("who", "what")):
            self.client.check()

    def test_address(self):
        for url in ("", "file:///etc/passwd", "ftp://x.example", "https://",
                    "https://me:secret@x.example", "javascript:1"):  # fmt: skip
            with self.assertFails(TerminalError, "", "https://"):
                self._client(base_url=url)

    # === WHAT IS NOT THERE === #

    def test_list_deleted(self):
        for ask in (
            lambda: self.client.get_list("12"),
            lambda: self.client.members("12"),
            lambda: self.client.add_member("12", ANA),
            lambda: self.client.import_members("12", [], [ANA]),
        ):
            with self.assertFails(NotFoundError, "404.1"):
                ask()

    def test_no_such_address(self):
        with self.assertFails(TerminalError, "404.0"):
            self._client(base_url=f"{self.service.url}/v2").check()

    def test_unknown_field(self):
        with self.assertFails(TerminalError, "400.1", "no field Nada") as caught:
            self.client.import_members(self.vip, ["Nada"], [ANA])
        self.assertEqual(
            caught.exception.errors, [("fields", "There is no field Nada.")]
        )
        self.assertEqual(self.service.tasks, {})

    # === TOO MUCH AT ONCE === #

    def test_too_many(self):
        """Such a request was not carried out, and is sent again whatever it does."""
        self.service.fail("POST", "import$", "429", times=2)
        self._import(self._patient())
        self.assertEqual(len(self.service.tasks), 1)
        pauses = [pause for pause in self.slept.pauses if pause > 0.002]
        self.assertEqual(len(pauses), 2)
        self.assertTrue(0.005 <= pauses[0] <= 0.01 <= pauses[1] <= 0.02, pauses)

    def test_too_many_for_so_long(self):
        self.service.fail("GET", "/lists", "429", retry_after=7)
        self._patient().lists()
        self.assertIn(7, self.slept.pauses)

    def test_too_many_until_a_date(self):
        self.service.fail(
            "GET", "/lists", "429", retry_after="Fri, 01 May 2020 10:00:00 GMT"
        )
        self._patient().lists()
        self.assertIn(0, self.slept.pauses)

    def test_too_many_for_too_long(self):
        self.service.fail("GET", "/lists", "429", retry_after=600)
        with self.assertFails(RetryableError, "429.0") as caught:
            self._patient().lists()
        self.assertEqual(caught.exception.retry_after, 600)
        self.assertEqual(self.slept.pauses, [])
        self.assertEqual(len(self.service.requests), 1)

    def test_too_many_always(self):
        self.service.fail("GET", "/lists", "429", times=None)
        with patch.object(transport, "FIRST_PAUSE", 0.5):
            with self.assertFails(RetryableError, "429.0") as caught:
                self._patient().lists()
        self.assertIsNone(caught.exception.retry_after)
        self.assertLessEqual(self.slept.now, 20)
        self.assertTrue(4 <= len(self.service.requests) <= 7)

    def test_rate(self):
        asked = self._patient(rate=2.0)
        for _request in range(5):
            asked.check()
        self.assertEqual(self.slept.pauses, [0.5] * 4)
        self.slept.now += 60
        asked.check()
        asked.check()
        self.assertEqual(self.slept.pauses, [0.5] * 5)

    # === NO USABLE ANSWER === #

    def test_reading_is_tried_again(self):
        for fault in ("500", "502", "504", "503", "html", "empty", "reset",
                      "truncated", "408"):  # fmt: skip
            with self.subTest(fault):
                self.service.requests.clear()
                self.service.fail("GET", "/lists", fault)
                self.assertEqual(len(self.client.lists()), 1)
                self.assertEqual(len(self.service.requests), 2)

    def test_reading_fails(self):
        for fault, code, text in (
            ("500", "500.0", "As was asked for. (500.0)"),
            ("502", "502", "Bad Gateway (502)"),
            ("504", "504", "Bad Gateway (504)"),
            ("html", "200", "not answer with JSON"),
            ("empty", "200", "not answer with JSON"),
            ("truncated", "", "whole"),
            ("reset", "", "broke the connection off"),
        ):
            with self.subTest(fault):
                self.service.reset()
                self.service.fail("GET", "/lists", fault, times=None)
                with self.assertFails(RetryableError, code, text):
                    self.client.lists()
                self.assertGreater(len(self.service.requests), 2)

    def test_writing_is_not_sent_again(self):
        """Each may have been carried out."""
        for fault in ("500", "502", "504", "html", "empty", "reset", "truncated"):
            with self.subTest(fault):
                self.service.requests.clear()
                self.service.fail("POST", "import$", fault)
                with self.assertFails(AmbiguousError):
                    self._import()
                self.assertEqual(len(self.service.requests), 1)

    def test_accepted_and_no_answer(self):
        self.service.fail("POST", "import$", "accepted")
        with self.assertFails(AmbiguousError):
            self._import()
        (task,) = self.client.tasks()
        self.assertEqual((task.list_ref, task.is_done), (self.vip, False))

    def test_accepted_and_too_late(self):
        self.service.fail("POST", "import$", "slow", seconds=1)
        with self.assertFails(AmbiguousError, "", "in time"):
            self._import()
        # the service goes on with it, however busy its machine is
        for _wait in range(100):
            if tasks := self.client.tasks():
                break
            time.sleep(0.1)
        self.assertEqual(len(tasks), 1)

    def test_slow(self):
        self.service.fail("GET", "/lists", "slow")
        start = time.monotonic()
        with self.assertFails(RetryableError, "", "in time"):
            self.client.lists()
        self.assertLess(time.monotonic() - start, 2)

    def test_drip(self):
        """Each byte comes in time, and the answer never."""
        self.service.add_list("A" * 90)
        self.service.fail("GET", "/lists", "drip")
        start = time.monotonic()
        with self.assertFails(RetryableError, "", "whole, in time"):
            self.client.lists()
        self.assertLess(time.monotonic() - start, 3)

    def test_huge(self):
        self.service.fail("GET", "/lists", "500", times=None, detail="a" * 10_000)
        with patch.object(transport, "MOST_BYTES", 1000):
            with self.assertFails(RetryableError, "", "whole"):
                self.client.lists()
        with self.assertFails(RetryableError, "500.0") as caught:
            self.client.lists()
        self.assertLess(len(str(caught.exception)), 250)

    def test_nobody_there(self):
        """A request that reached nobody was not carried out."""
        asked = self._client(base_url="http://127.0.0.1:9")
        with self.assertFails(RetryableError, "", "cannot be reached"):
            self._import(asked)

    def test_what_it_cannot(self):
        for code in ("501.0", "409.0", "405.0", "400.77"):
            self.service.fail("POST", "import$", code)
            with self.assertFails(TerminalError, code):
                self._import()

    def test_every_error_is_one_of_ours(self):
        for kind in (AmbiguousError, AuthenticationError, NotFoundError, PersonError):
            self.assertTrue(issubclass(kind, DopplerError))
