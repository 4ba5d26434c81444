import base64
from datetime import timedelta

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessDenied, AccessError, UserError, ValidationError
from odoo.tests import Form, TransactionCase, tagged
from odoo.tools import file_open, mute_logger

from odoo.addons.crm_gestion.models import crm_eid_login

from .common import Connection, CrmGestionCommon
from .eid_common import NIF, root

ROLES = ("seller", "head", "director", "native", "employee")


class EidCase(CrmGestionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # failures are logged on a connection of their own: let it be this one
        cls.registry_enter_test_mode_cls()
        cls.system = cls._make_user("system", "base.group_system")
        cls.dnie = root("AC DNIE 006")
        cls.issuer = cls.env["crm.eid.issuer"].create(
            {"name": "AC DNIE 006", "ca_certificate": cls.dnie.pem}
        )
        cls.certificates = cls.env["crm.eid.certificate"]
        cls.log = cls.env["crm.eid.login"]

    def _register(self, user=None, serial=NIF, **values):
        return self.certificates.with_user(self.system).create(
            {
                "user_id": (user or self.seller).id,
                "issuer_id": self.issuer.id,
                "serial": serial,
                **values,
            }
        )


@tagged("post_install", "-at_install")
class TestEidIssuer(EidCase):
    def test_authority_is_read_from_its_certificate(self):
        self.assertEqual(self.issuer.distinguished_name, "CN=AC DNIE 006,C=ES")
        self.assertEqual(self.issuer.fingerprint, self.dnie.fingerprint)
        self.assertLess(self.issuer.date_from, fields.Datetime.now())
        self.assertGreater(self.issuer.date_to, fields.Datetime.now())

    def test_what_is_no_authority_is_refused(self):
        for text in ("nonsense", self.dnie.person(NIF).pem, self.dnie.pem * 2):
            with self.subTest(text=text[:30]), self.assertRaises(ValidationError):
                self.issuer.create({"name": "Wrong", "ca_certificate": text})
        self.assertEqual(self.issuer.search_count([("name", "=", "Wrong")]), 0)

    def test_authority_is_entered_once(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.issuer.create({"name": "Again", "ca_certificate": self.dnie.pem})

    def test_two_keys_of_one_name(self):
        """An authority that took a new key: each signs its own."""
        newer = root("AC DNIE 006")
        second = self.issuer.create({"name": "New", "ca_certificate": newer.pem})
        for authority, issuer in ((self.dnie, self.issuer), (newer, second)):
            certificate = authority.person(NIF).certificate
            self.assertEqual(self.issuer._issuer_of(certificate), issuer)

    def test_expired_authority_issues_nothing(self):
        certificate = self.dnie.person(NIF).certificate
        after = self.issuer.date_to + timedelta(days=1)
        with freeze_time(after), self.assertRaisesRegex(Exception, "issuer"):
            self.issuer._issuer_of(certificate)

    def test_issuer_of_somebody_is_not_deleted(self):
        self._register()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.issuer.unlink()


@tagged("post_install", "-at_install")
class TestEidCertificate(EidCase):
    def test_number_is_kept_as_a_hash(self):
        certificate = self._register(serial=f"idces-{NIF.lower()}")
        self.assertEqual(certificate.hint, "78Z")
        self.assertFalse(certificate.serial)
        self.assertEqual(certificate.state, "registered")
        self.env.cr.execute(
            "SELECT row_to_json(c)::text FROM crm_eid_certificate c WHERE id = %s",
            [certificate.id],
        )
        self.assertNotIn(NIF[:6], self.env.cr.fetchone()[0])
        self.assertEqual(certificate.sudo().serial_hash, self.certificates._hash(NIF))

    def test_hash_needs_the_secret_of_the_database(self):
        before = self.certificates._hash(NIF)
        self.env["ir.config_parameter"].set_param("database.secret", "another")
        self.assertNotEqual(self.certificates._hash(NIF), before)

    def test_hash_is_read_by_nobody(self):
        certificate = self._register()
        with self.assertRaises(AccessError):
            certificate.read(["serial_hash"])
        with self.assertRaises(AccessError):
            certificate.search([("serial_hash", "!=", False)])

    def test_hash_that_is_sent_is_not_taken(self):
        with self.assertRaises(UserError):
            self._register(serial=False, serial_hash=self.certificates._hash(NIF))
        certificate = self._register(serial="87654321X", hint="abc", serial_hash="x")
        self.assertEqual(certificate.hint, "21X")
        self.assertNotEqual(certificate.sudo().serial_hash, "x")

    def test_person_is_one_user(self):
        self._register()
        other = self.issuer.create(
            {"name": "Other", "ca_certificate": root("AC 2").pem}
        )
        with self.assertRaises(ValidationError) as caught:
            self._register(self.colleague, issuer_id=other.id)
        self.assertIn("Seller", caught.exception.args[0])
        self.assertEqual(self._register(issuer_id=other.id).user_id, self.seller)

    def test_person_is_registered_once_with_an_issuer(self):
        self._register()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self._register()

    def test_revoked_one_makes_room(self):
        first = self._register()
        first.action_revoke()
        second = self._register(self.colleague)
        self.assertEqual((first.state, first.active), ("revoked", False))
        self.assertEqual(second.state, "registered")

    def test_revoking_is_for_good(self):
        certificate = self._register()
        with freeze_time("2026-03-02 10:00:00"):
            certificate.action_revoke()
        certificate.action_revoke()
        self.assertEqual(str(certificate.revoked_on), "2026-03-02 10:00:00")
        with self.assertRaises(UserError):
            certificate.action_unarchive()
        self.assertFalse(certificate.active)

    def test_registration_is_not_changed(self):
        certificate = self._register()
        for values in (
            {"user_id": self.colleague.id},
            {"serial": "87654321X"},
            {"serial_hash": "x"},
            {"fingerprint": "a" * 64},
            {"revoked_on": False},
        ):
            with self.subTest(**values), self.assertRaises(UserError):
                certificate.write(values)
        self.assertEqual(certificate.user_id, self.seller)

    def test_users_who_may_not(self):
        portal = self._make_user("portal", "base.group_portal")
        left = self._make_user("left", "base.group_user", active=False)
        for user in (portal, left):
            with self.subTest(user=user.name), self.assertRaises(ValidationError):
                self._register(user)

    def test_fingerprint(self):
        pretty = ":".join(["AB"] * 32)
        self.assertEqual(self._register(fingerprint=pretty).fingerprint, "ab" * 32)
        for wrong in ("ab", "z" * 64, "ab" * 33):
            with self.subTest(wrong=wrong), self.assertRaises(UserError):
                self._register(self.colleague, "87654321X", fingerprint=wrong)

    def test_form_reads_a_certificate(self):
        card = self.dnie.person(f"IDCES-{NIF}")
        der = base64.b64decode("".join(card.pem.split("\n")[1:-2]))
        for content in (card.pem.encode(), der):
            form = Form(self.certificates.with_user(self.system))
            form.user_id = self.seller
            form.certificate_file = base64.b64encode(content).decode()
            self.assertEqual(form.issuer_id, self.issuer)
            self.assertEqual(form.serial, NIF)
            certificate = form.save()
            self.assertEqual(certificate.fingerprint, card.fingerprint)
            self.assertEqual(certificate.hint, "78Z")
            certificate.action_revoke()

    def test_form_refuses_what_could_not_log_in(self):
        for content in (b"nonsense", root("Other").person(NIF).pem.encode(), b"\x30x"):
            form = Form(self.certificates.with_user(self.system))
            with self.subTest(content=content[:9]), self.assertRaises(UserError):
                form.certificate_file = base64.b64encode(content).decode()

    def test_user_form_lists_his(self):
        self._register()
        user = self.seller.with_user(self.system)
        self.assertEqual(user.crm_eid_certificate_ids.mapped("hint"), ["78Z"])
        with self.assertRaises(AccessError):
            self.seller.with_user(self.seller).read(["crm_eid_certificate_ids"])

    def test_stamp_is_neither_read_nor_copied(self):
        self._register().action_revoke()
        self.assertTrue(self.seller.sudo().crm_eid_stamp)
        with self.assertRaises(AccessError):
            self.seller.with_user(self.system).read(["crm_eid_stamp"])
        self.assertFalse(self.seller.copy({"login": "copied"}).sudo().crm_eid_stamp)


@tagged("post_install", "-at_install")
class TestEidAccess(EidCase):
    def test_only_system_administrators_have_to_do_with_it(self):
        certificate = self._register()
        self.log._log_failure({"reason": "off"})
        row = self.log.search([], limit=1)
        for role in ROLES:
            user = getattr(self, role)
            for record in (certificate, self.issuer, row):
                with self.subTest(role=role, model=record._name):
                    for operation in ("read", "write", "create", "unlink"):
                        self.assertFalse(record.with_user(user).has_access(operation))
                    with self.assertRaises(AccessError):
                        record.with_user(user).read()
        for operation in ("write", "create", "unlink"):
            self.assertFalse(row.with_user(self.system).has_access(operation))
        with self.assertRaises(AccessError):
            certificate.with_user(self.director).action_revoke()
        self.assertEqual(certificate.state, "registered")

    def test_secret_is_for_system_administrators(self):
        before = self.env["crm.eid"]._get("secret_digest")
        for role in ROLES:
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.env["crm.eid"].with_user(getattr(self, role))._renew_secret()
        self.assertEqual(self.env["crm.eid"]._get("secret_digest"), before)

    def test_menus(self):
        menu = self.env.ref("crm_gestion.menu_crm_eid")
        self.assertIn(menu.id, menu.with_user(self.system)._visible_menu_ids())
        self.assertNotIn(menu.id, menu.with_user(self.director)._visible_menu_ids())


@tagged("post_install", "-at_install")
class TestEidSettings(EidCase):
    def _save(self, **values):
        settings = self.env["res.config.settings"].with_user(self.system)
        settings = settings.create({f"crm_eid_{k}": v for k, v in values.items()})
        settings.execute()
        return settings

    def _get(self, name):
        return self.env["crm.eid"]._get(name)

    def test_off_until_everything_is_there(self):
        gate = self.env["crm.eid"]
        self.assertFalse(gate._is_on())
        self._save(enabled=True)
        self.assertFalse(gate._is_on())
        self.assertEqual(gate._missing(), ["proxies", "secret"])
        self._save(proxies="127.0.0.1, 10.0.0.0/30")
        gate.with_user(self.system)._renew_secret()
        self.assertTrue(gate._is_on())
        self.issuer.active = False
        self.assertFalse(gate._is_on())

    def test_secret_is_shown_once(self):
        settings = self.env["res.config.settings"].with_user(self.system).create({})
        secret = settings.action_new_eid_secret()["params"]["message"]
        self.assertGreaterEqual(len(secret), 40)
        self.assertNotEqual(self._get("secret_digest"), secret)
        self.assertEqual(len(self._get("secret_digest")), 64)
        stored = self.env["ir.config_parameter"].search([]).mapped("value")
        self.assertNotIn(secret, stored)
        self.assertNotEqual(
            settings.action_new_eid_secret()["params"]["message"], secret
        )

    def test_wrong_settings_are_refused(self):
        for values in (
            {"proxies": "proxy.example.com"},
            {"proxies": "0.0.0.0/0"},
            {"url": "http://eid.example.com"},
            {"url": "https://eid.example.com/path"},
            {"url": "javascript:alert(1)"},
        ):
            with self.subTest(**values), self.assertRaises(UserError):
                self._save(**values)
        self.assertEqual((self._get("proxies"), self._get("url")), ("", ""))

    def test_copy_of_the_database_is_switched_off(self):
        self._save(enabled=True, proxies="127.0.0.1")
        self.env["crm.eid"].with_user(self.system)._renew_secret()
        self.assertTrue(self.env["crm.eid"]._is_on())
        self.env.flush_all()
        with file_open("crm_gestion/data/neutralize.sql") as file:
            self.env.cr.execute(file.read())
        self.env.registry.clear_all_caches()
        self.env.invalidate_all()
        self.assertFalse(self.env["crm.eid"]._is_on())
        self.assertFalse(self._get("secret_digest"))


@tagged("post_install", "-at_install")
class TestEidLog(EidCase):
    def _refused(self, function):
        """Without the savepoint of ``assertRaises``: it would take the row along.

        :return: the error
        """
        try:
            function()
        except AccessDenied as error:
            return error
        raise AssertionError("nobody was refused")

    def test_what_happened_is_not_told(self):
        def wait():
            with self.log._audit():
                raise AccessDenied(self.env._("Too many login failures"))

        self.assertEqual(self._refused(wait).args, AccessDenied().args)
        self.assertEqual(self.log.search([], limit=1).reason, "cooldown")

    def test_without_a_request_nobody_is_there(self):
        credential = {"type": "client_cert", "login": self.seller.login}
        env = {"interactive": True}
        users = self.env["res.users"]
        self._refused(lambda: users.authenticate(credential, env))
        self.assertEqual(self.log.search([], limit=1).reason, "elsewhere")
        seller = self.seller.with_user(self.seller)
        self._refused(lambda: seller._check_credentials(credential, env))

    @freeze_time("2026-03-02 10:00:00")
    def test_flood(self):
        for _time in range(crm_eid_login.MINUTE_LIMIT + 3):
            self.log._log_failure({"reason": "off"})
        recent = [("date", ">=", "2026-03-02 10:00:00")]
        self.assertEqual(self.log.search_count(recent), crm_eid_login.MINUTE_LIMIT)
        with freeze_time("2026-03-02 10:01:01"):
            self.log._log_failure({"reason": "off"})
        self.assertEqual(self.log.search_count(recent), crm_eid_login.MINUTE_LIMIT + 1)

    @freeze_time("2026-03-02 10:00:00")
    def test_flood_of_many_addresses(self):
        self.patch(crm_eid_login, "DAY_LIMIT", 3)
        for number in range(5):
            self.log._log_failure({"reason": "off", "address": f"10.0.0.{number}"})
        recent = [("date", ">=", "2026-03-02 10:00:00")]
        self.assertEqual(self.log.search_count(recent), 3)

    def test_old_rows_go(self):
        rows = self.log.create(
            [
                {"date": "2024-03-01 10:00:00", "reason": "off"},
                {"date": "2024-03-03 10:00:00", "reason": "success"},
            ]
        )
        with freeze_time("2026-03-02 10:00:00"):
            self.log._gc_logins()
        self.assertEqual(rows.exists(), rows[1])


@tagged("post_install", "-at_install")
class TestEidLogStays(TransactionCase):
    """On two connections to the database, as on a server."""

    def test_failure_survives_what_is_rolled_back(self):
        self.addCleanup(self._forget)
        with self.assertRaises(AccessDenied), Connection() as env:
            with env["crm.eid.login"]._audit() as attempt:
                env["res.partner"].create({"name": "Of the refused login"})
                attempt.update(reason="secret", fingerprint="of the test")
                raise AccessDenied()
        with Connection() as env:
            self.assertEqual(self._rows(env).mapped("reason"), ["secret"])
            self.assertFalse(
                env["res.partner"].search([("name", "=", "Of the refused login")])
            )

    def _rows(self, env):
        return env["crm.eid.login"].search([("fingerprint", "=", "of the test")])

    def _forget(self):
        with Connection() as env:
            self._rows(env).unlink()
