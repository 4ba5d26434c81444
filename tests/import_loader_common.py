from .common import CrmGestionCommon

# What the engine of imports runs loaders with.
QUIET = {
    "tracking_disable": True,
    "mail_create_nosubscribe": True,
    "mail_create_nolog": True,
    "mail_notrack": True,
    "mail_auto_subscribe_no_notify": True,
    "mail_activity_quick_update": True,
    "no_mail_to_attendees": True,
    "dont_notify": True,
}


class ImportLoaderCommon(CrmGestionCommon):
    """An import of a director, and rows as a source would have read them."""

    ENTITY = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._speak_english()
        cls.job = cls._make_job()

    @classmethod
    def _make_job(cls, **values):
        jobs = cls.env["crm.import"].with_user(cls.director)
        return jobs.create({"name": "Old CRM", "source": "vtiger", **values})

    def _rows(self, *values_list, entity=None, job=None):
        rows = self.env["crm.import.row"]
        return rows.create(
            [
                {
                    "import_id": (job or self.job).id,
                    "number": number,
                    "entity": entity or self.ENTITY,
                    "name": values.get("name"),
                    "values": values,
                }
                for number, values in enumerate(values_list, start=2)
            ]
        )

    @classmethod
    def _choose(cls, kind, name, meaning=None, job=None, **values):
        """What a text of the files means: a record, a value, or nothing."""
        vals = {"action": "use" if meaning else "leave", **values}
        if isinstance(meaning, str):
            vals["value"] = meaning
        elif meaning:
            vals["res_id"] = meaning.id
        vals |= {"import_id": (job or cls.job).id, "kind": kind, "name": name}
        return cls.env["crm.import.choice"].create(vals)

    def _call(self, method, rows, job=None):
        """As the engine does: as who imports, in his company, telling nobody."""
        job = (job or self.job).with_context(
            allowed_company_ids=(job or self.job).company_id.ids, **QUIET
        )
        loader = self.env[f"crm.import.loader.{rows[:1].entity}"].with_env(job.env)
        getattr(loader, method)(job, rows.with_env(job.env))
        job.env.flush_all()
        self.env.invalidate_all()

    def _plan(self, *values_list, **options):
        rows = self._rows(*values_list, **options)
        self._call("_plan", rows, options.get("job"))
        return rows

    def _load(self, *values_list, **options):
        """:return: the records of rows of these values"""
        rows = self._plan(*values_list, **options)
        self._call("_load", rows, options.get("job"))
        return self._records(rows)

    def _records(self, rows):
        self.assertEqual(rows.mapped("reason"), [False] * len(rows))
        return [self.env[row.res_model].browse(row.res_id) for row in rows]

    def _states(self, rows):
        return [(row.state, row.reason) for row in rows]

    def _noise(self):
        """:return: what tells somebody something, or makes him follow something"""
        self.env.flush_all()
        models = ("mail.mail", "mail.message", "mail.notification", "mail.followers")
        return {name: self.env[name].search_count([]) for name in models}

    def assertGrowsFlat(self, values):
        """Ten times as many rows cost the same queries.

        :param values: function of a number -> values of a row
        """
        numbers = iter(range(1000))

        def load(some):
            values_list = [values(next(numbers)) for _ in some]
            self._call("_load", self._rows(*values_list))

        self.assertFlatGrowth(load, range(3), range(30))
