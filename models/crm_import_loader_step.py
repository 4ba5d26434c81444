from datetime import timedelta

import pytz

from odoo import api, models
from odoo.fields import Command, Domain
from odoo.tools import plaintext2html


class CrmImportLoaderStep(models.AbstractModel):
    """What is planned, or was and nobody did it: an activity of its owner on what it is
    about, or on nothing; of a meeting, the event in his calendar with its activity.

    Who left does nothing any more: his steps are for who looks after the customer now,
    and those on nothing for who imports. Nobody is invited or reminded by e-mail: the
    guests were told by the other program.
    """

    _name = "crm.import.loader.step"
    _inherit = "crm.import.loader.document"
    _description = "Loader of Next Steps"

    @api.model
    def _lacks(self, values):
        if not (values.get("date") or values.get("deadline")):
            return self.env._("The date is missing.")
        return False

    @api.model
    def _make(self, job, values_list):
        todo = self.env.ref("mail.mail_activity_data_todo")
        plans = [self._plan_of(job, values, todo) for values in values_list]
        vals_list = [plan["activity"] for plan in plans]
        followers = self._followers(vals_list)
        records = self._plan_all(plans)
        # what was here is left as it is, and who follows it too
        (self._followers(vals_list) - followers).unlink()
        return records

    @api.model
    def _followers(self, vals_list):
        """:return: ``mail.followers`` of what activities of these values are about"""
        documents = {}
        for vals in vals_list:
            if "res_id" in vals:
                documents.setdefault(vals["res_model_id"], set()).add(vals["res_id"])
        # sudo: who they are is compared, and nothing told
        followers = self.env["mail.followers"].sudo()
        models_ = self.env["ir.model"].sudo().browse(documents)
        return followers.search(
            Domain.OR(
                Domain("res_model", "=", model.model)
                & Domain("res_id", "in", list(documents[model.id]))
                for model in models_
            )
        )

    @api.model
    def _plan_all(self, plans):
        """
        :param plans: list of dict, as `_plan_of` returns them
        :return: list of the activity or the event of each
        """
        # sudo: directors plan for colleagues, in whose private meetings they read
        # nothing afterwards; the documents were found with the importer's rights
        activities = self.env["mail.activity"].sudo()
        events = self.env["crm.next.step.meeting"]._silent(
            self.env["calendar.event"].sudo()
        )
        events = events.with_context(tracking_disable=True, dont_notify=True)
        met = [plan for plan in plans if "event" in plan]
        done = [plan for plan in plans if "event" not in plan]
        made = {
            id(plan): record
            for group, records in (
                (met, events.create([plan["event"] for plan in met])),
                (done, activities.create([plan["activity"] for plan in done])),
            )
            for plan, record in zip(group, records, strict=True)
        }
        return [made[id(plan)].with_env(self.env) for plan in plans]

    @api.model
    def _subscribe(self, records):
        """Steps are followed by nobody."""

    @api.model
    def _backdate(self, created):
        """When a step was planned says nothing."""

    # === WHAT, WHERE, WHO === #

    @api.model
    def _plan_of(self, job, values, todo):
        """:return: dict of the values of an ``activity``, of a meeting its ``event``"""
        document = self._document(values)
        user = self._whom(values, document)
        kind = values.get("activity_type") or todo
        if kind.res_model and kind.res_model != document._name:
            kind = todo
        activity = {
            "activity_type_id": kind.id,
            "summary": values.get("name") or kind.name,
            "note": self._note(values),
            "user_id": user.id,
            "date_deadline": self._deadline(job, values),
        }
        if document:
            activity["res_model_id"] = self.env["ir.model"]._get_id(document._name)
            activity["res_id"] = document.id
        if kind.category == "meeting" and values.get("date"):
            event = self._prepare_event(values, document, user, activity)
            return {"activity": activity, "event": event}
        return {"activity": activity}

    @api.model
    def _document(self, values):
        """:return: the record on which it is planned, or an empty one"""
        for record in (values.get("related"), *(values.get("contacts") or [])):
            if record and "activity_ids" in record._fields:
                return record
        return self.env["res.partner"]

    @api.model
    def _whom(self, values, document):
        owner = values.get("owner") or self.env["res.users"]
        # sudo: whose customer it is
        ours = document.sudo()
        theirs = ours.user_ids[:1] if document._name == "project.task" else ours.user_id
        for user in (owner, theirs):
            if user.active and not user.share:
                return user.with_env(self.env)
        return self.env["res.users"] if document else self.env.user

    @api.model
    def _deadline(self, job, values):
        if values.get("deadline"):
            return values["deadline"]
        zone = pytz.timezone(job.tz or "UTC")
        return pytz.utc.localize(values["date"]).astimezone(zone).date()

    @api.model
    def _note(self, values):
        text = self._notes(values)
        return plaintext2html(text) if text else False

    @api.model
    def _prepare_event(self, values, document, user, activity):
        start = values["date"]
        stop = values.get("date_to") or start + timedelta(hours=1)
        guests = self.env["res.partner"].union(*(values.get("contacts") or []))
        return {
            "name": activity["summary"],
            "start": start,
            "stop": max(start, stop),
            "user_id": user.id,
            "partner_ids": [Command.set((user.partner_id | guests).ids)],
            "privacy": "private" if values.get("private") else False,
            "location": values.get("location") or False,
            "description": activity["note"],
            "res_model_id": activity.get("res_model_id", False),
            "res_id": activity.get("res_id", False),
            "opportunity_id": document._name == "crm.lead" and document.id,
            "activity_ids": [Command.create(activity)] if document else [],
        }
