import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

from cryptography.x509.oid import ExtendedKeyUsageOID

from odoo.tests import tagged

from .eid_common import FAILED, NIF, ROUTE, Browser, EidCommon, root, rsa_key

CONFIGURATION = Path(__file__).parents[1] / "docs" / "electronic-id.nginx.conf"
HOST = "odoo.example.com"
EID_HOST = "eid.example.com"
# What a packaged nginx.conf says around the files of conf.d; all of it in one folder.
AROUND = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{}}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/electronic-id.conf;
}}
"""


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@tagged("post_install", "-at_install")
class TestEidTls(EidCommon):
    """The whole way: a client certificate over TLS to nginx, with the configuration of
    the documentation, and on to Odoo."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = Path(tempfile.mkdtemp(prefix="crm_gestion_eid_"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.revoked = cls.dnie.person(NIF)
        cls.foreign_root = root("AC DNIE 006")
        cls.web = root("Web")
        cls.port = free_port()
        cls._write_files()
        cls._start_nginx()

    @classmethod
    def _write_files(cls):
        server = cls.web.server(HOST, EID_HOST)
        placeholders = {
            "HOST": HOST,
            "EID_HOST": EID_HOST,
            "PORT": f"127.0.0.1:{cls.port}",
            "CERTIFICATE": cls._file("server.pem", server.pem),
            "KEY": cls._file("server.key", server.key_pem),
            "CA": cls._file("ca.pem", cls.root.pem + cls.dnie.pem),
            "CRL": cls._file("crl.pem", cls.root.crl() + cls.dnie.crl(cls.revoked)),
            "SECRET": cls.secret,
            "ODOO": f"127.0.0.1:{cls.http_port()}",
            "WEBSOCKET": f"127.0.0.1:{cls.http_port()}",
        }
        text = CONFIGURATION.read_text()
        for name, value in placeholders.items():
            assert f"@{name}@" in text, name
            text = text.replace(f"@{name}@", value)
        cls._file("electronic-id.conf", text)
        cls._file("nginx.conf", AROUND.format(folder=cls.folder))

    @classmethod
    def _file(cls, name, text):
        path = cls.folder / name
        path.write_text(text)
        path.chmod(0o600)
        return str(path)

    @classmethod
    def _start_nginx(cls):
        program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
        arguments = [program, "-p", cls.folder, "-c", cls.folder / "nginx.conf"]
        with (cls.folder / "output").open("w") as output:
            cls.nginx = subprocess.Popen(arguments, stdout=output, stderr=output)
        cls.addClassCleanup(cls.nginx.wait, 10)
        cls.addClassCleanup(cls.nginx.terminate)
        for _attempt in range(100):
            try:
                socket.create_connection(("127.0.0.1", cls.port), timeout=1).close()
                return
            except OSError:
                assert cls.nginx.poll() is None, (cls.folder / "output").read_text()
                time.sleep(0.1)
        raise AssertionError((cls.folder / "error.log").read_text())

    def _visitor(self, card=None, host=EID_HOST, named=None, **options):
        """
        :param card: `Card` that the browser presents
        :param str named: host that TLS is opened for, where it is another one
        :return: `Browser` in front of nginx
        """
        context = ssl.create_default_context(cadata=self.web.pem)
        if card:
            path = self._file("client.pem", card.pem + card.key_pem)
            context.load_cert_chain(path)

        def connect():
            plain = socket.create_connection(("127.0.0.1", self.port), timeout=60)
            return context.wrap_socket(plain, server_hostname=named or host)

        return Browser(connect, host, **options)

    def _refused(self, reason, card=None, headers=()):
        with self._requests():
            browser = self._visitor(card)
            answer = browser.log_in(headers)
            self.assertRefused(browser, answer, reason)

    # === WHO GETS IN === #

    def test_card_logs_in(self):
        with self._requests():
            browser = self._visitor(self.card)
            answer = browser.log_in()
            self.assertLoggedIn(browser, answer, self.carded)
            self.assertTrue(answer.location.endswith("/odoo"))
            page = browser.get("/odoo")
            self.assertEqual(page.status, 200)
            self.assertIn("web.assets_web", page.text)
        row = self._logged()
        self.assertEqual(row.fingerprint, self.card.fingerprint)
        self.assertEqual(row.peer, "127.0.0.1")

    def test_session_goes_on_without_the_card(self):
        """The card logs in, the session is Odoo's; revoking ends it."""
        with self._requests():
            browser = self._visitor(self.card)
            browser.log_in()
            other = self._visitor(cookies=browser.cookies)
            self.assertEqual(self._in_session(other), self.carded.id)
        self.registration.with_user(self.system).action_revoke()
        self.env.flush_all()
        with self._requests():
            self.assertIsNone(self._in_session(other))
            self.assertIsNone(self._in_session(browser))
            again = self._visitor(self.card)
            again_answer = again.log_in()
            self.assertIn(FAILED, again_answer.text)
        self.assertEqual(
            self._logged().sorted("id").mapped("reason"), ["success", "revoked"]
        )

    def test_password_goes_on_working_on_both_hosts(self):
        for host in (HOST, EID_HOST):
            with self.subTest(host=host), self._requests():
                browser = self._visitor(host=host)
                token = browser.open_password_form()
                answer = browser.request(
                    "POST",
                    "/web/login",
                    {
                        "csrf_token": token,
                        "type": "password",
                        "login": self.carded.login,
                        "password": "secret-of-the-test",
                    },
                )
                self.assertEqual(answer.status, 303, answer.text[:300])
                self.assertEqual(self._in_session(browser), self.carded.id)

    # === CARDS THAT NGINX REFUSES === #

    def test_no_card(self):
        self._refused("no_certificate")

    def test_expired_card(self):
        self._refused("expired", self.dnie.person(NIF, days=(-400, -1)))

    def test_card_that_is_not_valid_yet(self):
        self._refused("not_yet", self.dnie.person(NIF, days=(1, 400)))

    def test_revoked_card(self):
        self._refused("crl", self.revoked)

    def test_unknown_issuer(self):
        self._refused("issuer", root("AC DE OTRO").person(NIF))

    def test_issuer_of_the_same_name(self):
        with self._requests():
            browser = self._visitor(self.foreign_root.person(NIF))
            answer = browser.log_in()
            self.assertIn(FAILED, answer.text)
            self.assertIsNone(self._in_session(browser))
        self.assertIn(self._logged().reason, ("issuer", "not_verified"))

    def test_self_signed_card(self):
        key = rsa_key()
        card = self.card.issue(self.card.certificate.subject, key=key)
        with self._requests():
            browser = self._visitor(card)
            answer = browser.log_in()
            self.assertIn(FAILED, answer.text)
            self.assertIsNone(self._in_session(browser))
        self.assertFalse(self._logged().is_success)

    def test_card_for_signing_documents(self):
        card = self.dnie.person(NIF, usage=("content_commitment",))
        self._refused("not_verified", card)

    def test_card_for_servers(self):
        """nginx itself takes only certificates for clients."""
        card = self.dnie.person(NIF, purposes=[ExtendedKeyUsageOID.SERVER_AUTH])
        self._refused("not_verified", card)

    # === CARDS THAT NGINX TAKES AND ODOO REFUSES === #

    def test_issuer_that_nginx_takes_and_odoo_does_not(self):
        self._refused("issuer", self.root.person(NIF))

    def test_person_who_is_not_registered(self):
        self._refused("unregistered", self.dnie.person("87654321X"))

    def test_archived_user(self):
        self.carded.active = False
        self._refused("user", self.card)

    def test_odoo_of_another_proxy(self):
        self._set(proxies="10.1.2.3")
        self._refused("proxy", self.card)

    def test_secret_of_another_proxy(self):
        self.env["crm.eid"].with_user(self.system)._renew_secret()
        self._refused("secret", self.card)

    def test_switched_off(self):
        with self._requests():
            browser = self._visitor(self.card)
            form = browser.open_form()
        self._set(enabled="False")
        with self._requests():
            answer = browser.request("POST", ROUTE, form)
            self.assertRefused(browser, answer, "off")

    # === WHAT A BROWSER MAKES UP === #

    def test_headers_of_a_browser_are_taken_away(self):
        forged = self._headers()
        underscores = [(name.replace("-", "_"), value) for name, value in forged]
        for headers in (forged, underscores, forged + underscores, forged + forged):
            with self.subTest(headers=len(headers)):
                self.known_ids = self.log.search([]).ids
                self._refused("no_certificate", headers=headers)

    def test_headers_of_a_browser_do_not_change_who_is_there(self):
        """One with a card of his own makes himself somebody else."""
        self._register(self.other, "87654321X")
        own = self.dnie.person("87654321X")
        with self._requests():
            browser = self._visitor(own)
            answer = browser.log_in(self._headers(self.card))
            self.assertLoggedIn(browser, answer, self.other)

    def test_headers_on_the_host_of_every_day(self):
        with self._requests():
            for host, named in ((HOST, HOST), (EID_HOST, HOST)):
                browser = self._visitor(self.card, host=host, named=named)
                answer = browser.log_in(self._headers())
                if host != named:
                    self.assertEqual(answer.status, 421)
                    self.assertIsNone(self._in_session(browser) or None)
                    continue
                self.assertIn(FAILED, answer.text)
                self.assertIsNone(self._in_session(browser))
        self.assertEqual(self._logged().mapped("reason"), ["secret"])

    def test_credential_type_posted_at_the_login_page(self):
        with self._requests():
            browser = self._visitor(self.card)
            token = browser.open_password_form()
            answer = browser.request(
                "POST",
                "/web/login",
                {"csrf_token": token, "type": "client_cert", "login": "admin"},
                headers=self._headers(),
            )
            self.assertIn("alert-danger", answer.text)
            self.assertIsNone(self._in_session(browser))
        self.assertEqual(self._logged().mapped("reason"), ["elsewhere"])

    def test_replay_by_somebody_without_the_card(self):
        with self._requests():
            browser = self._visitor(self.card)
            form = browser.open_form()
            cookies = dict(browser.cookies)
            thief = self._visitor(cookies=cookies)
            answer = thief.request("POST", ROUTE, form, headers=self._headers())
            self.assertRefused(thief, answer, "no_certificate")
            # and the form is used up
            answer = browser.request("POST", ROUTE, form)
            self.assertEqual(answer.status, 200)
            self.assertIsNone(self._in_session(browser))
        self.assertEqual(
            self._logged().sorted("id").mapped("reason"), ["no_certificate", "replay"]
        )

    def test_forwarded_address_is_not_believed(self):
        forged = [("X-Forwarded-For", "10.1.2.3"), ("X-Forwarded-Host", "evil.example")]
        self._set(proxies="10.1.2.3")
        self._refused("proxy", self.card, headers=forged)

    def test_old_protocols_are_refused(self):
        context = ssl.create_default_context(cadata=self.web.pem)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        with plain, self.assertRaises(ssl.SSLError):
            context.wrap_socket(plain, server_hostname=EID_HOST)
