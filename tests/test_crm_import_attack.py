import base64
import random
import string

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import CrmGestionCommon

HEAD = "Nombre,Sector,Email\n"
TOO_LONG = 10_000


@tagged("post_install", "-at_install")
class TestImportAttack(CrmGestionCommon):
    """What a client sends that no screen of ours would, and files meant to harm."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._speak_english()
        cls.other = cls.env["res.company"].create({"name": "Other"})

    def _job(self, text, user=None):
        """:return: an import of organizations that a director has read"""
        jobs = self.env["crm.import"].with_user(user or self.director)
        data = {
            "name": "a.csv",
            "data": base64.b64encode(text.encode()),
            "entity": "organization",
        }
        job = jobs.create(
            {"name": "Old data", "source": "sheet", "file_ids": [(0, 0, data)]}
        )
        job.action_read()
        return job

    def _run(self, text):
        job = self._job(text)
        job.action_check()
        job.action_run()
        return job

    # === WHAT CLIENTS SEND === #

    def test_values_by_default_are_no_way_in(self):
        Job = self.env["crm.import"].with_user(self.director)
        before = Job.search_count([])
        for name, value in (
            ("user_id", self.env.ref("base.user_admin").id),
            ("state", "checked"),
            ("work", "run"),
        ):
            defaults = {f"default_{name}": value}
            with self.subTest(defaults=defaults), self.assertRaises(AccessError):
                Job.with_context(**defaults).create({"name": "x"})
        self.assertEqual(Job.search_count([]), before)
        takeovers = self.env["crm.takeover"].with_user(self.director)
        with self.assertRaises(AccessError):
            takeovers.with_context(default_state="running").create({})

    def test_a_run_hears_nothing_from_the_context_of_a_client(self):
        job = self._job(f"{HEAD}A1,,\n")
        job.action_check()
        job.with_context(
            default_comment="forged", default_parent_id=self.organization.id
        ).action_run()
        made = self.env["res.partner"].browse(job.row_ids.res_id)
        self.assertEqual(
            (made.name, made.comment, made.parent_id.id), ("A1", False, False)
        )

    def test_a_file_of_another_record_is_read_and_stays(self):
        lead = self._make_lead(partner_id=self.contact.id)
        values = {"name": "b.csv", "raw": f"{HEAD}A2,,\n".encode()}
        theirs = self.env["ir.attachment"].create(
            [
                {**values, "public": True},
                {**values, "res_model": "crm.lead", "res_id": lead.id},
            ]
        )
        job = self._job(f"{HEAD}A1,,\n")
        job.upload_ids = theirs
        job.action_read()
        self.assertEqual(theirs.exists(), theirs)
        self.assertEqual(len(job.file_ids), 3)
        self.assertFalse(job.upload_ids)

    def test_of_a_choice_only_the_meaning_is_chosen(self):
        job = self._job(f"{HEAD}A1,Food,\n")
        foreign = self.env["crm.import"].create(
            {"name": "Theirs", "company_id": self.other.id}
        )
        choice = job.choice_ids
        before = choice.read(["import_id", "kind", "res_model", "is_made"])
        for vals in (
            {"import_id": foreign.id},
            {"kind": "owner"},
            {"res_model": "res.users"},
            {"is_made": True},
        ):
            with self.subTest(vals=vals), self.assertRaises(AccessError):
                choice.write(vals)
        self.assertEqual(
            choice.read(["import_id", "kind", "res_model", "is_made"]), before
        )
        row = self.env["crm.import.row"].create(
            {"import_id": foreign.id, "entity": "contact", "name": "Secret"}
        )
        with self.assertRaisesRegex(UserError, "row of this import"):
            choice.row_id = row

    def test_a_chosen_record_is_one_that_the_user_may_read(self):
        self.env["res.partner"].create(
            [{"name": "Twin", "is_company": True} for _number in range(2)]
        )
        secret = self.env["res.partner"].create(
            {"name": "Secret", "is_company": True, "company_id": self.other.id}
        )
        job = self._job(f"{HEAD}A1,,\n")
        choice = self.env["crm.import.choice"].create(
            {
                "import_id": job.id,
                "kind": "organization",
                "name": "Twin",
                "asked": True,
                "action": "use",
                "res_id": secret.id,
            }
        )
        key = ("organization", "Twin", "")
        lookup = job.env["crm.import.lookup"].with_context(
            allowed_company_ids=job.company_id.ids
        )
        found = lookup._find(job, {key})[key]
        self.assertEqual((found.record, found.asked), (None, True))
        choice.res_id = self.organization.id
        self.assertEqual(lookup._find(job, {key})[key].record, self.organization)

    def test_what_was_read_stays_in_its_company(self):
        job = self._job(f"{HEAD}A1,,\n")
        for vals in ({"company_id": self.other.id}, {"source": "vtiger"}):
            with self.subTest(vals=vals), self.assertRaises(UserError):
                job.write(vals)
        self.assertEqual((job.company_id, job.source), (self.env.company, "sheet"))

    # === FILES === #

    def test_a_text_too_long_for_an_index_refuses_its_row_alone(self):
        letters = random.Random(1).choices(string.ascii_letters, k=TOO_LONG)
        job = self._run(f"{HEAD}A1,,{''.join(letters)}@x.example\nA2,,\n")
        self.assertEqual(
            [(row.name, row.state) for row in job.row_ids],
            [("A1", "refused"), ("A2", "made")],
        )

    def test_headings_with_nul(self):
        job = self._job("Nombre,Sec\0tor\nA1,Food\n")
        self.assertEqual(job.file_ids.column_ids.mapped("name"), ["Nombre", "Sector"])

    def test_no_line_break_gets_into_an_address(self):
        job = self._run(f'{HEAD}A1,,"a@b.example\nBcc: v@x.example"\n')
        made = self.env["res.partner"].browse(job.row_ids.res_id)
        self.assertEqual(made.email, "a@b.example Bcc: v@x.example")

    def test_markup_is_text(self):
        job = self._run("Nombre,Notas\nA1,<script>alert(1)</script>\n")
        made = self.env["res.partner"].browse(job.row_ids.res_id)
        self.assertEqual(made.comment, "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>")

    # === TAKING BACK AND ERASING === #

    def test_a_meeting_that_a_guest_accepted_stays(self):
        job = self._run(f"{HEAD}A1,,\n")
        events = self.env["calendar.event"].create(
            [
                {
                    "name": name,
                    "start": "2030-01-01 10:00:00",
                    "stop": "2030-01-01 11:00:00",
                    "partner_ids": [(4, self.seller.partner_id.id)],
                }
                for name in ("Accepted", "Not yet")
            ]
        )
        row = job.row_ids
        self.env["crm.import.row"]._add_beside(
            "step", {event: (row, event.name) for event in events}
        )
        self.env.flush_all()
        events[0].attendee_ids.with_user(self.seller).do_accept()
        self.env.flush_all()
        # all of a test is one moment
        self.env.cr.execute(
            """UPDATE mail_message SET create_date = create_date + interval '1 minute'
                WHERE model = 'calendar.event' AND res_id = %s AND author_id = %s""",
            [events[0].id, self.seller.partner_id.id],
        )
        self.env.invalidate_all()
        job.with_user(self.env.ref("base.user_admin")).action_undo()
        self.assertEqual(events.exists().mapped("name"), ["Accepted"])

    def test_an_erased_person_is_in_no_file_either(self):
        text = f"{HEAD}Eva Gil,,eva@gil.example\nIvo,,ivo@x.example\n"
        text += "Eva Gil,1,2,3,4\n"
        job = self._run(text)
        lookup = self.env["privacy.lookup.wizard"].with_user(
            self.env.ref("base.user_admin")
        )
        lookup = lookup.create({"name": "Eva Gil", "email": "eva@gil.example"})
        lookup.action_lookup()
        lookup.line_ids.filtered("crm_can_erase").action_crm_erase()
        self.env.flush_all()
        self.env.invalidate_all()
        told = [
            *job.row_ids.mapped(lambda row: (row.name, row.values, row.reason)),
            *job.file_ids.column_ids.mapped("sample"),
            *job.choice_ids.mapped("name"),
        ]
        self.assertNotIn("Eva", str(told))
        self.assertIn("ivo@x.example", str(told))
        self.assertFalse(job.file_ids.data)
        self.assertEqual(job.row_ids[0].state, "made")
