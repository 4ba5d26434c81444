import base64
import binascii

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import hmac

from ..tools import eid
from ..tools.eid import EidError

SCOPE = "crm_gestion.eid.serial"


class CrmEidCertificate(models.Model):
    """That a person with a certificate is one of our users: issuer and the number of
    the person (NIF), never a name or an e-mail, to one internal user.

    The number is kept as a keyed hash, with its last three characters for whoever
    looks at the list. A fingerprint, where given, binds the user to one card.

    *Lifecycle.* Registered by a system administrator, and never changed: another card
    or person is another registration. Revoking (which is what archiving does) or
    deleting one ends the user's sessions at once; a revoked one stays so.

    *Invariants.* A person is one user: no number belongs to two of them, whoever
    issued it.
    """

    _name = "crm.eid.certificate"
    _description = "Electronic ID of a User"
    _order = "user_id, id"
    _rec_name = "user_id"

    user_id = fields.Many2one(
        comodel_name="res.users",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('share', '=', False)]",
    )
    issuer_id = fields.Many2one(
        comodel_name="crm.eid.issuer", required=True, index=True, ondelete="restrict"
    )
    certificate_file = fields.Binary(
        string="Read from a Certificate",
        compute="_compute_typed",
        readonly=False,
        help="The person's certificate without its key, PEM or DER: issuer, number and "
        "fingerprint are read from it. It is not kept.",
    )
    serial = fields.Char(
        string="ID Number",
        compute="_compute_typed",
        readonly=False,
        exportable=False,
        help="The NIF, with or without a prefix. It is not shown again.",
    )
    serial_hash = fields.Char(
        required=True, readonly=True, copy=False, groups=fields.NO_ACCESS
    )
    hint = fields.Char(
        string="Number Ends in", readonly=True, copy=False, help="Of the ID number."
    )
    fingerprint = fields.Char(
        string="Only This Certificate",
        copy=False,
        help="SHA-256 fingerprint of the one certificate that logs in. Empty, a "
        "renewed card of the same person does too.",
    )
    active = fields.Boolean(default=True)
    revoked_on = fields.Datetime(readonly=True, copy=False)
    state = fields.Selection(
        selection=[("registered", "Registered"), ("revoked", "Revoked")],
        compute="_compute_state",
    )

    _person_unique = models.UniqueIndex(
        "(issuer_id, serial_hash) WHERE revoked_on IS NULL",
        "This person is registered with this issuer already.",
    )
    _serial_idx = models.Index("(serial_hash) WHERE revoked_on IS NULL")

    # === COMPUTE METHODS === #

    def _compute_typed(self):
        """These fields are typed in and never shown again: `create` keeps a hash."""
        self.serial = False
        self.certificate_file = False

    @api.depends("revoked_on")
    def _compute_state(self):
        for certificate in self:
            certificate.state = "revoked" if certificate.revoked_on else "registered"

    # === CONSTRAINTS AND ONCHANGE === #

    @api.constrains("user_id")
    def _check_user(self):
        for user in self.user_id:
            if user.share or not user.active:
                raise ValidationError(
                    self.env._(
                        "%s cannot log in with an electronic ID: choose an active "
                        "internal user.",
                        user.name,
                    )
                )

    @api.constrains("user_id", "serial_hash")
    def _check_one_user(self):
        # sudo: nobody reads the hash
        for certificate in self.sudo():
            others = certificate.search(
                [
                    ("serial_hash", "=", certificate.serial_hash),
                    ("user_id", "!=", certificate.user_id.id),
                    ("revoked_on", "=", False),
                ],
                limit=1,
            )
            if others:
                raise ValidationError(
                    self.env._(
                        "This person is registered as %s: revoke that first.",
                        others.user_id.name,
                    )
                )

    @api.onchange("certificate_file")
    def _onchange_certificate_file(self):
        if not self.certificate_file:
            return
        try:
            certificate = self._read_file(self.certificate_file)
            holder = eid.holder_of(certificate, fields.Datetime.now())
            self.issuer_id = self.env["crm.eid.issuer"]._issuer_of(certificate)
        except EidError as error:
            self.certificate_file = False
            raise UserError(
                self.env._(
                    "This certificate cannot be registered: %s.",
                    self.env["crm.eid.login"]._label(error.reason),
                )
            ) from None
        self.serial = holder.serial
        self.fingerprint = holder.fingerprint

    @api.model
    def _read_file(self, content):
        """:return: ``x509.Certificate`` of a file's content, PEM or DER"""
        try:
            content = base64.b64decode(content)
        except (binascii.Error, ValueError):
            raise EidError("malformed") from None
        if content.startswith(b"\x30"):
            content = b"%s\n%s\n-----END CERTIFICATE-----\n" % (
                eid.BEGIN,
                base64.encodebytes(content).strip(),
            )
        return eid.read_certificate(content)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        # sudo: nobody but this method writes the hash; access is checked here
        self.check_access("create")
        vals_list = [self._prepare_vals(vals) for vals in vals_list]
        return (
            super(CrmEidCertificate, self.sudo()).create(vals_list).with_env(self.env)
        )

    @api.model
    def _prepare_vals(self, vals):
        """:return: dict of the values to keep: the number's hash in place of it"""
        try:
            serial = eid.normalized_serial(vals.get("serial"))
        except EidError:
            raise UserError(
                self.env._(
                    "Give the ID number (NIF) of the person: letters and digits, at "
                    "least 5."
                )
            ) from None
        fingerprint = (vals.get("fingerprint") or "").replace(":", "").strip().lower()
        if fingerprint and (
            len(fingerprint) != 64 or fingerprint.strip("0123456789abcdef")
        ):
            raise UserError(
                self.env._(
                    "Give the SHA-256 fingerprint of the certificate, 64 hexadecimal "
                    "digits, or leave it empty."
                )
            )
        return {
            "user_id": vals.get("user_id"),
            "issuer_id": vals.get("issuer_id"),
            "serial_hash": self._hash(serial),
            "hint": serial[-3:],
            "fingerprint": fingerprint or False,
        }

    def write(self, vals):
        if set(vals) != {"active"} or vals["active"]:
            raise UserError(
                self.env._(
                    "The registration of an electronic ID is not changed: revoke it "
                    "and register another one."
                )
            )
        # once: the day of a revoked one stays
        valid = self.filtered(lambda certificate: not certificate.revoked_on)
        res = super(CrmEidCertificate, valid).write(
            {"active": False, "revoked_on": fields.Datetime.now()}
        )
        # the unique index is to know before this person is registered anew
        valid.flush_recordset()
        valid.user_id._crm_end_sessions()
        return res

    def unlink(self):
        users = self.user_id
        res = super().unlink()
        users._crm_end_sessions()
        return res

    # === ACTIONS === #

    def action_revoke(self):
        """They log nobody in any more, and end the sessions of their users."""
        self.write({"active": False})

    # === BUSINESS METHODS === #

    @api.model
    def _hash(self, serial):
        # sudo: the key is the database's secret
        return hmac(self.env(su=True), SCOPE, serial)

    @api.model
    def _registered(self, holder, issuer, attempt):
        """
        :param holder: `Holder` of a good certificate
        :param issuer: ``crm.eid.issuer`` that signed it
        :param dict attempt: what the log will say, filled in here
        :return: the registration, of a user who may log in
        :raise: EidError
        """
        found = self.with_context(active_test=False).search(
            [
                ("issuer_id", "=", issuer.id),
                ("serial_hash", "=", self._hash(holder.serial)),
            ],
            order="revoked_on DESC, id DESC",  # the one that is not revoked first
            limit=1,
        )
        if not found:
            raise EidError("unregistered")
        attempt["user_id"] = found.user_id.id
        if found.revoked_on:
            raise EidError("revoked")
        if found.fingerprint and found.fingerprint != holder.fingerprint:
            raise EidError("pin")
        if not found.user_id.active or not found.user_id._is_internal():
            raise EidError("user")
        return found
