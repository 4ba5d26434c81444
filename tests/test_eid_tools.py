import base64
import random
import warnings
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from odoo.tests import BaseCase, tagged

from odoo.addons.crm_gestion.tools import eid
from odoo.addons.crm_gestion.tools.eid import EidError

from .eid_common import NIF, name, root, rsa_key


class OfOldCryptography:
    """A certificate as cryptography shows it in Odoo's requirements and in Debian."""

    LATER = (
        "not_valid_after_utc",
        "not_valid_before_utc",
        "signature_algorithm_parameters",
        "verify_directly_issued_by",
    )

    def __init__(self, certificate):
        self.certificate = certificate

    def __getattr__(self, name):
        if name in self.LATER:
            raise AttributeError(name)
        with warnings.catch_warnings(action="ignore"):
            return getattr(self.certificate, name)


@tagged("post_install", "-at_install")
class TestEidTools(BaseCase):
    """What a certificate says, each way in which it may say nothing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = root("AC RAIZ DNIE")
        cls.dnie = cls.root.authority("AC DNIE 006", key=rsa_key())
        cls.card = cls.dnie.person(f"IDCES-{NIF}")
        cls.now = datetime.now(UTC).replace(tzinfo=None)

    def _reason(self, function, *arguments):
        with self.assertRaises(EidError) as caught:
            function(*arguments)
        return caught.exception.reason

    def _why_not(self, card, now=None):
        return self._reason(eid.holder_of, card.certificate, now or self.now)

    def test_holder(self):
        certificate = eid.read_escaped(eid.escape(self.card.pem))
        holder = eid.holder_of(certificate, self.now)
        self.assertEqual(holder.serial, NIF)
        self.assertEqual(holder.issuer, "CN=AC DNIE 006,C=ES")
        self.assertEqual(
            holder.fingerprint, self.card.certificate.fingerprint(hashes.SHA256()).hex()
        )

    def test_first_and_last_moment(self):
        date_from, date_to = eid.validity_of(self.card.certificate)
        second = timedelta(seconds=1)
        for moment in (date_from, date_to):
            self.assertEqual(eid.holder_of(self.card.certificate, moment).serial, NIF)
        self.assertEqual(self._why_not(self.card, date_from - second), "not_yet")
        self.assertEqual(self._why_not(self.card, date_to + second), "expired")

    def test_purposes(self):
        for usage, purposes, does in (
            (("digital_signature",), None, True),
            (("digital_signature",), [], True),
            (
                ("digital_signature", "key_encipherment"),
                [ExtendedKeyUsageOID.SMARTCARD_LOGON, ExtendedKeyUsageOID.CLIENT_AUTH],
                True,
            ),
            (("content_commitment",), None, False),
            (("digital_signature",), [ExtendedKeyUsageOID.SERVER_AUTH], False),
            (
                ("digital_signature",),
                [ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE],
                False,
            ),
        ):
            card = self.dnie.person(NIF, usage=usage, purposes=purposes)
            with self.subTest(usage=usage, purposes=purposes):
                if does:
                    holder = eid.holder_of(card.certificate, self.now)
                    self.assertEqual(holder.serial, NIF)
                else:
                    self.assertEqual(self._why_not(card), "purpose")

    def test_authority_is_nobody(self):
        self.assertEqual(self._why_not(self.dnie), "purpose")

    def test_certificate_without_extensions(self):
        card = self.dnie.issue(name("Old", NIF))
        self.assertEqual(eid.holder_of(card.certificate, self.now).serial, NIF)

    def test_numbers_of_a_person(self):
        self.assertEqual(self._why_not(self.dnie.issue(name("Nobody"))), "serial")
        self.assertEqual(
            self._why_not(self.dnie.issue(name("Two", NIF, NIF))), "serial"
        )
        for serial in (
            "Ñ2345678Z",
            "1",
            " " * 8,
            "１２３４５６７８Z",
            "<b>12345",
            "x" * 40,
        ):
            with self.subTest(serial=serial):
                odd = x509.NameAttribute(
                    NameOID.SERIAL_NUMBER, serial, _ASN1Type.UTF8String
                )
                card = self.dnie.issue(x509.Name([odd]))
                self.assertEqual(self._why_not(card), "serial")

    def test_numbers_of_two_countries_differ(self):
        numbers = {
            eid.normalized_serial(text)
            for text in (NIF, f"IDCES-{NIF}", f"IDCPT-{NIF}", f"PASES-{NIF}")
        }
        self.assertEqual(len(numbers), 3)

    def test_names_that_are_not_ascii(self):
        issuer = root("Autorité Générale")
        card = issuer.issue(
            x509.Name(
                [
                    x509.NameAttribute(NameOID.COMMON_NAME, "ÑANDÚ ÁÉ, 名前 + x=y"),
                    x509.NameAttribute(NameOID.SERIAL_NUMBER, NIF),
                ]
            )
        )
        holder = eid.holder_of(card.certificate, self.now)
        self.assertEqual(holder.serial, NIF)
        self.assertEqual(holder.issuer, "CN=Autorité Générale,C=ES")

    def test_signatures(self):
        forger = root("AC DNIE 006")
        elliptic = self.root.authority("AC EC")
        for authority, card, does in (
            (self.dnie, self.card, True),
            (elliptic, elliptic.person(NIF), True),
            (self.root, self.card, False),
            (forger, self.card, False),
            (self.dnie, forger.person(NIF), False),
            (self.dnie, self.card.issue(name("Own", NIF)), False),
        ):
            self.assertEqual(
                eid.is_signed_by(card.certificate, authority.certificate), does
            )

    def test_key_of_another_kind_did_not_sign(self):
        """The name is the same, RSA signed, and the authority's key is another kind."""
        for key in (
            ec.generate_private_key(ec.SECP256R1()),
            ed25519.Ed25519PrivateKey.generate(),
        ):
            other = self.root.authority("AC DNIE 006", key=key)
            self.assertFalse(eid.is_signed_by(self.card.certificate, other.certificate))

    def test_older_cryptography(self):
        elliptic = self.root.authority("AC EC")
        forger = root("AC DNIE 006")
        for authority, card, does in (
            (self.dnie, self.card, True),
            (elliptic, elliptic.person(NIF), True),
            (forger, self.card, False),
            (self.dnie, forger.person(NIF), False),
        ):
            old = OfOldCryptography(card.certificate)
            with self.subTest(authority=authority.certificate.subject, does=does):
                self.assertEqual(
                    eid.holder_of(old, self.now),
                    eid.holder_of(card.certificate, self.now),
                )
                ca = OfOldCryptography(authority.certificate)
                self.assertEqual(eid.is_signed_by(old, ca), does)

    def test_weak_signature(self):
        """As if today's algorithm were broken: SHA-1 cannot even be signed here."""
        self.patch(eid, "WEAK", (hashes.SHA256,))
        self.assertFalse(eid.is_signed_by(self.card.certificate, self.dnie.certificate))

    def test_authorities(self):
        self.assertEqual(
            eid.read_authority(self.dnie.pem).subject, self.dnie.certificate.subject
        )
        self.assertEqual(self._reason(eid.read_authority, self.card.pem), "purpose")
        self.assertEqual(self._reason(eid.read_authority, ""), "malformed")

    def test_one_certificate_and_no_more(self):
        pem = self.card.pem
        for text in (pem + pem, "", "x", pem[:-40], pem.replace("M", "*"), pem * 20):
            with self.subTest(text=text[:20], length=len(text)):
                self.assertEqual(self._reason(eid.read_certificate, text), "malformed")
        self.assertEqual(self._reason(eid.read_certificate, "Ñ" + pem), "malformed")
        self.assertEqual(self._reason(eid.read_certificate, None), "malformed")

    def test_broken_certificates_never_log_in(self):
        """One changed bit is enough to make it nobody's."""
        chance = random.Random(9)
        der = bytearray(self.card.certificate.public_bytes(Encoding.DER))
        for _time in range(400):
            broken = bytearray(der)
            for _bit in range(chance.randint(1, 4)):
                at = chance.randrange(len(broken))
                broken[at] ^= 1 << chance.randrange(8)
            if broken == der:
                continue
            self.assertFalse(self._gets_in(bytes(broken)))
        for length in range(0, len(der), 7):
            self.assertFalse(self._gets_in(bytes(der[:length])))

    def _gets_in(self, der):
        text = f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(der).decode()}"
        try:
            certificate = eid.read_certificate(f"{text}-----END CERTIFICATE-----\n")
            eid.holder_of(certificate, self.now)
            with eid.readable():
                return eid.is_signed_by(certificate, self.dnie.certificate)
        except EidError:
            return False

    def test_addresses(self):
        for text in ("x", "127.0.0.1/33", "::/0", "0.0.0.0/0", "10.0.0.1/8", "a.b.c"):
            with self.subTest(text=text), self.assertRaises(ValueError):
                eid.networks_of(text)
        networks = eid.networks_of("127.0.0.1\n10.0.0.0/8; ::1")
        for address, does in (
            ("127.0.0.1", True),
            ("10.255.0.1", True),
            ("::1", True),
            ("::ffff:10.0.0.1", True),
            ("11.0.0.1", False),
            ("127.0.0.1, 8.8.8.8", False),
            ("localhost", False),
        ):
            with self.subTest(address=address):
                self.assertEqual(eid.is_listed(address, networks), does)
        self.assertFalse(eid.is_listed("127.0.0.1", []))
