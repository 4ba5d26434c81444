"""Sellers and heads at work, each a thread with a session of its own.

They do what people do: when an answer does not come, they wait a moment, look whether
it was done, and else do it again. A dialog that is still open is clicked again.
"""

import random
import threading
import time
import uuid
from contextlib import suppress

from client import ServerError, Session
from ledger import LOGGED_OUT, Entry, Lost, ask

PATIENCE = 90  # seconds after which somebody gives up
PAUSE = (0.5, 1.5)  # seconds between two things that somebody does
LEAD_SPEC = {
    "name": {},
    "stage_id": {"fields": {"display_name": {}}},
    "partner_id": {"fields": {"display_name": {}}},
    "expected_revenue": {},
    "next_step_date": {},
}


class Person(threading.Thread):
    """Somebody who works until ``stop`` is set."""

    def __init__(self, world, login):
        super().__init__(name=login, daemon=True)
        self.world, self.ledger, self.login = world, world.ledger, login
        self.random = random.Random(login)
        self.session = None
        self.is_there = threading.Event()

    def run(self):
        while self.session is None:
            with suppress(Lost):
                self._log_in()
        self.is_there.set()
        self.world.begin.wait()
        while not self.world.stop.is_set():
            try:
                self.random.choice(self.work)()
            except Lost:
                time.sleep(1)
            except ServerError:
                pass  # in the ledger, with its message
            time.sleep(self.random.uniform(*PAUSE))

    # --- requests ---

    def _log_in(self):
        session = Session(self.world.url, self.world.database, timeout=60)
        ask(self.ledger, session, "login", lambda: session.login(self.login))
        self.session = session

    def ask(self, kind, request):
        """Send a request with a session that is logged in."""
        if self.session is None:
            self._log_in()
        try:
            return ask(self.ledger, self.session, kind, lambda: request(self.session))
        except Lost as error:
            if str(error) == LOGGED_OUT:
                self.session = None  # a restart of PostgreSQL logs people out
            raise

    def call(self, kind, model, method, *args, **kwargs):
        return self.ask(
            kind, lambda session: session.call(model, method, *args, **kwargs)
        )

    def button(self, kind, model, method, ids):
        return self.ask(kind, lambda session: session.button(model, method, ids))

    def insist(self, entry, act, look):
        """Do something until it is done.

        :param act: does it; answers the id of what it made
        :param look: answers the id of what is there, or nothing, where an answer to
            ``act`` did not come
        """
        self.ledger.note(entry)
        until = time.monotonic() + PATIENCE
        known = None  # whether the last attempt is known not to have done it
        while time.monotonic() < until:
            try:
                if known is False:
                    time.sleep(1.5)
                    entry.record = look() or 0
                    if entry.record:
                        entry.state = "done"
                        return True
                entry.attempts += 1
                known = False
                entry.record = act() or 0
                entry.state = "done"
                return True
            except Lost:
                entry.lost += 1
                time.sleep(0.5)
            except ServerError:
                entry.state = "refused"
                return False
        return False

    def make(self, kind, model, vals, field, token):
        """Save a new record, as its form does."""

        def act():
            found = self.call(kind, model, "web_save", [], vals, specification={})
            return found[0]["id"]

        def look():
            domain = [(field, "=", token)]
            found = self.call("look", model, "web_search_read", domain, {}, limit=2)
            return found["records"] and found["records"][0]["id"]

        entry = Entry(kind, token)
        self.insist(entry, act, look)
        return entry.record


class Seller(Person):
    """Logs gestiones, makes opportunities and moves them on to their order."""

    def __init__(self, world, login):
        super().__init__(world, login)
        self.own = []  # opportunities that he made, with the stage they are in
        self.work = [
            *(self.log,) * 3,
            *(self.add, self.move, self.move, self.order),
            *(self.see,) * 8,
        ]

    def token(self, kind):
        return f"{kind} {self.login} {uuid.uuid4().hex}"

    def log(self):
        """The form is saved until it says that it was; a form that was saved already,
        though no answer came, is refused."""
        token = self.token("gestion")
        asked = {"external_ref": {}, "date": {}}
        form = self.call("dialog", "crm.gestion", "onchange", [], {}, [], asked)
        vals = {
            **form["value"],
            "contact_id": self.random.choice(self.world.contacts[self.login]),
            "activity_type_id": self.world.call_id,
            "result_id": self.world.result_id,
            "description": token,
        }

        def act():
            try:
                self.call(
                    "gestion", "crm.gestion", "web_save", [], vals, specification={}
                )
            except ServerError:
                if not entry.lost:
                    raise
                entry.detail["refused twice"] = True  # so the first had been done

        entry = Entry("gestion", token)
        self.insist(entry, act, lambda: None)

    def add(self):
        token = self.token("opportunity")
        vals = {
            "name": token,
            "type": "opportunity",
            "partner_id": self.random.choice(self.world.contacts[self.login]),
            "origination_id": self.world.origination_id,
            "date_deadline": "2030-01-01",
            "line_ids": [
                [0, 0, {"product_id": self.world.product_id, "quantity": 2}],
            ],
        }
        lead = self.make("opportunity", "crm.lead", vals, "name", token)
        if lead:
            self.own.append([lead, 0])

    def move(self):
        """Register an activity that moves an opportunity to the next stage. The dialog
        is made first and saved; its button is clicked until it answers."""
        there = [one for one in self.own if one[1] < len(self.world.stages) - 2]
        if not there:
            return self.add()
        one = self.random.choice(there)
        stage = self.world.stages[one[1] + 1]
        token = self.token("move")
        vals = {
            "lead_id": one[0],
            "stage_id": stage,
            "activity_type_id": self.world.call_id,
            "result_id": self.world.result_id,
            "description": token,
        }
        model = "crm.opportunity.register"
        dialog = self.call("dialog", model, "web_save", [], vals, specification={})

        def act():
            self.button("move", model, "action_register", [dialog[0]["id"]])

        entry = Entry("move", token, detail={"lead": one[0], "stage": stage})
        if self.insist(entry, act, lambda: None):
            one[1] += 1

    def order(self):
        """Generate and confirm the order; the dialog is clicked until it answers."""
        there = [one for one in self.own if one[1] == len(self.world.stages) - 2]
        if not there:
            return self.move()
        one = there[0]
        model = "crm.opportunity.order"
        vals = {"lead_id": one[0], "source": "lines", "confirm": True}
        dialog = self.call("dialog", model, "web_save", [], vals, specification={})

        def act():
            self.button("order", model, "action_generate", [dialog[0]["id"]])

        entry = Entry("order", self.token("order"), detail={"lead": one[0]})
        if self.insist(entry, act, lambda: None):
            one[1] += 1
        return None

    def see(self):
        self.random.choice(
            [self.see_pipeline, self.see_list, self.see_day, self.see_dashboard]
        )()

    def see_list(self):
        domain = [("type", "=", "opportunity")]
        self.call("list", "crm.lead", "web_search_read", domain, LEAD_SPEC, limit=80)

    def see_pipeline(self):
        self.call(
            *("kanban", "crm.lead", "web_read_group"),
            *([("type", "=", "opportunity")], ["stage_id"], ["expected_revenue:sum"]),
            auto_unfold=True,
            unfold_read_specification=LEAD_SPEC,
            unfold_read_default_limit=40,
        )

    def see_day(self):
        spec = {"display_name": {}, "organization_id": {"fields": {"display_name": {}}}}
        self.call("day", "crm.day", "web_search_read", [], spec, limit=80)

    def see_dashboard(self):
        self.call("dashboard", "crm.dashboard.seller", "get_data", {})


class Manager(Person):
    """A director who reads."""

    def __init__(self, world, login):
        super().__init__(world, login)
        self.work = [self.see_dashboard, self.see_report, self.see_gestiones]

    def see_dashboard(self):
        self.call("dashboard", "crm.dashboard.director", "get_data", {})

    def see_report(self):
        self.call(
            *("report", "crm.opportunity.report", "formatted_read_group"),
            *([], ["user_id"], ["__count"]),
        )

    def see_gestiones(self):
        spec = {"display_name": {}, "date": {}, "description": {}}
        self.call("list", "crm.gestion", "web_search_read", [], spec, limit=80)


class Head(Person):
    """Hands portfolios over, to and fro between pairs of sellers."""

    def __init__(self, world, login):
        super().__init__(world, login)
        self.pairs = [list(pair) for pair in world.pairs]
        self.work = [self.hand_over]

    def hand_over(self):
        pair = self.random.choice(self.pairs)
        leaver, successor = pair
        token = f"handover {uuid.uuid4().hex}"
        vals = {"user_id": leaver, "successor_id": successor, "reason": token}
        model = "crm.handover"
        handover = self.make("draft", model, vals, "reason", token)
        if not handover:
            return

        def start():
            self.button("preview", model, "action_preview", [handover])
            self.button("handover", model, "action_start", [handover])

        def look():
            found = self.call("look", model, "web_read", [handover], {"state": {}})
            return found[0]["state"] in ("running", "done") and handover

        entry = Entry("handover", token, detail={"pair": [leaver, successor]})
        if self.insist(entry, start, look):
            entry.record = handover
            self.wait(handover)
            pair.reverse()

    def wait(self, handover):
        """A large portfolio moves in the background."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                found = self.call(
                    "look", "crm.handover", "web_read", [handover], {"state": {}}
                )
            except Lost:
                found = [{"state": ""}]
            if found[0]["state"] == "done":
                return
            time.sleep(1)
