import base64
import json
import time
from unittest.mock import patch

from odoo.http import root as http_root
from odoo.tests import tagged
from odoo.tools import config

from odoo.addons.auth_totp.models.totp import TIMESTEP, TOTP, hotp

from .eid_common import FAILED, NIF, PASSWORD, ROUTE, EidCommon, root

RPC = [("Content-Type", "application/json")]


@tagged("post_install", "-at_install")
class TestEidLogin(EidCommon):
    """The page without TLS: the test stands where the proxy stands."""

    # === WHO GETS IN === #

    def test_certificate_logs_its_user_in(self):
        with self._requests():
            browser = self._browser()
            answer = browser.log_in(self._headers())
            self.assertLoggedIn(browser, answer, self.carded)
        self.assertEqual(answer.location.rpartition("/")[2], "odoo")
        row = self._logged()
        self.assertEqual(row.hint, "78Z")
        self.assertEqual(row.fingerprint, self.card.fingerprint)
        self.assertEqual(row.issuer, "CN=AC DNIE 006,C=ES")
        self.assertEqual((row.address, row.peer), ("127.0.0.1", "127.0.0.1"))
        self.assertNotIn(NIF[:-1], str(row.read()))
        self.assertNotIn(self.secret, str(row.read()))

    def test_session_is_another_one_afterwards(self):
        with self._requests():
            browser = self._browser()
            headers = self._headers()
            browser.open_form(headers=headers)
            before = browser.cookies["session_id"]
            browser.log_in(headers)
            self.assertNotEqual(browser.cookies["session_id"], before)
            self.assertIsNone(
                self._in_session(self._browser(cookies={"session_id": before}))
            )

    def test_opening_the_page_logs_nobody_in(self):
        with self._requests():
            browser = self._browser()
            answer = browser.get(ROUTE, headers=self._headers())
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.headers["X-Frame-Options"], "DENY")
            self.assertIn("no-store", answer.headers["Cache-Control"])
            self.assertIsNone(self._in_session(browser))
        self.assertFalse(self._logged())

    def test_renewed_card_of_another_issuer_is_registered_besides(self):
        newer = self.root.authority("AC DNIE 007")
        issuer = self.issuer.create({"name": "New", "ca_certificate": newer.pem})
        self._register(self.carded, issuer_id=issuer.id)
        with self._requests():
            browser = self._browser()
            answer = browser.log_in(self._headers(newer.person(NIF)))
            self.assertLoggedIn(browser, answer, self.carded)

    def test_redirect_goes_to_a_page_of_ours_only(self):
        for given, expected in (
            ("/odoo/crm?debug=1", "/odoo/crm?debug=1"),
            ("https://evil.example/odoo", "/odoo"),
            ("//evil.example/odoo", "/odoo"),
            ("/\\evil.example", "/evil.example"),
            ("javascript:alert(1)", None),
        ):
            with self.subTest(redirect=given), self._requests():
                answer = self._browser().log_in(self._headers(), redirect=given)
                self.assertEqual(answer.status, 303)
                self.assertTrue(answer.location.startswith(("/", self.base_url())))
                if expected:
                    self.assertEqual(
                        answer.location.removeprefix(self.base_url()), expected
                    )

    def test_administrator_does_not_change_the_address_of_the_company(self):
        params = self.env["ir.config_parameter"]
        params.set_param("web.base.url", "https://odoo.example.com")
        self._register(self.system, "87654321X")
        with self._requests():
            browser = self._browser()
            answer = browser.log_in(self._headers(self.dnie.person("87654321X")))
            self.assertLoggedIn(browser, answer, self.system)
        self.env.invalidate_all()
        self.assertEqual(params.get_param("web.base.url"), "https://odoo.example.com")

    # === THE PROXY === #

    def _assert_refused_with(self, reason, headers=None, **values):
        with self._requests():
            browser = self._browser()
            answer = browser.log_in(
                self._headers(**values) if headers is None else headers
            )
            self.assertRefused(browser, answer, reason)

    def test_without_headers(self):
        self._assert_refused_with("secret", headers=[])

    def test_without_secret(self):
        self._assert_refused_with("secret", secret=None)

    def test_wrong_secret(self):
        self._assert_refused_with("secret", secret=self.secret[:-1] + "!")

    def test_digest_of_the_secret_is_not_the_secret(self):
        digest = self.env["crm.eid"]._get("secret_digest")
        self._assert_refused_with("secret", secret=digest)

    def test_renewed_secret_ends_the_one_before(self):
        self.env["crm.eid"].with_user(self.system)._renew_secret()
        self._assert_refused_with("secret")

    def test_headers_from_another_address_than_the_proxy(self):
        self._set(proxies="10.1.2.3, 192.168.7.0/24")
        self._assert_refused_with("proxy")

    def test_forwarded_address_is_not_the_peer(self):
        """Who may write X-Forwarded-For writes the proxy's address into it."""
        self._set(proxies="10.1.2.3")
        forged = [
            ("X-Forwarded-For", "10.1.2.3"),
            ("X-Forwarded-Host", f"127.0.0.1:{self.http_port()}"),
        ]
        for proxy_mode in (True, False):
            with self.subTest(proxy_mode=proxy_mode):
                self.known_ids = self.log.search([]).ids
                with patch.dict(config.options, {"proxy_mode": proxy_mode}):
                    self._assert_refused_with(
                        "proxy", headers=[*self._headers(), *forged]
                    )
                self.assertEqual(self._logged().peer, "127.0.0.1")
                self.assertEqual(
                    self._logged().address, "10.1.2.3" if proxy_mode else "127.0.0.1"
                )

    def test_proxy_is_known_behind_what_it_forwards(self):
        forwarded = [
            ("X-Forwarded-For", "203.0.113.9"),
            ("X-Forwarded-Host", f"127.0.0.1:{self.http_port()}"),
        ]
        with patch.dict(config.options, {"proxy_mode": True}), self._requests():
            browser = self._browser()
            answer = browser.log_in([*self._headers(), *forwarded])
            self.assertLoggedIn(browser, answer, self.carded)
        self.assertEqual(self._logged().address, "203.0.113.9")
        self.assertEqual(self._logged().peer, "127.0.0.1")

    def test_verdict_of_the_proxy(self):
        for verdict, reason in (
            (None, "no_certificate"),
            ("NONE", "no_certificate"),
            ("FAILED:certificate revoked", "crl"),
            ("FAILED:certificate has expired", "expired"),
            ("FAILED:certificate is not yet valid", "not_yet"),
            ("FAILED:unable to get local issuer certificate", "issuer"),
            ("FAILED:path length constraint exceeded", "not_verified"),
            ("success", "not_verified"),
        ):
            with self.subTest(verdict=verdict):
                self.known_ids = self.log.search([]).ids
                self._forget_addresses()
                self._assert_refused_with(reason, verify=verdict)

    def _forget_addresses(self):
        """What is kept is limited for each address and minute."""
        self.env.cr.execute("UPDATE crm_eid_login SET date = date - interval '1 hour'")

    def test_doubled_headers(self):
        for header in self._headers():
            name, _value = header
            for twice in (header, (name, "x"), (name.replace("-", "_"), "x")):
                self.known_ids = self.log.search([]).ids
                self._forget_addresses()
                with self.subTest(header=twice), self._requests():
                    browser = self._browser()
                    answer = browser.log_in([*self._headers(), twice])
                    if "_" in twice[0]:
                        # Odoo's server drops them: the proxy's own remains
                        self.assertLoggedIn(browser, answer, self.carded)
                    else:
                        self.assertRefused(browser, answer, "headers")

    def test_headers_with_underscores_alone_are_none(self):
        headers = [(name.replace("-", "_"), value) for name, value in self._headers()]
        self._assert_refused_with("secret", headers=headers)

    # === THE CERTIFICATE === #

    def test_certificates_that_do_not_do(self):
        stranger = root("AC DNIE 006")  # of the same name, with another key
        weak = ("content_commitment",)
        for reason, card in (
            ("expired", self.dnie.person(NIF, days=(-400, -1))),
            ("not_yet", self.dnie.person(NIF, days=(1, 400))),
            ("issuer", stranger.person(NIF)),
            ("issuer", self.root.person(NIF)),
            ("issuer", self._self_signed()),
            ("purpose", self.dnie.person(NIF, usage=weak)),
            ("serial", self.dnie.person(NIF, "87654321X")),
            ("serial", self.dnie.person(" ")),
            ("unregistered", self.dnie.person("87654321X")),
        ):
            with self.subTest(reason=reason):
                self.known_ids = self.log.search([]).ids
                self._forget_addresses()
                self._assert_refused_with(reason, card=card)

    def _self_signed(self):
        subject = self.card.certificate.subject
        return self.card.issue(subject)._replace(key=self.card.key)

    def test_certificates_that_cannot_be_read(self):
        pem = self.card.pem
        for text in (
            pem[:200],
            pem[:-30],
            pem + pem,
            pem.replace("CERTIFICATE", "PRIVATE KEY"),
            base64.b64encode(b"nothing").decode(),
            "%00%ff",
            "A" * 20000,
        ):
            with self.subTest(text=text[:40]):
                self.known_ids = self.log.search([]).ids
                self._forget_addresses()
                reason = "headers" if len(text) > 16384 else "malformed"
                self._assert_refused_with(
                    reason, certificate=text.replace("\n", "%0A").replace(" ", "%20")
                )

    def test_pinned_certificate(self):
        self.registration.action_revoke()
        self._register(self.carded, fingerprint=self.card.fingerprint)
        with self._requests():
            browser = self._browser()
            answer = browser.log_in(self._headers())
            self.assertLoggedIn(browser, answer, self.carded)
        self.known_ids = self.log.search([]).ids
        self._assert_refused_with("pin", card=self.dnie.person(NIF))

    # === THE USER === #

    def test_revoked_registration(self):
        self.registration.action_revoke()
        self._assert_refused_with("revoked")
        self.assertEqual(self._logged().user_id, self.carded)

    def test_deleted_registration(self):
        self.registration.unlink()
        self._assert_refused_with("unregistered")

    def test_archived_issuer(self):
        self.issuer.copy({"name": "Other", "ca_certificate": self.root.pem})
        self.issuer.active = False
        self._assert_refused_with("issuer")

    def test_archived_user(self):
        self.carded.active = False
        self._assert_refused_with("user")

    def test_user_of_the_portal(self):
        """One who was an internal user when he was registered."""
        self.carded.group_ids = self.env.ref("base.group_portal")
        self._assert_refused_with("user")

    # === SWITCH === #

    def test_switched_off(self):
        for values in (
            {"enabled": "False"},
            {"proxies": ""},
            {"proxies": "0.0.0.0/0"},
            {"secret_digest": ""},
        ):
            with self.subTest(**values):
                self.known_ids = self.log.search([]).ids
                self._forget_addresses()
                self._set(enabled="True", proxies="127.0.0.1")
                self._set(**values)
                with self._requests():
                    browser = self._browser()
                    answer = browser.get(ROUTE)
                    self.assertEqual(answer.status, 303)
                    self.assertTrue(answer.location.endswith("/web/login"))
                    self.assertNotIn("o_crm_eid_login", browser.get("/web/login").text)
                # a form from before it was switched off
                self._assert_refused_after_switch(values)

    def _assert_refused_after_switch(self, values):
        values = {"secret_digest": self.env["crm.eid"]._get("secret_digest"), **values}
        self.env["crm.eid"].with_user(self.system)._renew_secret()
        self._set(enabled="True", proxies="127.0.0.1")
        with self._requests():
            browser = self._browser()
            form = browser.open_form()
        self._set(**values)
        with self._requests():
            answer = browser.request("POST", ROUTE, form, headers=self._headers())
            self.assertRefused(browser, answer, "off")

    def test_no_issuer_is_off(self):
        self.issuer.active = False
        with self._requests():
            self.assertEqual(self._browser().get(ROUTE).status, 303)

    def test_login_page_has_the_button(self):
        self._set(url="https://eid.example.com/")
        with self._requests():
            text = self._browser().get("/web/login").text
        self.assertIn('href="https://eid.example.com/web/login/eid"', text)
        self.assertIn("o_crm_eid_login", text)
        self.assertIn('name="password"', text)

    # === WHAT A BROWSER POSTS === #

    def test_without_csrf_token(self):
        for token in ({}, {"csrf_token": "x"}, {"csrf_token": ""}):
            with self.subTest(**token), self._requests():
                browser = self._browser()
                form = browser.open_form(headers=self._headers())
                form.pop("csrf_token")
                answer = browser.request(
                    "POST", ROUTE, {**form, **token}, headers=self._headers()
                )
                self.assertEqual(answer.status, 400)
                self.assertIsNone(self._in_session(browser))

    def test_form_is_good_for_one_attempt(self):
        with self._requests():
            browser = self._browser()
            form = browser.open_form()
            answer = browser.request("POST", ROUTE, form, headers=[])
            self.assertRefused(browser, answer, "secret")
            answer = browser.request("POST", ROUTE, form, headers=self._headers())
            self.known_ids += self._logged().ids[-1:]
            self.assertRefused(browser, answer, "replay")

    def test_replay_of_what_logged_in(self):
        with self._requests():
            browser = self._browser()
            form = browser.open_form()
            cookies = dict(browser.cookies)
            answer = browser.request("POST", ROUTE, form, headers=self._headers())
            self.assertLoggedIn(browser, answer, self.carded)
            thief = self._browser(cookies=cookies)
            answer = thief.request("POST", ROUTE, form, headers=self._headers())
            self.assertIn(answer.status, (200, 400))
            self.assertIsNone(self._in_session(thief))

    def test_nonce_of_another_session(self):
        with self._requests():
            other = self._browser().open_form()
            browser = self._browser()
            form = browser.open_form()
            answer = browser.request(
                "POST",
                ROUTE,
                {**form, "nonce": other["nonce"]},
                headers=self._headers(),
            )
            self.assertRefused(browser, answer, "replay")

    def test_credential_posted_at_the_login_page(self):
        """With the proxy's headers too, as behind one that is set up wrongly."""
        for headers in ([], self._headers()):
            self.known_ids = self.log.search([]).ids
            self._forget_addresses()
            with self.subTest(headers=len(headers)), self._requests():
                browser = self._browser()
                token = browser.open_password_form()
                answer = browser.request(
                    "POST",
                    "/web/login",
                    {
                        "csrf_token": token,
                        "type": "client_cert",
                        "login": self.system.login,
                        "password": "x",
                    },
                    headers=headers,
                )
                self.assertEqual(answer.status, 200)
                self.assertIn("alert-danger", answer.text)
                self.assertIsNone(self._in_session(browser))
                self.assertEqual(self._logged().mapped("reason"), ["elsewhere"])

    def test_posted_login_of_somebody_else_is_not_looked_at(self):
        with self._requests():
            browser = self._browser()
            answer = browser.log_in(
                self._headers(), login=self.system.login, type="password", password="x"
            )
            self.assertLoggedIn(browser, answer, self.carded)

    def test_credential_sent_as_json(self):
        for extra in ({}, {"credential": {"type": "client_cert"}}):
            with self.subTest(**extra), self._requests():
                browser = self._browser()
                answer = browser.request(
                    "POST",
                    "/web/session/authenticate",
                    body=json.dumps(
                        {
                            "jsonrpc": "2.0",
                            "params": {
                                "db": self.env.cr.dbname,
                                "login": self.carded.login,
                                "password": "client_cert",
                                "type": "client_cert",
                                **extra,
                            },
                        }
                    ).encode(),
                    headers=[*RPC, *self._headers()],
                )
                self.assertIn("error", json.loads(answer.text))
                self.assertIsNone(self._in_session(browser))

    def test_credential_over_xml_rpc(self):
        uid = self.xmlrpc_common.authenticate(
            self.env.cr.dbname,
            self.carded.login,
            "client_cert",
            {"type": "client_cert", "interactive": True},
        )
        self.assertIs(uid, False)
        self.assertFalse(self._logged())

    # === SESSIONS === #

    def _log_in(self):
        browser = self._browser()
        browser.log_in(self._headers())
        self.assertEqual(self._in_session(browser), self.carded.id)
        return browser

    def _log_in_by_password(self, user):
        browser = self._browser()
        token = browser.open_password_form()
        answer = browser.request(
            "POST",
            "/web/login",
            {
                "csrf_token": token,
                "type": "password",
                "login": user.login,
                "password": PASSWORD,
            },
        )
        self.assertEqual(answer.status, 303, answer.text[:300])
        return browser

    def _assert_ended_by(self, function):
        with self._requests():
            browser = self._log_in()
            other = self._log_in_by_password(self.other)
            self.assertEqual(self._in_session(other), self.other.id)
        function()
        self.env.flush_all()
        with self._requests():
            self.assertIsNone(self._in_session(browser))
            self.assertEqual(self._in_session(other), self.other.id)

    def test_revoking_ends_the_session(self):
        self._assert_ended_by(
            lambda: self.registration.with_user(self.system).action_revoke()
        )

    def test_archiving_the_registration_ends_the_session(self):
        self._assert_ended_by(self.registration.action_archive)

    def test_deleting_the_registration_ends_the_session(self):
        self._assert_ended_by(self.registration.with_user(self.system).unlink)

    def test_archiving_the_issuer_ends_the_session(self):
        self._assert_ended_by(self.issuer.with_user(self.system).action_archive)

    def test_another_certificate_of_the_issuer_ends_the_session(self):
        other = self.root.authority("AC DNIE 007")
        self._assert_ended_by(lambda: self.issuer.write({"ca_certificate": other.pem}))

    def test_archiving_the_user_ends_the_session(self):
        self._assert_ended_by(lambda: self.carded.write({"active": False}))

    def test_registering_ends_no_session(self):
        with self._requests():
            browser = self._log_in_by_password(self.other)
            card = self._log_in()
        self._register(self.other, "87654321X")
        self._register(
            self.carded,
            issuer_id=self.issuer.create(
                {"name": "Root", "ca_certificate": self.root.pem}
            ).id,
        )
        with self._requests():
            self.assertEqual(self._in_session(browser), self.other.id)
            self.assertEqual(self._in_session(card), self.carded.id)

    def test_token_of_whoever_has_no_electronic_id_is_the_one_of_before(self):
        """Nobody is logged out when the add-on is installed."""
        names = [name for name, value in self.other._session_token_get_values()]
        self.assertIn("crm_eid_stamp", names)
        token = self.other._compute_session_token("a" * 84)
        fields = {"id", "login", "password", "active"}
        values = tuple(
            (name, value)
            for name, value in self.other._session_token_get_values()
            if name in fields | {"database_secret"}
        )
        self.assertEqual(
            token, self.other._session_token_hash_compute("a" * 84, values)
        )

    def test_revoking_ends_sessions_opened_by_password_too(self):
        with self._requests():
            browser = self._log_in_by_password(self.carded)
        self.registration.action_revoke()
        self.env.flush_all()
        with self._requests():
            self.assertIsNone(self._in_session(browser))
            again = self._log_in_by_password(self.carded)
            self.assertEqual(self._in_session(again), self.carded.id)

    # === OTHER WAYS IN === #

    def _enable_totp(self):
        secret = "JBSWY3DPEHPK3PXP"
        self.carded.sudo().totp_secret = secret
        self.env.flush_all()
        return TOTP(base64.b32decode(secret))

    def test_second_factor_is_asked(self):
        self._enable_totp()
        with self._requests():
            browser = self._browser()
            answer = browser.log_in(self._headers(), redirect="/odoo/crm")
            self.assertEqual(answer.status, 303)
            self.assertIn("/web/login/totp?redirect=", answer.location)
            self.assertIsNone(self._in_session(browser))
            self.assertEqual(self._logged().mapped("reason"), ["second_factor"])
            text = browser.get("/web/login/totp").text
            self.assertIn("totp_token", text)

    def test_second_factor_is_the_card(self):
        self._enable_totp()
        self._set(second_factor="True")
        with self._requests():
            browser = self._browser()
            answer = browser.log_in(self._headers())
            self.assertLoggedIn(browser, answer, self.carded)

    def test_second_factor_of_a_password_is_asked_still(self):
        self._enable_totp()
        self._set(second_factor="True")
        with self._requests():
            browser = self._log_in_by_password(self.carded)
            self.assertIsNone(self._in_session(browser))

    def test_second_factor_goes_on_from_the_card(self):
        totp = self._enable_totp()
        with self._requests():
            browser = self._browser()
            browser.log_in(self._headers())
            text = browser.get("/web/login/totp").text
            token = text.partition('name="csrf_token" value="')[2].partition('"')[0]
            code = str(self._code(totp)).zfill(6)
            answer = browser.request(
                "POST", "/web/login/totp", {"csrf_token": token, "totp_token": code}
            )
            self.assertEqual(answer.status, 303, answer.text[:300])
            self.assertEqual(self._in_session(browser), self.carded.id)

    def _code(self, totp):
        """:return: the code that the authenticator shows now"""
        return hotp(totp._key, int(time.time() / TIMESTEP))

    def test_password_goes_on_working(self):
        with self._requests():
            browser = self._log_in_by_password(self.carded)
            self.assertEqual(self._in_session(browser), self.carded.id)
        self.assertFalse(self._logged())

    def test_password_over_xml_rpc_goes_on_working(self):
        uid = self.xmlrpc_common.authenticate(
            self.env.cr.dbname, self.carded.login, PASSWORD, {}
        )
        self.assertEqual(uid, self.carded.id)

    def test_key_of_a_program_goes_on_working(self):
        # sudo: a key that does not expire
        keys = self.env["res.users.apikeys"].with_user(self.carded).sudo()
        key = keys._generate("rpc", "test", None)
        self.registration.action_revoke()
        uid = self.xmlrpc_common.authenticate(
            self.env.cr.dbname, self.carded.login, key, {}
        )
        self.assertEqual(uid, self.carded.id)
        with self._requests():
            answer = self._browser().request(
                "POST",
                "/json/2/res.users/search_count",
                body=json.dumps({"domain": [["id", "=", self.carded.id]]}).encode(),
                headers=[("Authorization", f"bearer {key}"), *RPC],
            )
            self.assertEqual((answer.status, answer.text), (200, "1"))

    def test_passkey_goes_its_own_way(self):
        """One that is unknown is told so by Odoo, not by us."""
        with self._requests():
            browser = self._browser()
            text = browser.get("/web/login").text
            self.assertIn("passkey_login_link", text)
            token = text.partition('name="csrf_token" value="')[2].partition('"')[0]
            answer = browser.request(
                "POST",
                "/web/login",
                {
                    "csrf_token": token,
                    "type": "webauthn",
                    "webauthn_response": json.dumps({"id": "nobody"}),
                },
            )
            self.assertIn("alert-danger", answer.text)
        self.assertFalse(self._logged())

    # === FLOODS === #

    def test_failures_make_an_address_wait(self):
        """Odoo's own limit counts them."""
        self.env["ir.config_parameter"].set_param("base.login_cooldown_after", "2")
        self.addCleanup(self._forget_failures)
        self._forget_failures()
        with self._requests():
            for _time in range(2):
                self._browser().log_in(self._headers(secret="x"))
            browser = self._browser()
            answer = browser.log_in(self._headers())
            self.assertIn(FAILED, answer.text)
            self.assertIsNone(self._in_session(browser))
        self.assertEqual(
            self._logged().sorted("id").mapped("reason"),
            ["secret", "secret", "cooldown"],
        )

    def _forget_failures(self):
        self.env.registry._login_failures = None

    def test_flood_does_not_fill_the_log(self):
        with self._requests():
            for _time in range(8):
                self._browser().log_in(self._headers(secret="x"))
        self.assertEqual(len(self._logged()), 5)
        self._set(proxies="127.0.0.1")
        with self._requests():
            browser = self._browser()
            browser.log_in(self._headers())
            self.assertEqual(self._in_session(browser), self.carded.id)
        self.assertEqual(len(self._logged()), 6, "a success is kept in any case")

    def test_page_leaves_no_session_of_a_user_behind(self):
        with self._requests():
            browser = self._browser()
            browser.open_form()
            stored = http_root.session_store.get(browser.cookies["session_id"])
            self.assertIsNone(stored.uid)
            self.assertNotIn("pre_uid", stored)
