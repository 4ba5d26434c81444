"""Certification authorities made on the spot, and who logs in with their cards."""

import http.client
import re
import socket
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from typing import NamedTuple
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from odoo.tests.common import HttpCase, new_test_user

from odoo.addons.crm_gestion.tools import eid

from .common import PASSWORD

ROUTE = "/web/login/eid"
NIF = "12345678Z"
# What the page shows after a refusal, in whatever language.
FAILED = "o_crm_eid_failed"
# Names of what a certificate may be used for, all off.
NO_USAGE = dict.fromkeys(
    (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    ),
    False,
)


def name(common_name, *serials):
    """:return: a name as an authority of Spain writes it"""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "ES"),
            *(x509.NameAttribute(NameOID.SERIAL_NUMBER, serial) for serial in serials),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


class Card(NamedTuple):
    """A certificate and its key; of an authority as well as of a person."""

    certificate: x509.Certificate
    key: object

    @property
    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self):
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

    @property
    def fingerprint(self):
        return eid.fingerprint_of(self.certificate)

    def issue(self, subject, days=(-1, 365), key=None, extensions=()):
        """:return: `Card` of that subject, signed by this one"""
        return sign(subject, self.certificate.subject, self.key, days, key, extensions)

    def authority(self, common_name, **values):
        return self.issue(name(common_name), extensions=authority(), **values)

    def person(self, *serials, usage=("digital_signature",), purposes=None, **values):
        purposes = (
            [ExtendedKeyUsageOID.CLIENT_AUTH] if purposes is None else list(purposes)
        )
        extensions = [
            x509.BasicConstraints(ca=False, path_length=None),
            x509.KeyUsage(**{**NO_USAGE, **dict.fromkeys(usage, True)}),
        ]
        if purposes:
            extensions.append(x509.ExtendedKeyUsage(purposes))
        subject = name("FERRER PEREZ, LUCIA (AUTENTICACION)", *(serials or [NIF]))
        return self.issue(subject, extensions=extensions, **values)

    def server(self, *hosts):
        names = [x509.DNSName(host) for host in hosts]
        return self.issue(
            name(hosts[0]), extensions=[x509.SubjectAlternativeName(names)]
        )

    def crl(self, *revoked, days=30):
        """:return: PEM of the list of certificates that this authority revoked"""
        now = datetime.now(UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now - timedelta(days=31))
            .next_update(now + timedelta(days=days))
        )
        for card in revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(card.certificate.serial_number)
                .revocation_date(now - timedelta(days=1))
                .build()
            )
        crl = builder.sign(self.key, hashes.SHA256())
        return crl.public_bytes(serialization.Encoding.PEM).decode()


def authority():
    usage = {**NO_USAGE, "key_cert_sign": True, "crl_sign": True}
    return [
        x509.BasicConstraints(ca=True, path_length=None),
        x509.KeyUsage(**usage),
    ]


def sign(subject, issuer, issuer_key, days, key=None, extensions=()):
    """:param days: from when and until when, counted from now"""
    now = datetime.now(UTC)
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
    )
    for extension in extensions:
        critical = not isinstance(extension, x509.SubjectAlternativeName)
        builder = builder.add_extension(extension, critical=critical)
    return Card(builder.sign(issuer_key or key, hashes.SHA256()), key)


def root(common_name):
    """:return: `Card` of an authority that signed itself"""
    return sign(
        name(common_name), name(common_name), None, (-10, 3650), extensions=authority()
    )


def rsa_key():
    """As those of the Spanish electronic ID."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def location(self):
        return self.headers.get("Location") or ""


class Browser:
    """Keeps cookies; opens a connection for each request, as after a restart.

    :param connect: function that returns a connected socket
    """

    def __init__(self, connect, host, cookies=()):
        self.connect = connect
        self.host = host
        self.cookies = dict(cookies)

    def request(self, method, path, fields=None, headers=(), body=None, cookies=None):
        """
        :param headers: pairs, sent as they are: doubled ones too
        :return: `Answer`
        """
        cookies = self.cookies if cookies is None else cookies
        if fields is not None:
            body = urlencode(fields).encode()
            headers = [("Content-Type", "application/x-www-form-urlencoded"), *headers]
        connection = http.client.HTTPConnection(self.host, timeout=60)
        connection.sock = self.connect()
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            connection.putheader(
                "Cookie", "; ".join(f"{key}={value}" for key, value in cookies.items())
            )
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            for key, value in headers:
                connection.putheader(key, value)
            connection.endheaders(body)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        finally:
            connection.close()
        for cookie in response.headers.get_all("Set-Cookie") or []:
            self.cookies.update(
                (key, morsel.value) for key, morsel in SimpleCookie(cookie).items()
            )
        return Answer(response.status, response.headers, text)

    def get(self, path, headers=(), **options):
        return self.request("GET", path, headers=headers, **options)

    def open_password_form(self, headers=()):
        """:return: token of Odoo's own login page"""
        text = self.get("/web/login", headers).text
        return text.partition('name="csrf_token" value="')[2].partition('"')[0]

    def open_form(self, **options):
        """:return: dict of the hidden fields of the page's form"""
        answer = self.get(ROUTE, **options)
        return dict(
            re.findall(
                r'name="(csrf_token|nonce|redirect)"\s+value="([^"]+)"', answer.text
            )
        )

    def log_in(self, headers=(), **fields):
        """:return: `Answer` to the form"""
        form = self.open_form(headers=headers)
        return self.request("POST", ROUTE, {**form, **fields}, headers=headers)


class EidCommon(HttpCase):
    """A company whose cards are issued by "AC DNIE 006", below the root "AC RAIZ DNIE";
    the user "carded" has one."""

    test_cursor_lock_timeout = 240

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = root("AC RAIZ DNIE")
        cls.dnie = cls.root.authority("AC DNIE 006", key=rsa_key())
        cls.card = cls.dnie.person(f"IDCES-{NIF}", key=rsa_key())
        cls.carded = cls._make_user("carded", "base.group_user")
        cls.other = cls._make_user("other", "base.group_user")
        cls.system = cls._make_user("system", "base.group_system")
        cls.issuer = cls.env["crm.eid.issuer"].create(
            {"name": "AC DNIE 006", "ca_certificate": cls.dnie.pem}
        )
        cls.registration = cls._register(cls.carded)
        cls.secret = cls.env["crm.eid"].with_user(cls.system)._renew_secret()
        cls._set(enabled="True", proxies="127.0.0.1")
        cls.env["ir.config_parameter"].set_param("base.login_cooldown_after", "0")
        cls.log = cls.env["crm.eid.login"]

    @classmethod
    def _make_user(cls, login, groups):
        return new_test_user(
            cls.env,
            login=f"eid_{login}",
            password=PASSWORD,
            groups=groups,
            name=login.title(),
            email=f"{login}@ours.example",
            tz="UTC",
        )

    @classmethod
    def _register(cls, user, serial=NIF, **values):
        return cls.env["crm.eid.certificate"].create(
            {
                "user_id": user.id,
                "issuer_id": cls.issuer.id,
                "serial": serial,
                **values,
            }
        )

    @classmethod
    def _set(cls, **values):
        params = cls.env["ir.config_parameter"]
        for key, value in values.items():
            params.set_param(f"crm_gestion.eid_{key}", value)

    def _browser(self, **options):
        """:return: `Browser` straight at Odoo, on this machine"""
        return Browser(self._connect, f"127.0.0.1:{self.http_port()}", **options)

    def _connect(self):
        return socket.create_connection(("127.0.0.1", self.http_port()), timeout=60)

    def _headers(self, card=None, **values):
        """:return: list of headers as the proxy sends them, but for the values"""
        headers = {
            eid.SECRET_HEADER: self.secret,
            eid.VERIFY_HEADER: "SUCCESS",
            eid.CERTIFICATE_HEADER: eid.escape((card or self.card).pem),
        }
        for key, value in values.items():
            headers[getattr(eid, f"{key.upper()}_HEADER")] = value
        return [(key, value) for key, value in headers.items() if value is not None]

    def _requests(self):
        """:return: context manager in which the server answers"""
        self.env.flush_all()
        return self.allow_requests(all_requests=True)

    def _in_session(self, browser):
        """:return: id of the user whose session the browser has, or None"""
        answer = browser.request(
            "POST",
            "/web/session/get_session_info",
            body=b'{"jsonrpc": "2.0", "params": {}}',
            headers=[("Content-Type", "application/json")],
        )
        found = re.search(r'"uid": (\d+)', answer.text)
        return int(found[1]) if found else None

    def _last(self):
        self.env.invalidate_all()
        return self.log.search([], limit=1)

    def assertRefused(self, browser, answer, reason, rows=1):
        """The page tells nothing, the log tells why, and there is no session."""
        self.assertEqual(answer.status, 200, answer.text[:500])
        self.assertIn(FAILED, answer.text)
        self.assertIsNone(self._in_session(browser))
        logged = self._logged()
        self.assertEqual(logged.mapped("reason"), [reason] * rows)
        self.assertEqual(logged.mapped("is_success"), [False] * rows)

    def assertLoggedIn(self, browser, answer, user):
        self.assertEqual(answer.status, 303, answer.text[:500])
        self.assertEqual(self._in_session(browser), user.id)
        self.assertEqual(self._logged().mapped("reason"), ["success"])
        self.assertEqual(self._logged().user_id, user)

    def _logged(self):
        self.env.invalidate_all()
        return self.log.search([("id", "not in", self.known_ids)])

    def setUp(self):
        super().setUp()
        self.known_ids = self.log.search([]).ids
