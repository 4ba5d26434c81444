import base64
import itertools
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.crm_gestion.models.crm_import_choice import CrmImportChoice
from odoo.addons.crm_gestion.models.crm_import_file import CrmImportFile
from odoo.addons.crm_gestion.models.crm_import_row import CrmImportRow
from odoo.addons.crm_gestion.tools.importing.schema import CHOICES, ENTITIES, NAMED

from .common import CrmGestionCommon


class ImportCommon(CrmGestionCommon):
    """A source that reads ``name,market`` and a loader that makes organizations of it:
    what the engine does with any source and loader."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._speak_english()
        cls.failing = set()
        cls.loads = []
        test = cls

        def _recognize(self, headings):
            return "organization" if "name" in headings else False

        def _propose_columns(self, entity, headings):
            return headings

        def _convert(self, file, rows):
            return [
                (
                    "organization",
                    row[0],
                    {"name": row[0], "market": row[1]},
                    "no name" if row[0] == "-" else False,
                )
                for row in rows
            ]

        def _propose_choices(self, job, kind, names):
            market = {"action": "use", "res_id": test.market.id}
            return {name: market for name in names if name == "Food"}

        def _plan(self, job, rows):
            Partner = self.env["res.partner"]
            found = Partner.search([("name", "in", rows.mapped("name"))])
            found = found.grouped("name")
            rows._tell(
                [
                    (row, "matched", False, found[row.name])
                    if row.name in found
                    else (row, "planned", False, None)
                    for row in rows
                ]
            )

        def _load(self, job, rows):
            test.loads.append(len(rows))
            if failing := test.failing & set(rows.mapped("name")):
                text = f"Not {failing.pop()}"
                raise UserError(text)
            made = self.env["res.partner"].create(
                [{"name": row.name, "is_company": True} for row in rows]
            )
            rows._tell(
                [(row, "made", False, record) for row, record in zip(rows, made)]  # noqa: B905
            )

        source = (
            cls.env["crm.import.source.vtiger"]
            if ("crm.import.source.vtiger" in cls.env)
            else cls.env["crm.import.source"]
        )
        loader = (
            cls.env["crm.import.loader.organization"]
            if ("crm.import.loader.organization" in cls.env)
            else cls.env["crm.import.loader"]
        )
        for model, methods in (
            (source, (_recognize, _propose_columns, _convert, _propose_choices)),
            (loader, (_plan, _load)),
        ):
            for method in methods:
                cls.classPatch(type(model), method.__name__, method)

    def _job(self, text, user=None, name="a.csv"):
        env = self.env(user=user or self.director)
        return env["crm.import"].create(
            {
                "name": "Old data",
                "file_ids": [
                    (0, 0, {"name": name, "data": base64.b64encode(text.encode())})
                ],
            }
        )

    def _checked(self, names, user=None):
        job = self._job("name,market\n" + "".join(f"{n},Food\n" for n in names), user)
        job.action_read()
        job.action_check()
        return job

    def _states(self, job):
        return [(row.name, row.state, row.reason) for row in job.row_ids]


@tagged("post_install", "-at_install")
class TestImport(ImportCommon):
    def test_labels_are_those_of_the_schema(self):
        for cls, more in ((CrmImportFile, []), (CrmImportRow, ["shared"])):
            self.assertEqual(
                [key for key, _label in cls.entity._args__["selection"]],
                [*ENTITIES, *more],
            )
        self.assertEqual(
            [key for key, _label in CrmImportChoice.kind._args__["selection"]],
            [*CHOICES, *NAMED],
        )

    def test_from_files_to_records(self):
        job = self._job("name,market\nAcme,Food\n-,x\nAceites del Sur,Cars\n1,2,3\n")
        job.action_read()
        self.assertEqual(
            self._states(job),
            [
                ("Acme", "read", False),
                ("-", "refused", "no name"),
                ("Aceites del Sur", "read", False),
                (
                    False,
                    "refused",
                    "The columns of this line do not fit the headings: 1,2,3",
                ),
            ],
        )
        self.assertEqual(job.file_ids.entity, "organization")
        self.assertEqual(
            [(c.name, c.count, c.action, c.res_id) for c in job.meaning_ids],
            [("Cars", 1, False, 0), ("Food", 1, "use", self.market.id)],
        )
        self.assertEqual(job.open_count, 1)
        job.action_check()
        self.assertEqual(job.state, "checked")
        self.assertEqual(
            [row.state for row in job.row_ids],
            ["planned", "refused", "matched", "refused"],
        )
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Acme")]))
        job.action_run()
        self.assertEqual((job.state, job.work), ("done", False))
        self.assertEqual(
            (job.made_count, job.matched_count, job.refused_count), (1, 1, 2)
        )
        made = self.env["res.partner"].search([("name", "=", "Acme")])
        self.assertEqual(job.row_ids[0].res_id, made.id)
        self.assertEqual(job.row_ids[2].res_id, self.organization.id)
        self.assertEqual(made.create_uid, self.director)

    def test_nobody_is_told_and_nobody_follows(self):
        models = ("mail.mail", "mail.message", "mail.notification", "mail.followers",
                  "bus.bus")  # fmt: skip
        self.env.cr.precommit.run()  # what making the users left
        before = [self.env[model].sudo().search_count([]) for model in models]
        self._checked(["A1", "A2"]).action_run()
        self.env.flush_all()
        self.env.cr.precommit.run()
        after = [self.env[model].sudo().search_count([]) for model in models]
        self.assertEqual(dict(zip(models, after, strict=True)),
                         dict(zip(models, before, strict=True)))  # fmt: skip

    def test_a_bad_row_refuses_itself_alone(self):
        job = self._checked(["A1", "A2", "A3", "A4"])
        self.failing.add("A3")
        self.addCleanup(self.failing.clear)
        job.action_run()
        self.assertEqual(
            self._states(job),
            [
                ("A1", "made", False),
                ("A2", "made", False),
                ("A3", "refused", "Not A3"),
                ("A4", "made", False),
            ],
        )

    def test_the_check_tries_and_keeps_nothing(self):
        self.failing.add("A2")
        self.addCleanup(self.failing.clear)
        job = self._checked(["A1", "A2"])
        self.assertEqual(
            self._states(job), [("A1", "planned", False), ("A2", "refused", "Not A2")]
        )
        self.assertFalse(self.env["res.partner"].search([("name", "=", "A1")]))
        self.failing.clear()
        job.action_check()
        self.assertEqual([row.state for row in job.row_ids], ["planned", "planned"])

    def test_a_second_click_does_nothing(self):
        job = self._checked(["A1"])
        job.action_run()
        self.assertTrue(job.action_run())
        self.assertEqual(self.env["res.partner"].search_count([("name", "=", "A1")]), 1)

    def test_a_second_import_makes_nothing(self):
        self._checked(["A1", "A2"]).action_run()
        again = self._checked(["A1", "A2"])
        self.assertEqual((again.matched_count, again.planned_count), (2, 0))

    # === IN THE BACKGROUND === #

    def _large(self, names):
        job = self._checked(names)
        worker = "odoo.addons.crm_gestion.models.crm_import_runner"
        with patch(f"{worker}.AT_ONCE", 0):
            job.action_run()
        self.assertEqual((job.state, job.work), ("running", "run"))
        self.startPatcher(patch(f"{worker}.BATCH", 2))
        return job

    def _cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("crm_gestion.ir_cron_import").method_direct_trigger()
        self.env.invalidate_all()

    def test_the_cron_goes_on_step_by_step(self):
        job = self._large([f"B{n}" for n in range(5)])
        self.loads.clear()
        self._cron()
        self.assertEqual((job.state, job.work, job.made_count), ("done", False, 5))
        self.assertEqual(self.loads, [2, 2, 1])
        self.assertEqual(job.progress, 100.0)

    def test_a_crash_costs_one_step(self):
        job = self._large([f"B{n}" for n in range(5)])
        steps = self.env["crm.import.worker"]._steps(job)
        next(steps)
        steps.close()  # the server dies here
        self.assertEqual((job.made_count, job.planned_count), (2, 3))
        self._cron()
        self.assertEqual((job.state, job.made_count), ("done", 5))
        self.assertEqual(
            self.env["res.partner"].search_count([("name", "like", "B_")]), 5
        )

    def test_it_stops_and_goes_on(self):
        job = self._large(["B1", "B2", "B3"])
        next(self.env["crm.import.worker"]._steps(job))
        job.action_stop()
        self.assertEqual((job.state, job.work), ("checked", False))
        self._cron()
        self.assertEqual((job.made_count, job.planned_count), (2, 1))
        job.action_run()
        self.assertEqual((job.state, job.made_count), ("done", 3))

    def test_who_left_imports_no_longer(self):
        for change in (
            {"group_ids": [(3, self.env.ref("crm_gestion.group_sales_director").id)]},
            {"active": False},
        ):
            job = self._large(["B1"])
            with self.subTest(change=change):
                job = job.sudo()
                self.director.write(change)
                self._cron()
                self.assertEqual(
                    (job.state, job.work, job.made_count), ("checked", False, 0)
                )
                self.assertEqual(
                    job.error,
                    "Director may not import into this company any longer: another "
                    "sales director can go on.",
                )
            self.director.write(
                {
                    "active": True,
                    "group_ids": [
                        (4, self.env.ref("crm_gestion.group_sales_director").id)
                    ],
                }
            )

    # === WHO MAY === #

    def test_sellers_and_heads_see_no_import(self):
        job = self._checked(["A1"])
        for user in (self.seller, self.head, self.native):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                job.with_user(user).action_run()
        self.assertEqual(job.state, "checked")

    def test_nobody_imports_as_somebody_else(self):
        job = self._checked(["A1"])
        for vals in (
            {"user_id": self.env.ref("base.user_admin").id},
            {"state": "checked"},
            {"work": "run"},
        ):
            with self.subTest(vals=vals), self.assertRaises(AccessError):
                job.write(vals)
            with self.subTest(vals=vals), self.assertRaises(AccessError):
                job.create({"name": "x", **vals})
        self.assertEqual((job.user_id, job.work), (self.director, False))

    def test_other_companies_do_not_see_it(self):
        other = self.env["res.company"].create({"name": "Other"})
        job = self._checked(["A1"])
        self.director.company_ids |= other
        seen = job.with_context(allowed_company_ids=other.ids)
        self.assertFalse(seen.search([("id", "=", job.id)]))
        rows = seen.env["crm.import.row"]
        self.assertFalse(rows.search([("import_id", "=", job.id)]))

    # === TAKING BACK === #

    def _admin(self, job):
        return job.with_user(self.env.ref("base.user_admin"))

    def test_only_administrators_take_back(self):
        job = self._checked(["A1"])
        job.action_run()
        with self.assertRaises(AccessError):
            job.action_undo()
        self.assertEqual((job.state, job.made_count), ("done", 1))

    def test_taking_back_leaves_what_changed_or_is_needed(self):
        job = self._checked(["A1", "A2", "A3", "Aceites del Sur"])
        job.action_run()
        a1, a2, a3, matched = (
            self.env["res.partner"].browse(row.res_id) for row in job.row_ids
        )
        self.env.cr.execute(
            "UPDATE res_partner SET write_date = write_date + interval '1 s' "
            "WHERE id = %s",
            [a2.id],
        )
        lead = self._make_lead(partner_id=a3.id)
        self.env.flush_all()
        self._admin(job).action_undo()
        self.assertFalse(a1.exists())
        self.assertTrue((a2 | a3 | matched).exists() == (a2 | a3 | matched))
        self.assertEqual(lead.partner_id, a3)
        self.assertEqual(
            self._states(job),
            [
                ("A1", "undone", False),
                ("A2", "made", "It was changed since: it stays."),
                ("A3", "made", "Something made since needs it: it stays."),
                ("Aceites del Sur", "matched", False),
            ],
        )
        self.assertEqual(job.state, "undone")
        lead.unlink()
        self._admin(job).action_undo()
        self.assertFalse(a3.exists())
        self.assertTrue(a2.exists())

    def test_what_made_records_is_not_deleted(self):
        job = self._checked(["A1"])
        job.action_run()
        with self.assertRaises(UserError):
            self._admin(job).unlink()
        with self.assertRaises(UserError):
            job.file_ids.unlink()
        self.assertEqual(job.row_ids.state, "made")

    # === FILES === #

    def test_files_and_values_are_removed(self):
        job = self._checked(["A1"])
        with self.assertRaises(UserError):
            job.action_forget()
        job.action_run()
        job.action_forget()
        self.assertFalse(job.file_ids.data)
        row = job.row_ids
        self.assertEqual((row.name, row.values, row.state), (False, False, "made"))
        self.assertTrue(row.res_id)

    def test_uploads_become_files(self):
        job = self._job("name,market\nA1,Food\n")
        upload = (
            self.env["ir.attachment"]
            .with_user(self.director)
            .create(
                {
                    "name": "b.csv",
                    "raw": b"name,market\nA2,Food\n",
                    "res_model": job._name,
                }
            )
        )
        job.upload_ids = upload
        job.action_read()
        self.assertEqual(job.file_ids.mapped("name"), ["a.csv", "b.csv"])
        self.assertEqual(job.row_ids.mapped("name"), ["A1", "A2"])
        self.assertFalse(upload.exists())

    def test_files_that_are_none_say_what_to_do(self):
        job = self._job("\x00", name="old.xls")
        with self.assertRaisesRegex(UserError, "old.xls is empty"):
            job.action_read()
        with self.assertRaisesRegex(UserError, "Add the files"):
            job.copy().action_read()

    def test_reading_again_makes_no_row_twice(self):
        job = self._checked(["A1", "A2"])
        job.action_read()
        self.assertEqual(len(job.row_ids), 2)
        job.file_ids.data = base64.b64encode(b"name,market\nA9,Food\n")
        job.action_read()
        self.assertEqual(job.row_ids.mapped("name"), ["A9"])

    def test_growth(self):
        rounds = itertools.count()

        def run(numbers):
            prefix = f"G{next(rounds)}"
            job = self._checked([f"{prefix}-{number}" for number in numbers])
            job.action_run()
            self._admin(job).action_undo()

        self.assertFlatGrowth(run, range(3), range(30))
