from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools import eid
from ..tools.eid import EidError


class CrmEidIssuer(models.Model):
    """A certification authority whose certificates log in: pinned by its own
    certificate, whose key must have signed, and by nothing that a certificate says of
    itself.

    *Lifecycle.* Entered by a system administrator. Archiving one, or giving it another
    certificate, ends the sessions of everybody who is registered with it.
    """

    _name = "crm.eid.issuer"
    _description = "Issuer of Electronic IDs"
    _order = "name, id"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    ca_certificate = fields.Text(
        string="Certificate of the Authority",
        required=True,
        help="The one that signs the certificates of persons, not the root above it: "
        "PEM, it begins with BEGIN CERTIFICATE.",
    )
    distinguished_name = fields.Char(
        compute="_compute_from_certificate", store=True, help="As in RFC 2253."
    )
    fingerprint = fields.Char(
        string="SHA-256 Fingerprint", compute="_compute_from_certificate", store=True
    )
    date_from = fields.Datetime(
        string="Valid from", compute="_compute_from_certificate", store=True
    )
    date_to = fields.Datetime(
        string="Valid until", compute="_compute_from_certificate", store=True
    )
    certificate_ids = fields.One2many(
        comodel_name="crm.eid.certificate", inverse_name="issuer_id"
    )

    _fingerprint_unique = models.Constraint(
        "UNIQUE(fingerprint)", "This authority is there already."
    )
    _name_idx = models.Index("(distinguished_name)")

    @api.depends("ca_certificate")
    def _compute_from_certificate(self):
        for issuer in self:
            issuer.update(issuer._read_authority())

    def _read_authority(self):
        """:return: dict of what the certificate says; of nothing while it says none"""
        try:
            certificate = eid.read_authority((self.ca_certificate or "").strip())
            with eid.readable():
                date_from, date_to = eid.validity_of(certificate)
                return {
                    "distinguished_name": eid.name_of(certificate.subject),
                    "fingerprint": eid.fingerprint_of(certificate),
                    "date_from": date_from,
                    "date_to": date_to,
                }
        except EidError:
            names = ("distinguished_name", "fingerprint", "date_from", "date_to")
            return dict.fromkeys(names, False)

    @api.constrains("ca_certificate")
    def _check_ca_certificate(self):
        for issuer in self:
            if not issuer.fingerprint:
                raise ValidationError(
                    self.env._(
                        "This is no certificate of a certification authority: paste "
                        "the whole text of the one that signs the certificates of "
                        "persons, from BEGIN CERTIFICATE to END CERTIFICATE."
                    )
                )

    @api.model
    def _issuer_of(self, certificate):
        """
        :param certificate: ``x509.Certificate`` of a person
        :return: the one active issuer whose key signed it
        :raise: EidError
        """
        now = fields.Datetime.now()
        with eid.readable():
            name = eid.name_of(certificate.issuer)
            # an authority may have had several keys under one name
            same = [("distinguished_name", "=", name), ("active", "=", True)]
            for issuer in self.search(same):
                authority = eid.read_authority(issuer.ca_certificate.strip())
                is_valid = issuer.date_from <= now <= issuer.date_to
                if is_valid and eid.is_signed_by(certificate, authority):
                    return issuer
        raise EidError("issuer")

    def write(self, vals):
        res = super().write(vals)
        if "ca_certificate" in vals or not vals.get("active", True):
            self.certificate_ids.user_id._crm_end_sessions()
        return res
