"""A client of Odoo over HTTP that sends what the web client sends.

It needs nothing but Python, and little of that, for it shares the machine with the
servers that it measures.
"""

import http.client
import itertools
import json
import time
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

PASSWORD = "bench"
NUMBER = "bench"  # parameter by which a request is found in the server's log


class ServerError(Exception):
    """The error of Odoo: ``name`` is its class in the server, such as
    ``odoo.exceptions.AccessError``."""

    def __init__(self, error):
        data = error.get("data") or {}
        self.name = data.get("name", "")
        self.debug = data.get("debug", "")
        super().__init__(f"{self.name}: {data.get('message') or error.get('message')}")


class HTTPError(Exception):
    """An answer that is none of Odoo's, such as a proxy's that reaches no server."""

    def __init__(self, status, body):
        self.status = status
        super().__init__(f"HTTP status {status}: {body[:200]!r}")


class Session:
    """One user's session.

    ``ms`` is how long the last request took, until its answer was read; ``taken`` has
    each request as a pair (number, ms) until somebody clears it. Not for several
    threads at once.
    """

    numbers = itertools.count(1)

    def __init__(self, url, database, timeout=1800):
        self.url, self.database = url, database
        parts = urlsplit(url)
        self.connection = http.client.HTTPConnection(
            parts.hostname, parts.port, timeout=timeout
        )
        self.cookies = {}
        self.context = {}
        self.uid = self.user = None
        self.ms = 0.0
        self.taken = []

    def login(self, user, password=PASSWORD):
        """
        :return: what the web client is told about the session
        """
        info = self.post(
            "/web/session/authenticate",
            {"db": self.database, "login": user, "password": password},
        )
        self.uid, self.user = info["uid"], user
        if not self.uid:
            raise ServerError({"message": f"{user} cannot log in"})
        companies = (info.get("user_companies") or {}).get("current_company")
        self.context = {
            **info["user_context"],
            "allowed_company_ids": [companies] if companies else [],
        }
        return info

    def call(self, model, method, *args, **kwargs):
        """Call a method as the web client's ORM service does.

        :param dict kwargs: the keyword arguments; a ``context`` is added to the user's
        """
        kwargs["context"] = {**self.context, **kwargs.get("context", {})}
        return self.post(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": list(args), "kwargs": kwargs},
        )

    def button(self, model, method, ids, **context):
        """Press a button of type object: its action, or False."""
        return self.post(
            f"/web/dataset/call_button/{model}/{method}",
            {
                "model": model,
                "method": method,
                "args": [ids],
                "kwargs": {"context": {**self.context, **context}},
            },
        )

    def action(self, action, **context):
        """Load an action by its id or its XML id."""
        context = {**self.context, **context}
        return self.post("/web/action/load", {"action_id": action, "context": context})

    def post(self, path, params):
        """
        :return: the result of a JSON-RPC request
        :raise ServerError: what the method raised in the server
        :raise HTTPError: a status other than 200
        """
        number = next(self.numbers)
        body = json.dumps(
            {"jsonrpc": "2.0", "method": "call", "params": params, "id": number}
        )
        start = time.perf_counter()
        status, text = self._send(f"{path}?{NUMBER}={number}", body)
        self.ms = (time.perf_counter() - start) * 1000
        self.taken.append((number, self.ms))
        if status != 200:
            raise HTTPError(status, text)
        answer = json.loads(text)
        if "error" in answer:
            raise ServerError(answer["error"])
        return answer.get("result")

    def _send(self, path, body):
        headers = {"Content-Type": "application/json"}
        if self.cookies:
            pairs = (f"{name}={value}" for name, value in self.cookies.items())
            headers["Cookie"] = "; ".join(pairs)
        try:
            self.connection.request("POST", path, body, headers)
            response = self.connection.getresponse()
            text = response.read()
        except Exception:
            self.connection.close()  # the next request opens another
            raise
        for line in response.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        return response.status, text

    def close(self):
        self.connection.close()
