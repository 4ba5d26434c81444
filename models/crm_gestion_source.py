import logging

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import clean_context

_logger = logging.getLogger(__name__)

# Documents on which an interaction is the sales method's -> the method that tells whom
# it is with.
DOCUMENTS = {
    "crm.lead": "_about_leads",
    "res.partner": "_about_partners",
    "sale.order": "_about_orders",
    "project.task": "_about_tasks",
}
# Projects whose tasks sales may know of.
OPEN_PROJECTS = ("employees", "portal")
# Fields of a gestión that say where it came from.
SOURCES = {"activity_id", "calendar_event_id", "message_id"}


class CrmGestionSource(models.AbstractModel):
    """Makes gestiones of what Odoo notices by itself, and keeps the two in step.

    *Lifecycle.* A native activity marked done, a meeting that was held and an e-mail
    become one gestión each. The other way round, logging a gestión that names an open
    activity or a meeting marks those done.

    *Invariants.* The same interaction is never logged twice: the links of a gestión to
    its sources are unique, and what has a gestión makes no second one. So nothing has
    to tell our own flows apart from a user's click. Logging never makes the native
    action fail: what cannot be recorded is left out and told to the server's log.

    Everything works on whole batches.
    """

    _name = "crm.gestion.source"
    _description = "Sources of Interactions"

    # === WHAT AN INTERACTION IS ABOUT === #

    @api.model
    def _about(self, model, ids):
        """Whom an interaction on these documents is with.

        :return: dict id of a document -> values of a gestión. What is not the sales
            method's is missing: other documents, our own companies and staff, documents
            without a customer. An enquiry needs none, its gestión makes one.
        """
        if model not in DOCUMENTS:
            return {}
        # sudo: whoever acts on a document may not open all that it refers to
        documents = self.env[model].sudo().with_context(active_test=False)
        documents = documents.browse(set(ids)).exists()
        about = getattr(self, DOCUMENTS[model])(documents)
        partners = self.env["res.partner"].union(
            *(who for who, _vals in about.values())
        )
        accounts = self.env["crm.account.status"]._accounts(partners)
        return {
            document.id: {**self._customer_vals(who), **vals}
            for document, (who, vals) in about.items()
            if (who and who.commercial_partner_id in accounts)
            or (not who and model == "crm.lead")
        }

    @api.model
    def _customer_vals(self, partner):
        if not partner:
            return {}
        return {
            "organization_id" if partner.is_company else "contact_id": partner.id,
        }

    @api.model
    def _about_leads(self, leads):
        about = {}
        for lead in leads:
            vals = {"lead_id": lead.id}
            if lead.organization_id:
                vals["organization_id"] = lead.organization_id.id
            about[lead] = (lead.partner_id or lead.organization_id, vals)
        return about

    @api.model
    def _about_partners(self, partners):
        """Leave out mere suppliers: what is done with them is no gestión."""
        return {
            partner: (partner, {})
            for partner in partners
            if partner.account_status or not partner.commercial_partner_id.supplier_rank
        }

    @api.model
    def _about_orders(self, orders):
        return {
            order: (
                order.partner_id,
                {
                    "lead_id": order.opportunity_id.id,
                    "company_id": order.company_id.id,
                    "campaign_id": order.campaign_id.id,
                },
            )
            for order in orders
        }

    @api.model
    def _about_tasks(self, tasks):
        return {
            task: (
                task.partner_id,
                {"company_id": task.company_id.id} if task.company_id else {},
            )
            for task in tasks
            if task.crm_is_incident
            or task.project_id.privacy_visibility in OPEN_PROJECTS
        }

    # === NATIVE ACTIVITIES === #

    @api.model
    def _about_activities(self, activities):
        """
        :return: dict activity, in superuser mode -> values of its gestión; of those
            that are interactions with a customer
        """
        # sudo: any employee may mark an activity done, and what it is about is the same
        # whoever does it
        interactions = activities.sudo().filtered("crm_is_gestion")
        about = {}
        for model, group in interactions.grouped("res_model").items():
            found = self._about(model, group.mapped("res_id"))
            for activity in group.filtered(lambda a, f=found: a.res_id in f):
                about[activity] = {
                    **found[activity.res_id],
                    "activity_type_id": activity.activity_type_id.id,
                    "activity_id": activity.id,
                }
                if activity.crm_campaign_id:
                    about[activity]["campaign_id"] = activity.crm_campaign_id.id
        return about

    @api.model
    def _prepare_done(self, activities, feedback):
        """
        :param activities: what is about to be marked done
        :return: dict activity -> values of the gestión that it becomes. Those of a
            meeting that nobody came to become none.
        """
        about = self._about_activities(activities.filtered("active"))
        if not about:
            return {}
        recorded = self._recorded(self.env["mail.activity"].union(*about))
        prepared, events = {}, set()
        for activity, vals in about.items():
            event = activity.calendar_event_id
            if activity in recorded or event.crm_result or event.id in events:
                continue
            if event:
                events.add(event.id)
                vals |= self._event_vals(event)
            prepared[activity] = {
                **vals,
                "user_id": self._author(activity.user_id).id,
                "description": feedback,
                "result_id": activity.crm_result_id.id,
            }
        return prepared

    @api.model
    def _recorded(self, activities):
        """:return: those of these activities that have a gestión, as such or through
        their meeting"""
        Gestion = self.env["crm.gestion"].sudo()  # sudo: whoever logged it
        found = Gestion.search(
            [
                "|",
                ("activity_id", "in", activities.ids),
                ("calendar_event_id", "in", activities.calendar_event_id.ids),
            ]
        )
        return activities.filtered(
            lambda activity: (
                activity in found.activity_id
                or activity.calendar_event_id & found.calendar_event_id
            )
        )

    @api.model
    def _author(self, planned):
        """Who acted: the user, or, where Odoo itself or a customer marked something
        done, who was to do it."""
        user = self.env.user
        if user._is_internal() and user.id != api.SUPERUSER_ID:
            return user
        if planned and planned._is_internal():
            return planned
        return self.env.ref("base.user_root")

    @api.model
    def _log_done(self, prepared, chained, schedules_next):
        """Log activities that were marked done.

        :param prepared: what `_prepare_done` returned
        :param chained: activities that Odoo planned because of these
        :param bool schedules_next: the user plans the next one himself
        """
        chains = {}
        for activity in chained:
            chains.setdefault(self._chain_key(activity), []).append(activity)
        for activity, vals in prepared.items():
            key = (*self._chain_key(activity)[:2], activity.activity_type_id)
            nexts = chains.get(key)
            following = nexts.pop(0) if nexts else chained.browse()
            vals.update(
                self._next_step_vals(activity.crm_result_id, following, schedules_next)
            )
        gestiones = self._record(list(prepared.values()))
        self._hold(gestiones.calendar_event_id)

    @api.model
    def _chain_key(self, activity):
        return activity.res_model, activity.res_id, activity.previous_activity_type_id

    @api.model
    def _next_step_vals(self, result, following, schedules_next):
        """Of what follows only one is planned: the activity that Odoo chained, the one
        that the user is about to schedule, or what the result proposes, which comes
        before it where the result needs a next step: the user changes that one. A
        result that needs a next step waits where there is none."""
        if following and not result.stops_contact:
            return {
                "next_activity_id": following.id,
                "next_activity_type_id": following.activity_type_id.id,
                "next_date": following.date_deadline,
                "next_summary": following.summary,
                "next_user_id": following.user_id.id,
            }
        vals = {}
        proposed = result.requires_next_step and result.next_activity_type_id
        if following or (schedules_next and not proposed):
            vals = {"next_activity_type_id": False, "next_date": False}
        if result.requires_next_step and (vals or not result.next_activity_type_id):
            vals["result_id"] = False
        return vals

    # === MEETINGS === #

    @api.model
    def _event_vals(self, event):
        """:return: values of the gestión that a meeting becomes"""
        return {
            "calendar_event_id": event.id,
            "date": min(event.start, fields.Datetime.now()),
            "duration": event.duration,
        }

    @api.model
    def _hold(self, events):
        """Note that these meetings took place."""
        events.filtered(lambda event: not event.crm_result).crm_result = "held"

    # === GESTIONES LOGGED BY HAND === #

    @api.model
    def _settle(self, gestiones):
        """Mark the activity or meeting that new gestiones name as their source as done.

        :raise AccessError: where the user may not write that activity or meeting, or
            names an e-mail
        :raise UserError: where nobody came to that meeting
        """
        if not self.env.su and gestiones.message_id:
            raise self._not_chosen()
        named = gestiones.filtered(lambda g: g.activity_id or g.calendar_event_id)
        if not named:
            return
        events = named.calendar_event_id
        named.activity_id.check_access("write")
        events.check_access("write")
        if not self.env.su and "no_show" in events.mapped("crm_result"):
            raise UserError(
                self.env._("What came of this meeting is noted already: reload it.")
            )
        self._hold(events)  # checks the rights on private ones too
        # sudo: rights on what was named are checked; what belongs to it follows, such
        # as the activity of a colleague for the same meeting
        for gestion in named.sudo():
            self._settle_one(gestion)

    @api.model
    def _settle_one(self, gestion):
        event = gestion.activity_id.calendar_event_id
        if event and not gestion.calendar_event_id:
            if not event.crm_result:
                gestion.calendar_event_id = event
                self._hold(event)
        elif not gestion.activity_id:
            gestion.activity_id = gestion.calendar_event_id.activity_ids[:1]
        self._mark_done(
            gestion.activity_id | gestion.calendar_event_id.activity_ids,
            gestion.description,
        )

    @api.model
    def _mark_done(self, activities, feedback):
        """Mark open ones done, the native way."""
        context = clean_context(self.env.context)
        activities = activities.with_env(activities.env(context=context))
        if todo := activities.filtered("active"):
            todo._action_done(feedback=feedback)

    @api.model
    def _check_not_changed(self, names):
        """Where a gestión came from stays as it was."""
        if not self.env.su and SOURCES & names:
            raise self._not_chosen()

    @api.model
    def _not_chosen(self):
        return AccessError(
            self.env._("Odoo itself keeps where a gestión came from, nobody writes it.")
        )

    # === LOGGING === #

    @api.model
    def _record(self, vals_list, replays=True):
        """Log interactions that Odoo noticed by itself; where the batch fails, those of
        it that can be logged.

        :param bool replays: whether the server replays what collided. Fetching e-mails
            it does not: the e-mail would be lost, and not only its gestión
        :return: the gestiones, in superuser mode
        """
        # sudo: any employee may mark an activity done, and the mail gateway is nobody;
        # the values come from here and not from a client
        Gestion = self.env["crm.gestion"].sudo()
        Gestion = Gestion.with_env(Gestion.env(context=clean_context(self.env.context)))
        if not vals_list:
            return Gestion
        # of two requests that mark the same activity done, the second fails here and
        # is replayed, not at the unique index; and no error of others is caught below
        self.env.flush_all()
        try:
            with self.env.cr.savepoint():
                gestiones = Gestion.create(vals_list)
                self.env["crm.incident.mail"]._told(gestiones)
                return gestiones
        except Exception as error:
            if replays and isinstance(error, OperationalError):
                raise  # collisions of transactions are replayed by the server
            if len(vals_list) == 1:
                _logger.exception("Interaction not logged: %s", vals_list)
                return Gestion
        return Gestion.union(*(self._record([vals], replays) for vals in vals_list))
