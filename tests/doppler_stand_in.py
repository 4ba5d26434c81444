"""A server that answers as Doppler's REST API does: for tests, and for people who want
to see the whole cycle without an account (``dev/doppler``).

Plain Python, no Odoo. Its state is plain too, to be prepared and looked at:

``lists``        ref -> dict name, status, created, members (addresses, in order)
``subscribers``  address -> dict status, values, kind, reason, date
``campaigns``    ref -> dict name, subject, status, date, deliveries
``tasks``        ref -> dict list, people, polls, counts, faults, done
``fields``       list of dict, as the service tells them
``requests``     list of method, path with query, body (None where there was none)

What people are imported is there when their task is over, which takes ``polls``
questions. ``overlaps`` counts the imports that came while another one was under way in
the same list. `StandIn.fail` makes the next request of some kind go wrong.
"""

import html
import json
import re
import socket
import struct
import threading
from contextlib import suppress
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

ACCOUNT = "marketing@tienda.example"
KEY = "22495B80AC2F4A5C8D3E6F7081921902"
OTHER_ACCOUNT = "somebody@else.example"
OTHER_KEY = "0000000000000000000000000000AAAA"

# Mailboxes of nobody in particular, which the service does not take.
ROLES = {"abuse", "admin", "billing", "compliance", "noc", "postmaster", "root"} | {
    "security", "soporte", "spam", "support", "sysadmin", "tech", "webmaster", "www"
}  # fmt: skip
EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\".]+(\.[^@\s,;<>\".]+)+")
# Type of unsubscription -> how a task counts who is imported all the same.
COUNTERS = {
    "hardBounce": "hardBounceds",
    "softBounce": "softBounceds",
    "neverOpen": "neverOpenBounceds",
    "internalPolicies": "usersInBlackList",
}

FIELDS = [
    {"name": name, "type": kind, "predefined": predefined, "readonly": readonly,
     "private": not predefined, "sample": ""}
    for name, kind, predefined, readonly in (
        ("FIRSTNAME", "string", True, False),
        ("LASTNAME", "string", True, False),
        ("EMAIL", "email", True, True),
        ("BIRTHDAY", "date", True, False),
        ("GENDER", "gender", True, False),
        ("COUNTRY", "country", True, False),
        ("CONSENT", "consent", True, False),
        ("Empresa", "string", False, False),
        ("Ciudad", "string", False, False),
        ("Telefono", "phone", False, False),
        ("Cliente", "boolean", False, False),
        ("Puntos", "number", False, False),
    )
]  # fmt: skip


class Answer(Exception):
    """Ends the handling of a request with this answer."""

    def __init__(self, status, body, headers=()):
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = dict(headers)


def problem(code, title, detail="", **more):
    """:raise Answer: always; an error as the service writes it"""
    status, number = (int(part) for part in code.split("."))
    slug = re.sub(r"\W+", "-", title.lower()).strip("-")
    body = {
        "title": title,
        "status": status,
        "errorCode": number,
        "detail": detail,
        "type": f"/docs/errors/{code}-{slug}",
        "_links": [],
        **more,
    }
    raise Answer(status, body, {"WWW-Authenticate": "Bearer"} if status == 401 else ())


def invalid(key, detail):
    problem("400.1", "Validation error", "see `errors`",
            errors=[{"key": key, "detail": detail}])  # fmt: skip


def is_value(kind, value):
    """Whether the service understands a text as a value of a type of field."""
    if not isinstance(value, str) or len(value) > 400:
        return False
    if kind == "date":
        try:
            date.fromisoformat(value)
        except ValueError:
            return False
        return True
    pattern = {
        "boolean": "true|false",
        "number": r"-?\d+(\.\d+)?",
        "gender": "[MF]",
        "country": "[A-Z]{2}",
        "consent": "true|false|none",
        "permission": "true|false|none",
        "email": EMAIL.pattern,
    }.get(kind, r"(?s).*")
    return bool(re.fullmatch(pattern, value))


def lowered(data):
    """The names of properties do not depend on their case."""
    if isinstance(data, dict):
        return {key.lower(): lowered(value) for key, value in data.items()}
    if isinstance(data, list):
        return [lowered(item) for item in data]
    return data


class StandIn:
    """
    ::

        service = StandIn().start()
        vip = service.add_list("VIP", "ana@ex.example")
        service.fail("GET", "/lists", "429", retry_after=7)
        …
        service.stop()
    """

    def __init__(self, port=0):
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.stand_in = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.stopped = threading.Event()
        self.lock = threading.RLock()
        self.reset()

    def start(self):
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        ).start()
        return self

    def stop(self):
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def reset(self):
        """As it was made, with nothing in it."""
        with self.lock:
            self.account, self.key = ACCOUNT, KEY
            self.keys = {ACCOUNT: KEY, OTHER_ACCOUNT: OTHER_KEY}
            self.lists, self.subscribers = {}, {}
            self.campaigns, self.tasks = {}, {}
            self.fields = [dict(field) for field in FIELDS]
            self.requests, self.faults = [], []
            self.polls, self.overlaps, self.max_lists = 2, 0, 200
            self.numbers = {"list": 76, "campaign": 899, "import": 500, "new": 0}

    # === TO PREPARE AND LOOK AT === #

    def next(self, kind):
        self.numbers[kind] += 1
        return self.numbers[kind]

    def add_list(self, name, *emails, ref=None, status="ready"):
        """:return: ref, a text"""
        with self.lock:
            ref = str(ref or self.next("list"))
            self.lists[ref] = {
                "name": name,
                "status": status,
                "created": datetime.now(UTC),
                "members": {},
            }
            for email in emails:
                self.add_subscriber(email, ref)
            return ref

    def add_subscriber(self, email, *refs, values=None, **state):
        """
        :param state: status, kind (type of unsubscription), reason, date
        """
        with self.lock:
            email = email.lower()
            person = self.subscribers.setdefault(
                email,
                {"status": "active", "values": {}, "kind": None, "reason": None,
                 "date": None},
            )  # fmt: skip
            person["values"].update(values or {})
            person.update(state)
            for ref in refs:
                self.lists[ref]["members"][email] = True
            return person

    def opt_out(self, email, kind="manual", when=None, reason=None):
        """Somebody unsubscribes, or is by the service; he leaves the lists."""
        with self.lock:
            for known in self.lists.values():
                known["members"].pop(email.lower(), None)
            return self.add_subscriber(
                email,
                status="unsubscribed",
                kind=kind,
                reason=reason,
                date=when or datetime.now(UTC),
            )

    def add_campaign(self, name, status="shipped", when=None, deliveries=None, **more):
        """
        :param deliveries: address -> tuple of status and clicks
        :return: ref, a text
        """
        with self.lock:
            ref = str(self.next("campaign"))
            self.campaigns[ref] = {
                "name": name,
                "subject": more.pop("subject", name),
                "status": status,
                "date": when,
                "deliveries": {
                    email.lower(): value for email, value in (deliveries or {}).items()
                },
                "results": more,  # as the service calls them, instead of the counted
            }
            return ref

    def members(self, ref):
        """:return: addresses of a list, sorted"""
        return sorted(self.lists[ref]["members"])

    def asked(self, method, path=""):
        """:return: list of the requests whose path has this pattern"""
        return [
            request
            for request in self.requests
            if request[0] == method and re.search(path, request[1])
        ]

    def fail(self, method, path, fault, times=1, **options):
        """The next requests with this method whose path, with its query, has this
        pattern go wrong.

        - ``"429"``, ``"500"``, ``"502"``, ``"504"``, ``"404.1"``, ``"400.9"`` and so
          on: an answer with this code, ``retry_after=`` and ``detail=``
        - ``"html"``, ``"empty"``: success with such a body
        - ``"truncated"``, ``"reset"``: the answer or the connection breaks off
        - ``"slow"``: nothing comes for ``seconds=``; ``"drip"``: a byte now and then
        - ``"accepted"``: it is carried out, and the connection breaks off
        - ``"stuck"``: it is carried out, and the task that it starts never ends
        - ``"insert"``: after this page of members somebody joins the list, first
        - ``"redirect"``: to ``location=``

        :param times: how many requests, None for all to come
        """
        with self.lock:
            self.faults.append([method, re.compile(path), fault, times, options])

    def take_fault(self, method, path):
        """:return: tuple fault, options of the fault that this request meets"""
        with self.lock:
            for fault in self.faults:
                if method == fault[0] and fault[1].search(path):
                    if fault[3] is not None:
                        fault[3] -= 1
                        if not fault[3]:
                            self.faults.remove(fault)
                    return fault[2], fault[4]
        return None, {}

    # === WHAT IT ANSWERS === #

    def answer(self, method, url, headers, body, fault=None):
        """
        :raise Answer: always
        """
        parts = urlsplit(url)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        found = re.match(r"/accounts/([^/]+)(/.*)?$", parts.path)
        if not found:
            problem("404.0", "Not found", "There is nothing at this address.")
        self._authenticate(unquote(found[1]), headers, query)
        for verb, pattern, handler in ROUTES:
            match = re.fullmatch(pattern, found[2] or "")
            if match and verb == method:
                with self.lock:
                    handler(
                        self,
                        *(unquote(part) for part in match.groups()),
                        query=query,
                        body=lowered(body),
                        fault=fault,
                    )
        problem("404.0", "Not found", "There is nothing at this address.")

    def _authenticate(self, account, headers, query):
        words = (headers.get("Authorization") or "").split(None, 1)
        key = words[1] if len(words) == 2 else ""
        key = key or query.get("access_token") or query.get("api_key")
        if not key:
            problem("401.0", "Authentication required", "No authentication.")
        owner = next((who for who, known in self.keys.items() if known == key), None)
        if not owner:
            problem("401.1", "Invalid token", f"The token {key} is not valid.")
        if owner != account:
            problem("403.1", "Wrong account", f"The token is not of {account}.")

    def _list(self, ref):
        if ref not in self.lists:
            self._missing(f"/lists/{ref}")
        return self.lists[ref]

    def _missing(self, path):
        problem("404.1", "Entity not found", "It does not exist.",
                resourceNotFoundPath=path)  # fmt: skip

    def page(self, items, query, tell):
        sizes = {}
        for key, default, least, most in (
            ("page", 1, 1, 10**9), ("per_page", 20, 5, 200)
        ):  # fmt: skip
            value = query.get(key, str(default))
            if not value.isdigit() or not least <= int(value) <= most:
                invalid(key, f"It must be between {least} and {most}.")
            sizes[key] = int(value)
        page, size = sizes["page"], sizes["per_page"]
        pages = -(-len(items) // size)
        links = [{"href": f"?page={page + 1}", "rel": "next"}] if page < pages else []
        links.append({"href": f"{self.url}/accounts", "rel": "parent"})
        raise Answer(
            200,
            {
                "items": [
                    tell(item) for item in items[(page - 1) * size : page * size]
                ],
                "pageSize": size,
                "itemsCount": len(items),
                "currentPage": page,
                "pagesCount": pages,
                "_links": links,
            },
        )

    # --- the account

    def home(self, query, body, fault):
        raise Answer(200, {"message": "Welcome", "_links": []})

    def get_fields(self, query, body, fault):
        raise Answer(200, {"items": self.fields, "_links": []})

    # --- lists

    def tell_list(self, ref):
        known = self.lists[ref]
        return {
            "listId": int(ref),
            "name": known["name"],
            "currentStatus": self._status(ref),
            "subscribersCount": len(known["members"]),
            "creationDate": stamp(known["created"], "+00:00"),
            "_links": [],
        }

    def _status(self, ref):
        return "importingSubscribers" if self._open(ref) else self.lists[ref]["status"]

    def _open(self, ref):
        return [
            task
            for task in self.tasks.values()
            if task["list"] == ref and not task["done"]
        ]

    def get_lists(self, query, body, fault):
        self.page(list(self.lists), query, self.tell_list)

    def post_list(self, query, body, fault):
        name = (body or {}).get("name")
        if not name or not isinstance(name, str) or len(name) > 100:
            invalid("name", "Give a name of up to 100 characters.")
        if any(known["name"].lower() == name.lower() for known in self.lists.values()):
            problem("400.2", "Duplicated list name", f"There is a list {name}.")
        if len(self.lists) >= self.max_lists:
            problem("400.3", "Maximum number of lists reached", "No more lists.")
        created(201, self.add_list(name), "lists", "List successfully created")

    def get_list(self, ref, query, body, fault):
        self._list(ref)
        raise Answer(200, self.tell_list(ref))

    def get_members(self, ref, query, body, fault):
        members = self._list(ref)["members"]
        try:
            self.page(list(members), query, self.tell_subscriber)
        finally:
            if fault == "insert":
                email = f"new{self.next('new')}@inserted.example"
                self.add_subscriber(email)
                self._list(ref)["members"] = {email: True, **members}

    # --- people

    def tell_subscriber(self, email):
        person = self.subscribers[email]
        when = "unsubscribedDate" if len(email) % 2 else "unsubscriptionDate"
        types = {field["name"]: field for field in self.fields}
        return {
            "email": email,
            "fields": [
                {**types[name], "value": value}
                for name, value in person["values"].items()
                if name in types
            ],
            "belongsToLists": [
                ref for ref, known in self.lists.items() if email in known["members"]
            ],
            "status": person["status"],
            "score": 0,
            when: person["date"] and stamp(person["date"]),
            "unsubscriptionType": person["kind"],
            "manualUnsubscriptionReason": person["reason"],
            "unsubscriptionComment": None,
            "canBeReactivated": False,
            "isBeingReactivated": False,
            "_links": [],
        }

    def _person(self, email):
        if email.lower() not in self.subscribers:
            self._missing(f"/subscribers/{email}")
        return email.lower()

    def get_subscriber(self, email, query, body, fault):
        raise Answer(200, self.tell_subscriber(self._person(email)))

    def delete_member(self, ref, email, query, body, fault):
        if not self._list(ref)["members"].pop(email.lower(), None):
            self._missing(f"/lists/{ref}/subscribers/{email}")
        raise Answer(200, {"message": "Subscriber successfully removed", "_links": []})

    def get_member(self, ref, email, query, body, fault):
        if email.lower() not in self._list(ref)["members"]:
            self._missing(f"/lists/{ref}/subscribers/{email}")
        raise Answer(200, self.tell_subscriber(email.lower()))

    def post_member(self, ref, query, body, fault):
        self._list(ref)
        email = str((body or {}).get("email") or "")
        values = self._values((body or {}).get("fields") or [])
        refusal = self._refusal(email)
        if refusal == "invalid":
            invalid("email", f"{email} is not an address.")
        if refusal:
            reason = {
                "role": "Internal Policies",
                "unsubscribed": "Unsubscribed by the subscriber",
            }[refusal]
            problem("400.9", "Cannot subscribe to List",
                    f"Cannot subscribe {email} to List Id : {ref}. Reason: {reason}",
                    )  # fmt: skip
        self.add_subscriber(email, ref, values=values)
        raise Answer(
            200, {"message": "Subscriber successfully added to List", "_links": []}
        )

    def _refusal(self, email):
        if not EMAIL.fullmatch(email) or len(email) > 100:
            return "invalid"
        person = self.subscribers.get(email.lower())
        if person and person["status"] == "unsubscribed":
            return "unsubscribed"
        return "role" if email.lower().split("@")[0] in ROLES else None

    def _values(self, fields):
        """:return: dict of what is understood of the values; the rest is lost"""
        types = {field["name"].lower(): field for field in self.fields}
        values = {}
        for given in fields:
            name = str(given.get("name"))
            if name.lower() not in types:
                invalid("fields", f"There is no field {name}.")
            field = types[name.lower()]
            if is_value(field["type"], given.get("value")) and not field["readonly"]:
                values[field["name"]] = given["value"]
        return values

    def get_unsubscribed(self, query, body, fault):
        try:
            start, end = (
                datetime.fromisoformat(query[key]).astimezone(UTC)
                for key in ("from", "to")
            )
        except (KeyError, ValueError):
            raise Answer(504, "<html><body>Gateway Timeout</body></html>") from None
        gone = [
            email
            for email, person in self.subscribers.items()
            if person["date"] and start <= person["date"] < end
        ]
        self.page(gone, query, self.tell_subscriber)

    def get_deliveries(self, email, query, body, fault):
        email = self._person(email)
        found = [
            ref for ref, known in self.campaigns.items() if email in known["deliveries"]
        ]

        def tell(ref):
            known = self.campaigns[ref]
            status, clicks = known["deliveries"][email]
            return {
                "campaignId": int(ref),
                "campaignName": known["name"],
                "campaignType": "Manual",
                "campaignSubject": known["subject"],
                "deliveryStatus": status,
                "clicksCount": clicks,
                "isSendingNow": known["status"] == "shipping",
                "_links": [],
            }

        self.page(found, query, tell)

    # --- imports

    def post_import(self, ref, query, body, fault):
        self._list(ref)
        body = body or {}
        for key in ("fields", "items"):
            if not isinstance(body.get(key), list):
                invalid(key, "Value is required.")
        known = {field["name"].lower() for field in self.fields}
        for name in body["fields"]:
            if str(name).lower() not in known:
                invalid("fields", f"There is no field {name}.")
        self.overlaps += bool(self._open(ref))
        number = self.next("import")
        task = f"import-{number}"
        self.tasks[task] = {
            "list": ref,
            "items": body["items"],
            "people": len(body["items"]),
            "callback": body.get("callback"),
            "polls": None if fault == "stuck" else self.polls,
            "odd": number % 2,
            "started": datetime.now(UTC),
            "counts": {},
            "faults": [],
            "done": None,
        }
        created(202, task, "tasks", "Import task successfully created")

    def carry_out(self, task):
        counts = dict.fromkeys(
            ("newSubscribers", "updated", "duplicated", "invalidEmails",
             "unsubscribedByUser", *COUNTERS.values()),
            0,
        )  # fmt: skip
        seen = set()
        for line, item in enumerate(task["items"], 1):
            email = str(item.get("email") or "").strip().lower()
            if email in seen:
                counts["duplicated"] += 1
                continue
            seen.add(email)
            refusal = self._refusal(email)
            if refusal:
                counter, code = self._counted(email, refusal)
                counts[counter] += 1
                task["faults"].append(
                    {"email": email, "errorCode": code, "lineNumber": line}
                )
                continue
            # the list may be deleted meanwhile
            refs = [ref for ref in [task["list"]] if ref in self.lists]
            members = self.lists[refs[0]]["members"] if refs else ()
            counts["updated" if email in members else "newSubscribers"] += 1
            values = self._values(item.get("fields") or [])
            self.add_subscriber(email, *refs, values=values)
        task["counts"] = counts
        task["done"] = datetime.now(UTC)
        del task["items"]

    def _counted(self, email, refusal):
        """:return: tuple counter of the task, code of the row"""
        if refusal == "invalid":
            return "invalidEmails", "InvalidEmail"
        if refusal == "role":
            return "usersInBlackList", "BlackListed"
        kind = self.subscribers[email]["kind"]
        return COUNTERS.get(kind, "unsubscribedByUser"), "UnsubscribedByUser"

    def tell_task(self, ref):
        task = self.tasks[ref]
        done, counts = task["done"], task["counts"]
        status = "completed" if done else "processing"
        imported = counts.get("newSubscribers", 0) + counts.get("updated", 0)
        return {
            "taskId": ref,
            "taskType": "import",
            "status": status,
            "itemsProcessed": task["people"] if done else 0,
            "startDate": stamp(task["started"]),
            "finishDate": done and stamp(done),
            "importDetails": {
                "listId": int(task["list"]),
                "contentType": "application/json",
                "status": status,
                "amountImported": imported,
                "dateLastImported": done and stamp(done, ""),
                "proccesed" if task["odd"] else "processed": (
                    str(task["people"]) if done else 0
                ),
                **counts,
            },
            "_links": [],
        }

    def get_task(self, ref, query, body, fault):
        if ref not in self.tasks:
            self._missing(f"/tasks/{ref}")
        self._poll(self.tasks[ref])
        raise Answer(200, self.tell_task(ref))

    def _poll(self, task):
        if task["done"] or task["polls"] is None:
            return
        if task["polls"] > 0:
            task["polls"] -= 1
        else:
            self.carry_out(task)

    def get_tasks(self, query, body, fault):
        self.page(list(reversed(self.tasks)), query, self.tell_task)

    def get_faults(self, ref, query, body, fault):
        if ref not in self.tasks:
            self._missing(f"/tasks/{ref}")
        self.page(self.tasks[ref]["faults"], query, dict)

    # --- campaigns

    def tell_campaign(self, ref):
        known = self.campaigns[ref]
        answer = {
            "campaignId": int(ref),
            "name": known["name"],
            "fromName": "Tienda",
            "fromEmail": "hola@tienda.example",
            "subject": known["subject"],
            "status": known["status"],
            "textCampaign": False,
            "_links": [],
        }
        if known["date"]:
            answer["scheduledDate"] = stamp(known["date"])
        return answer

    def get_campaigns(self, query, body, fault):
        state = query.get("state")
        found = [
            ref
            for ref, known in self.campaigns.items()
            if state in (None, known["status"])
        ]
        self.page(found, query, self.tell_campaign)

    def get_results(self, ref, query, body, fault):
        if ref not in self.campaigns:
            self._missing(f"/campaigns/{ref}")
        known = self.campaigns[ref]
        raise Answer(200, {**count_results(known), **known["results"]})


def count_results(campaign):
    statuses = [status for status, _clicks in campaign["deliveries"].values()]
    clicks = [clicks for _status, clicks in campaign["deliveries"].values()]
    opened = statuses.count("opened")
    hard, soft = statuses.count("hardBounced"), statuses.count("softBounced")
    return {
        "totalRecipients": len(statuses),
        "totalShipped": len(statuses),
        "successFullDeliveries": len(statuses) - hard - soft,
        "timesForwarded": 0,
        "totalTimesOpened": opened + sum(count > 1 for count in clicks),
        "uniqueOpens": opened,
        "totalUnopened": statuses.count("notOpened"),
        "lastOpenDate": None,
        "totalClicks": str(sum(clicks)),
        "uniqueClicks": sum(count > 0 for count in clicks),
        "lastClickDate": None,
        "totalHardBounces": hard,
        "totalSoftBounces": soft,
        "totalUnsubscribers": 0,
        "campaignStatus": campaign["status"],
    }


def stamp(when, zone="Z"):
    """Up to seven digits of a second, as .NET writes them."""
    when = when.astimezone(UTC).replace(tzinfo=None)
    digits = f"{when.microsecond:06}1".rstrip("0") if when.microsecond else ""
    return when.strftime("%Y-%m-%dT%H:%M:%S") + (f".{digits}" if digits else "") + zone


def created(status, ref, kind, message):
    """:raise Answer: always"""
    raise Answer(
        status,
        {"createdResourceId": str(ref), "message": message, "_links": []},
        {"Location": f"/{kind}/{ref}"},
    )


ROUTES = [
    ("GET", r"/?", StandIn.home),
    ("GET", r"/fields", StandIn.get_fields),
    ("GET", r"/lists", StandIn.get_lists),
    ("POST", r"/lists", StandIn.post_list),
    ("GET", r"/lists/([^/]+)", StandIn.get_list),
    ("GET", r"/lists/([^/]+)/subscribers", StandIn.get_members),
    ("POST", r"/lists/([^/]+)/subscribers", StandIn.post_member),
    ("POST", r"/lists/([^/]+)/subscribers/import", StandIn.post_import),
    ("GET", r"/lists/([^/]+)/subscribers/([^/]+)", StandIn.get_member),
    ("DELETE", r"/lists/([^/]+)/subscribers/([^/]+)", StandIn.delete_member),
    ("GET", r"/subscribers/([^/]+)", StandIn.get_subscriber),
    ("GET", r"/subscribers/([^/]+)/deliveries", StandIn.get_deliveries),
    ("GET", r"/unsubscribed", StandIn.get_unsubscribed),
    ("GET", r"/tasks", StandIn.get_tasks),
    ("GET", r"/tasks/([^/]+)", StandIn.get_task),
    ("GET", r"/tasks/([^/]+)/import-errors", StandIn.get_faults),
    ("GET", r"/campaigns", StandIn.get_campaigns),
    ("GET", r"/campaigns/([^/]+)/results-summary", StandIn.get_results),
]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def shutdown_request(self, request):
        # without a farewell, which would hide that a connection was reset
        self.close_request(request)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "StandIn"
    disable_nagle_algorithm = True
    wbufsize = 65536

    def _handle(self):
        service = self.server.stand_in
        size = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(size) if size else b""
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = None
        if self.path == "/" or self.path.startswith("/-/"):
            self._admin(service, body)
            return
        service.requests.append((self.command, self.path, body))
        fault, options = service.take_fault(self.command, self.path)
        try:
            self._fault_before(service, fault, options)
            service.answer(self.command, self.path, self.headers, body, fault)
        except Answer as answer:
            self._send(service, answer, fault)

    do_GET = do_POST = do_DELETE = do_PUT = _handle

    def _fault_before(self, service, fault, options):
        """:raise Answer: where the request is not carried out"""
        seconds = options.get("seconds", 3)
        headers = {}
        if "retry_after" in options:
            headers["Retry-After"] = str(options["retry_after"])
        if fault == "slow":
            service.stopped.wait(seconds)
        elif fault == "html":
            raise Answer(200, "<html><h1>Back soon</h1></html>")
        elif fault == "empty":
            raise Answer(200, None)
        elif fault == "redirect":
            raise Answer(302, None, {"Location": options["location"]})
        elif fault == "reset":
            raise Answer(0, None)
        elif fault and re.fullmatch(r"50[234]", fault):
            raise Answer(
                int(fault),
                "<html><head><title>x</title></head><h1>Bad Gateway</h1></html>",
                headers,
            )
        elif fault and re.fullmatch(r"\d{3}(\.\d+)?", fault):
            code = fault if "." in fault else f"{fault}.0"
            try:
                problem(
                    code, "Unexpected error", options.get("detail", "As was asked for.")
                )
            except Answer as answer:
                answer.headers.update(headers)
                raise

    def _send(self, service, answer, fault):
        if not answer.status or fault == "accepted":
            self._break_off()
            return
        if isinstance(answer.body, str):
            content, kind = answer.body.encode(), "text/html"
        elif answer.body is None:
            content, kind = b"", "application/json"
        else:
            content = json.dumps(answer.body).encode()
            kind = "application/json; charset=utf-8; profile=/schemas/x.json"
        self.send_response(answer.status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if fault == "truncated":
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
        elif fault == "drip":
            for position in range(len(content)):
                self.wfile.write(content[position : position + 1])
                self.wfile.flush()
                if service.stopped.wait(0.05):
                    break
        else:
            self.wfile.write(content)

    def _break_off(self):
        self.connection.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        self.close_connection = True

    # === FOR PEOPLE AND OTHER PROGRAMS === #

    def _admin(self, service, body):
        if self.path == "/-/faults" and self.command == "POST":
            options = dict(body or {})
            service.fail(
                options.pop("method", "GET"),
                options.pop("path", ""),
                options.pop("fault", "500"),
                options.pop("times", 1),
                **options,
            )
            answer = Answer(200, {"faults": len(service.faults)})
        elif self.path == "/-/requests":
            answer = Answer(200, {"requests": len(service.requests)})
        elif self.path == "/":
            with service.lock:
                answer = Answer(200, page_for_people(service))
        else:
            answer = Answer(404, {"title": "Not found"})
        self._send(service, answer, None)

    def handle(self):
        with suppress(ConnectionError, TimeoutError):  # the client did not wait
            return super().handle()

    def log_message(self, *args):
        pass


def page_for_people(service):
    """What has arrived, as a page that renews itself."""

    def table(title, head, rows):
        cells = "".join(
            "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row)
            for row in rows
        )
        head = "".join(f"<th>{cell}" for cell in head)
        return f"<h2>{title}</h2><table><tr>{head}</tr>{cells}</table>"

    parts = []
    for ref, known in service.lists.items():
        rows = [
            (email, ", ".join(service.subscribers[email]["values"].values()))
            for email in list(known["members"])[:100]
        ]
        title = f"{html.escape(known['name'])} ({len(known['members'])})"
        parts.append(table(f"Lista {ref}: {title}", ("Dirección", "Datos"), rows))
    rows = [
        (known["name"], known["status"], *(count_results(known)[key] for key in (
            "totalShipped", "uniqueOpens", "uniqueClicks", "totalHardBounces")))
        for known in service.campaigns.values()
    ]  # fmt: skip
    head = ("Campaña", "Estado", "Enviados", "Abrieron", "Hicieron clic", "Rebotes")
    parts.append(table("Campañas", head, rows))
    rows = [
        (email, person["kind"], f"{person['date']:%d/%m/%Y %H:%M}")
        for email, person in service.subscribers.items()
        if person["status"] == "unsubscribed"
    ]
    parts.append(table("Bajas", ("Dirección", "Motivo", "Fecha"), rows[:100]))
    rows = [(method, path) for method, path, _body in service.requests[-15:]]
    parts.append(table("Últimos pedidos", ("", ""), reversed(rows)))
    return (
        "<!doctype html><meta charset=utf-8><meta http-equiv=refresh content=5>"
        "<meta name=viewport content='width=device-width'>"
        "<title>Doppler de prueba</title><style>body{font:15px sans-serif;margin:2em}"
        "td,th{text-align:left;padding:.2em 1em .2em 0;border-bottom:1px solid #ddd}"
        "table{display:block;overflow-x:auto;border-collapse:collapse}"
        "</style><h1>Doppler de prueba</h1>" + "".join(parts)
    )
