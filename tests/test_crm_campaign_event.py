from types import SimpleNamespace

from freezegun import freeze_time

from odoo import fields, models
from odoo.tests import tagged

from .test_crm_campaign_member import MemberCommon

MODEL = "event.registration"
STAND_IN = "event_stand_in"  # as if a module of this name brought it


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestEventRegistrations(MemberCommon):
    """The event app is no dependency: where it is not there, a model that has what we
    read of it stands for it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.values = {}
        if MODEL in cls.env:
            event = cls.env["event.event"].create(
                {
                    "name": "Fair",
                    "date_begin": "2026-04-01 08:00:00",
                    "date_end": "2026-04-02 18:00:00",
                }
            )
            cls.values = {"event_id": event.id}
        else:
            cls._stand_in_for_the_app()

    @classmethod
    def _stand_in_for_the_app(cls):
        class Registration(models.Model):
            _module = STAND_IN
            _name = MODEL
            _description = "Registration"
            _auto = False
            _log_access = True

            utm_campaign_id = fields.Many2one("utm.campaign")
            partner_id = fields.Many2one("res.partner")
            email = fields.Char()
            active = fields.Boolean(default=True)
            state = fields.Selection(
                [("draft", "D"), ("open", "O"), ("done", "A"), ("cancel", "C")],
                default="open",
            )

        cls.env.cr.execute(
            """CREATE TABLE event_registration (
                   id serial PRIMARY KEY, utm_campaign_id int, partner_id int,
                   email varchar, active bool, state varchar, create_uid int,
                   create_date timestamp, write_uid int, write_date timestamp)"""
        )
        registry = cls.env.registry
        cls.addClassCleanup(
            models.MetaModel._module_to_models__.pop, STAND_IN, [Registration]
        )
        cls.addClassCleanup(registry.reset_changes)
        registry.load(SimpleNamespace(name=STAND_IN))
        cls.addClassCleanup(registry.__delitem__, MODEL)
        registry._setup_models__(cls.env.cr, [MODEL])

    def _register(self, **values):
        return self.env[MODEL].create(
            {"utm_campaign_id": self.campaign.id, **self.values, **values}
        )

    def test_registrations_are_answers(self):
        person, twin, cancelled, draft = self._make_people(4)
        twin.copy({"email": twin.email})
        came = self._register(partner_id=self.contact.id, state="done")
        self._register(email=person.email.upper())
        self._register(email=twin.email)
        self._register(email="nobody@unknown.example")
        self._register(partner_id=cancelled.id, state="cancel")
        self._register(partner_id=draft.id, state="draft")
        self._register(partner_id=draft.id, utm_campaign_id=False)
        self.assertEqual(self._states(), {})
        self._refresh_all()
        self.assertEqual(
            self._states(), dict.fromkeys((self.contact, person), "answered")
        )
        date = came.create_date
        self.assertEqual(
            self._members()[self.contact], ("answered", date, date, "event")
        )

    def test_many_registrations_cost_a_few_queries(self):
        people = self._make_people(30)
        registrations = self.env[MODEL].union(
            *(self._register(email=who.email) for who in people)
        )
        self.assertFlatGrowth(
            self.env["crm.campaign.feed"]._follow, registrations[:3], registrations
        )
        self.assertEqual(len(self._states()), 30)
