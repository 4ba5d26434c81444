from odoo.addons.mail.tests.common import MailCase

from .common import CrmGestionCommon

# A Monday, in working hours; the calendar of the tests works from 9 to 17, UTC.
MONDAY = "2026-03-02 10:00:00"


class IncidentCommon(CrmGestionCommon, MailCase):
    """A desk with an agent, who is a project user invited to it, and a company that
    works from Monday to Friday, from 9 to 17 without a break."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desk = cls.env.ref("crm_gestion.incident_desk")
        cls.agent = cls._make_user("agent", "project.group_project_user")
        cls.desk.message_subscribe(cls.agent.partner_id.ids)
        cls._speak_english()
        cls.calendar = cls._make_calendar()
        cls.env.company.resource_calendar_id = cls.calendar
        cls.incidents = cls.env["crm.incident"]
        cls.fault = cls.env.ref("crm_gestion.incident_type_fault")

    @classmethod
    def _make_calendar(cls, tz="UTC", days=range(5), hours=((9, 17),)):
        attendances = [
            (
                0,
                0,
                {
                    "name": "Work",
                    "dayofweek": str(day),
                    "hour_from": start,
                    "hour_to": stop,
                    "day_period": "morning",
                },
            )
            for day in days
            for start, stop in hours
        ]
        return cls.env["resource.calendar"].create(
            {
                "name": "Desk",
                "tz": tz,
                "company_id": cls.env.company.id,
                "attendance_ids": attendances,
            }
        )

    @classmethod
    def _open(cls, user=None, **values):
        """An incident of the seller's account."""
        user = user or cls.seller
        return (
            cls.env["crm.incident"]
            .with_user(user)
            ._open([cls._vals(**values)])
            .with_env(cls.env)
        )

    @classmethod
    def _vals(cls, **values):
        return {"name": "Pump leaks", "partner_id": cls.contact.id, **values}

    @classmethod
    def _stage(cls, phase):
        return cls.env.ref(f"crm_gestion.incident_stage_{phase}")
