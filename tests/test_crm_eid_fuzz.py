from odoo.tests import HOST, tagged
from odoo.tools import mute_logger

from . import fuzz
from .eid_common import ROUTE, EidCommon

# What a server logs of requests that it refuses, as it should.
NOISE = ("odoo.http", "werkzeug", "odoo.addons.base.models.ir_http")


@tagged("post_install", "-at_install")
class TestEidFuzz(EidCommon):
    """Malformed requests to the login, the same ones each time: none is answered by a
    server error, none logs in, and the log stays small."""

    def _send(self, request):
        with mute_logger(*NOISE):
            answer = self.url_open(**request)
        self.assertLess(answer.status_code, 500, request)
        self.assertNotIn("Traceback", answer.text, request)

    def _in_the_end(self, rows):
        self.env.invalidate_all()
        sids = {c.value for c in self.opener.cookies if c.name == "session_id"}
        with self._requests():
            for sid in sids:
                browser = self._browser(cookies={"session_id": sid})
                self.assertIsNone(self._in_session(browser))
        self.assertFalse(self._logged().filtered("is_success"))
        self.assertLessEqual(len(self._logged()), rows)

    def _form(self):
        with self._requests():
            browser = self._browser()
            form = browser.open_form()
        sid = browser.cookies["session_id"]
        self.opener.cookies.set("session_id", sid, domain=HOST, path="/")
        return form

    def test_form(self):
        form = {**self._form(), "redirect": "/odoo"}
        for request in fuzz.requests(seed=9, path=ROUTE, fields=form, count=120):
            with self.subTest(request=str(request)[:200]):
                self._send(request)
        self._in_the_end(rows=60)

    def test_form_with_the_headers_of_the_proxy(self):
        """A proxy that let everybody in would still have to bring a certificate."""
        headers = dict(self._headers(certificate=None))
        form = {**self._form(), "redirect": "/odoo"}
        for request in fuzz.requests(seed=10, path=ROUTE, fields=form, count=60):
            request["headers"] = {**request.get("headers", {}), **headers}
            with self.subTest(request=str(request)[:200]):
                self._send(request)
        self._in_the_end(rows=60)

    def test_headers_of_the_proxy(self):
        """Each with a fresh form, for only that one gets as far as the headers."""
        names = [name for name, _value in self._headers()]
        texts = [
            text.encode("ascii", "ignore").decode()[:3000]
            for text in fuzz.VALUES
            if not any(sign in text for sign in "\r\n\x00")
        ]
        certificate = dict(self._headers())["X-Crm-Eid-Certificate"]
        texts += [certificate[:number] for number in range(40, 400, 40)]
        texts += [certificate.replace("A", "B", number) for number in (1, 3, 9)]
        for number, text in enumerate(texts):
            name = names[number % 2 + 1]
            headers = {**dict(self._headers()), name: text.strip()}
            with self.subTest(name=name, text=text[:60]), self._requests():
                browser = self._browser()
                answer = browser.log_in(list(headers.items()))
                self.assertLess(answer.status, 500)
                self.assertIsNone(self._in_session(browser))
        self._in_the_end(rows=60)

    def test_login_page_with_the_type(self):
        form = self._form()
        fields = {
            "csrf_token": form["csrf_token"],
            "type": "client_cert",
            "login": self.carded.login,
            "password": "x",
            "certificate": self.card.pem,
        }
        for values in fuzz.values(seed=11, fields=fields, count=40):
            request = {
                "url": ROUTE if len(values["login"]) % 2 else "/web/login",
                "data": {**values, "type": "client_cert"},
                "headers": dict(self._headers()),
                "allow_redirects": False,
            }
            with self.subTest(values=str(values)[:200]):
                self._send(request)
        self._in_the_end(rows=60)
