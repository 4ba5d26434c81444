"""What a client certificate says, and what the proxy that checked it says: plain
functions without env. Whatever cannot be trusted raises `EidError` with its reason."""

import hashlib
import ipaddress
import re
from contextlib import contextmanager
from datetime import UTC
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import (
    ExtendedKeyUsageOID,
    NameOID,
    SignatureAlgorithmOID,
)

# Headers that the proxy sets. No other part of the request is looked at.
SECRET_HEADER = "X-Crm-Eid-Secret"
VERIFY_HEADER = "X-Crm-Eid-Verify"
CERTIFICATE_HEADER = "X-Crm-Eid-Certificate"
# An escaped certificate of an electronic ID has about 3,000 characters.
LONGEST = 16384
# An ID number of Spain as certificates write it (ETSI EN 319 412-1, and older ones).
SPANISH_PREFIX = re.compile(r"^(?:IDCES|IDESP|PNOES|TINES|VATES)-")
BEGIN = b"-----BEGIN CERTIFICATE-----"
WEAK = (hashes.MD5, hashes.SHA1)
# How a certificate was signed, for versions of cryptography that do not tell. What is
# in none of these did not sign.
PADDED = {
    SignatureAlgorithmOID.RSA_WITH_SHA256,
    SignatureAlgorithmOID.RSA_WITH_SHA384,
    SignatureAlgorithmOID.RSA_WITH_SHA512,
}
ON_A_CURVE = {
    SignatureAlgorithmOID.ECDSA_WITH_SHA256,
    SignatureAlgorithmOID.ECDSA_WITH_SHA384,
    SignatureAlgorithmOID.ECDSA_WITH_SHA512,
}
# What nginx says of a certificate that it refused -> reason.
VERDICTS = (
    ("not yet valid", "not_yet"),
    ("has expired", "expired"),
    ("revoked", "crl"),
    ("unable to get", "issuer"),
    ("self-signed", "issuer"),
    ("self signed", "issuer"),
    ("unable to verify", "issuer"),
)


class EidError(Exception):
    """A proof that does not hold.

    >>> EidError("expired").reason
    'expired'
    """

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


class Holder(NamedTuple):
    """Whose certificate it is: the number of the person, and which certificate."""

    serial: str
    fingerprint: str
    issuer: str


# === PROXY === #


def networks_of(text):
    """
    :param str text: addresses and networks, by spaces, commas or lines
    :return: list of networks
    :raise: ValueError for what is none, and for one of all addresses: that would be
        no known proxy

    >>> networks_of("127.0.0.1, 10.0.0.0/30")
    [IPv4Network('127.0.0.1/32'), IPv4Network('10.0.0.0/30')]
    >>> networks_of("")
    []
    >>> networks_of("0.0.0.0/0")
    Traceback (most recent call last):
    ValueError: 0.0.0.0/0
    """
    networks = []
    for word in re.split(r"[\s,;]+", text or ""):
        if not word:
            continue
        network = ipaddress.ip_network(word)
        if not network.prefixlen:
            raise ValueError(word)
        networks.append(network)
    return networks


def peer_of(environ):
    """The other end of the socket. What ``X-Forwarded-For`` made of it is what a
    client may have written.

    :param dict environ: of a WSGI request

    >>> peer_of({"REMOTE_ADDR": "10.0.0.5"})
    '10.0.0.5'
    >>> before = {"REMOTE_ADDR": "127.0.0.1"}
    >>> peer_of({"REMOTE_ADDR": "8.8.8.8", "werkzeug.proxy_fix.orig": before})
    '127.0.0.1'
    """
    return (environ.get("werkzeug.proxy_fix.orig") or environ).get("REMOTE_ADDR") or ""


def is_listed(address, networks):
    """
    >>> is_listed("::ffff:127.0.0.1", networks_of("127.0.0.1"))
    True
    >>> is_listed("127.0.0.2", networks_of("127.0.0.1"))
    False
    >>> is_listed("", networks_of("127.0.0.1"))
    False
    """
    try:
        address = ipaddress.ip_address(address)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in network for network in networks)


def header_of(environ, name):
    """A header that must be there once. Servers join several of a name, and those
    with an underscore in place of a hyphen, by a comma: no value of ours has one.

    >>> header_of({"HTTP_X_CRM_EID_VERIFY": "SUCCESS"}, VERIFY_HEADER)
    'SUCCESS'
    >>> header_of({}, VERIFY_HEADER)
    ''
    >>> header_of({"HTTP_X_CRM_EID_VERIFY": "SUCCESS,SUCCESS"}, VERIFY_HEADER)
    Traceback (most recent call last):
    odoo.addons.crm_gestion.tools.eid.EidError: headers
    """
    value = environ.get(f"HTTP_{name.upper().replace('-', '_')}") or ""
    if "," in value or len(value) > LONGEST or not value.isascii():
        raise EidError("headers")
    return value


def digest_of(secret):
    """
    >>> digest_of("one")
    '7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed'
    """
    return hashlib.sha256(secret.encode()).hexdigest()


def check_verdict(verdict):
    """
    :param str verdict: the proxy's on the certificate
    :raise: EidError unless it is "SUCCESS"

    >>> check_verdict("SUCCESS")
    >>> for verdict in ("", "NONE", "FAILED:certificate revoked", "success"):
    ...     try:
    ...         check_verdict(verdict)
    ...     except EidError as error:
    ...         error.reason
    'no_certificate'
    'no_certificate'
    'crl'
    'not_verified'
    """
    if verdict == "SUCCESS":
        return
    if verdict in ("", "NONE"):
        raise EidError("no_certificate")
    for words, reason in VERDICTS:
        if words in verdict:
            raise EidError(reason)
    raise EidError("not_verified")


# === CERTIFICATE === #


@contextmanager
def readable():
    """Certificates are read bit by bit, each of which may turn out to be nonsense.

    >>> with readable():
    ...     raise ValueError("this is no date")
    Traceback (most recent call last):
    odoo.addons.crm_gestion.tools.eid.EidError: malformed
    """
    try:
        yield
    except (
        ValueError,  # errors of decoding are ones
        TypeError,
        AttributeError,
        LookupError,  # a kind of text that no certificate has
        OverflowError,
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.InvalidVersion,
        x509.UnsupportedGeneralNameType,
    ):
        raise EidError("malformed") from None


def read_certificate(text):
    """
    :param text: one certificate, PEM, in bytes or str
    :return: ``x509.Certificate``
    :raise: EidError

    >>> read_certificate("nonsense")
    Traceback (most recent call last):
    odoo.addons.crm_gestion.tools.eid.EidError: malformed
    """
    with readable():
        pem = text.encode("ascii") if isinstance(text, str) else text
        if len(pem) > LONGEST or pem.count(BEGIN) != 1:
            raise EidError("malformed")
        return x509.load_pem_x509_certificate(pem)


def read_escaped(text):
    """
    :param str text: as nginx escapes it in ``$ssl_client_escaped_cert``

    >>> read_escaped("%2D%2D%2D")
    Traceback (most recent call last):
    odoo.addons.crm_gestion.tools.eid.EidError: malformed
    """
    if not text:
        raise EidError("no_certificate")
    return read_certificate(unquote_to_bytes(text))


def escape(pem):
    """The other way round, as nginx does it.

    >>> escape("-----BEGIN A-----\\n")
    '-----BEGIN%20A-----%0A'
    """
    return quote(pem, safe="")


def read_authority(text):
    """
    :return: ``x509.Certificate`` of a certification authority

    >>> read_authority("nonsense")
    Traceback (most recent call last):
    odoo.addons.crm_gestion.tools.eid.EidError: malformed
    """
    certificate = read_certificate(text)
    with readable():
        if not is_authority(certificate):
            raise EidError("purpose")
    return certificate


def is_authority(certificate):
    """
    >>> is_authority(None)
    Traceback (most recent call last):
    AttributeError: 'NoneType' object has no attribute 'extensions'
    """
    constraints = extension_of(certificate, x509.BasicConstraints)
    return bool(constraints and constraints.ca)


def extension_of(certificate, kind):
    """
    :return: value of the extension, or None

    >>> class Certificate:
    ...     extensions = x509.Extensions([])
    >>> extension_of(Certificate, x509.KeyUsage)
    """
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def name_of(name):
    """
    :return: a distinguished name as in RFC 2253 and 4514, the last part first

    >>> country = x509.NameAttribute(NameOID.COUNTRY_NAME, "ES")
    >>> name_of(x509.Name([country, x509.NameAttribute(NameOID.COMMON_NAME, "AC")]))
    'CN=AC,C=ES'
    """
    return name.rfc4514_string()


def fingerprint_of(certificate):
    """
    >>> fingerprint_of(None)
    Traceback (most recent call last):
    AttributeError: 'NoneType' object has no attribute 'fingerprint'
    """
    return certificate.fingerprint(hashes.SHA256()).hex()


def normalized_serial(text):
    """The number of a person however it is written: Spanish numbers lose their
    prefix, those of another country keep theirs.

    :raise: EidError where it is none

    >>> for text in ("IDCES-12345678z", "12.345.678-Z", "VATES-12345678Z"):
    ...     normalized_serial(text)
    '12345678Z'
    '12345678Z'
    '12345678Z'
    >>> normalized_serial("IDCPT-12345678")
    'IDCPT12345678'
    >>> normalized_serial("１２３４５６７８Z")
    Traceback (most recent call last):
    odoo.addons.crm_gestion.tools.eid.EidError: serial
    """
    if not text or not text.isascii():
        raise EidError("serial")
    serial = re.sub(r"[\s.\-]", "", SPANISH_PREFIX.sub("", text.strip().upper()))
    if not re.fullmatch(r"[A-Z0-9]{5,30}", serial):
        raise EidError("serial")
    return serial


def validity_of(certificate):
    """
    :return: from when and until when, in UTC without a time zone as Odoo has them

    >>> validity_of(None)
    Traceback (most recent call last):
    AttributeError: 'NoneType' object has no attribute 'not_valid_before'
    """
    return (
        moment_of(certificate, "not_valid_before"),
        moment_of(certificate, "not_valid_after"),
    )


def moment_of(certificate, name):
    """Today's cryptography has moments with a time zone and warns of those without,
    which are all that versions before 42 have.

    >>> class Old:
    ...     not_valid_after = "2027-01-01"
    >>> moment_of(Old, "not_valid_after")
    '2027-01-01'
    """
    if not hasattr(certificate, f"{name}_utc"):
        return getattr(certificate, name)
    return getattr(certificate, f"{name}_utc").astimezone(UTC).replace(tzinfo=None)


def check_validity(certificate, now):
    """
    :param datetime now: in UTC, without a time zone
    :raise: EidError

    >>> check_validity(None, None)
    Traceback (most recent call last):
    AttributeError: 'NoneType' object has no attribute 'not_valid_before'
    """
    date_from, date_to = validity_of(certificate)
    if now < date_from:
        raise EidError("not_yet")
    if now > date_to:
        raise EidError("expired")


def check_purpose(certificate):
    """One that is for logging in: the one for signing documents, of the same card,
    and a server's are not.

    :raise: EidError

    >>> class Certificate:
    ...     extensions = x509.Extensions([])
    >>> check_purpose(Certificate)
    """
    if is_authority(certificate):
        raise EidError("purpose")
    usage = extension_of(certificate, x509.KeyUsage)
    if usage and not usage.digital_signature:
        raise EidError("purpose")
    extended = extension_of(certificate, x509.ExtendedKeyUsage)
    if extended and ExtendedKeyUsageOID.CLIENT_AUTH not in extended:
        raise EidError("purpose")


def is_signed_by(certificate, authority):
    """Whether the authority's key signed it, not only one of its name.

    >>> is_signed_by(None, None)
    Traceback (most recent call last):
    AttributeError: 'NoneType' object has no attribute 'issuer'
    """
    algorithm = certificate.issuer == authority.subject and (
        certificate.signature_hash_algorithm
    )
    if not algorithm or isinstance(algorithm, WEAK):
        return False
    signed = (certificate.signature, certificate.tbs_certificate_bytes)
    key = authority.public_key()
    how = signing_of(certificate, algorithm)
    try:
        if isinstance(key, rsa.RSAPublicKey) and isinstance(
            how, padding.PKCS1v15 | padding.PSS
        ):
            key.verify(*signed, how, algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(how, ec.ECDSA):
            key.verify(*signed, how)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def signing_of(certificate, algorithm):
    """How it was signed. Versions of cryptography before 41 do not tell, and RSA of the
    kind PSS is refused there: its parameters cannot be read.

    :return: padding of RSA, ``ec.ECDSA``, or None

    >>> class Old:
    ...     signature_algorithm_oid = SignatureAlgorithmOID.ECDSA_WITH_SHA256
    >>> isinstance(signing_of(Old, hashes.SHA256()), ec.ECDSA)
    True
    >>> Old.signature_algorithm_oid = SignatureAlgorithmOID.DSA_WITH_SHA256
    >>> signing_of(Old, hashes.SHA256())
    """
    if hasattr(certificate, "signature_algorithm_parameters"):
        return certificate.signature_algorithm_parameters
    kind = certificate.signature_algorithm_oid
    if kind in PADDED:
        return padding.PKCS1v15()
    return ec.ECDSA(algorithm) if kind in ON_A_CURVE else None


def holder_of(certificate, now):
    """
    :param certificate: ``x509.Certificate``
    :param datetime now: in UTC, without a time zone
    :return: `Holder`
    :raise: EidError

    >>> holder_of(None, None)
    Traceback (most recent call last):
    odoo.addons.crm_gestion.tools.eid.EidError: malformed
    """
    with readable():
        check_validity(certificate, now)
        check_purpose(certificate)
        numbers = certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
        if len(numbers) != 1:
            raise EidError("serial")
        return Holder(
            normalized_serial(numbers[0].value),
            fingerprint_of(certificate),
            name_of(certificate.issuer),
        )
