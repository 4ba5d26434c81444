from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .crm_gestion_source import OPEN_PROJECTS


class CalendarEvent(models.Model):
    """A meeting with a customer asks its organizer, once it is over, what came of it:
    held (it becomes a gestión), nobody came, or moved to another day.

    Nothing of that writes to the attendees.
    """

    _inherit = "calendar.event"

    crm_result = fields.Selection(
        selection=[("held", "Held"), ("no_show", "No show")],
        string="Meeting Result",
        readonly=True,
        copy=False,
    )
    crm_awaits_result = fields.Boolean(
        string="Awaits My Result",
        compute="_compute_crm_awaits_result",
        search="_search_crm_awaits_result",
        help="I, or whom I cover today, organized this meeting with a customer, it is "
        "over, and nobody said yet what came of it.",
    )

    # === COMPUTE METHODS === #

    @api.depends("crm_result", "stop", "user_id")
    @api.depends_context("uid")
    def _compute_crm_awaits_result(self):
        domain = self._search_crm_awaits_result("in", [True])
        # sudo: of meetings that were read already, one fact
        found = self.sudo().with_context(active_test=False)
        found = found.search(Domain("id", "in", self.ids) & domain)
        for event in self:
            event.crm_awaits_result = event._origin.id in found._ids

    def _search_crm_awaits_result(self, operator, value):
        if operator != "in":
            return NotImplemented
        return (
            Domain("user_id", "in", self._crm_organizer_ids())
            & Domain("crm_result", "=", False)
            & Domain("stop", "<", fields.Datetime.now())
            & self._crm_customer_domain()
        )

    @api.model
    def _crm_organizer_ids(self):
        """:return: list of ids of the user and of whom he covers today"""
        user = self.env.user
        covered = self.env["crm.substitution"]._covered(user)
        return [user.id, *covered[user]]

    @api.model
    def _crm_customer_domain(self):
        """:return: domain of the meetings with a customer: on one of our documents, or
        with somebody of commercial interest among the attendees. Staff is never."""
        of_interest = Domain("account_status", "!=", False)
        # sudo: only ids are compared
        partners = self.env["res.partner"].sudo()._search(of_interest)
        tasks = (
            self.env["project.task"]
            .sudo()
            ._search(
                Domain("partner_id", "any", of_interest)
                & Domain("project_id.privacy_visibility", "in", OPEN_PROJECTS)
            )
        )
        return Domain.OR(
            [
                Domain("opportunity_id", "!=", False),
                Domain("res_model", "in", ["crm.lead", "sale.order"])
                & Domain("res_id", "!=", False),
                Domain("res_model", "=", "res.partner")
                & Domain("res_id", "in", partners),
                Domain("res_model", "=", "project.task")
                & Domain("res_id", "in", tasks),
                Domain("partner_ids", "in", partners),
            ]
        )

    # === ACTION METHODS === #

    def action_crm_held(self):
        """Open the dialog that logs this meeting as a gestión; saving it notes that
        the meeting was held."""
        self.ensure_one()
        self._crm_check_asked()
        vals = self._crm_about()
        lead = self.env["crm.lead"].browse(vals.get("lead_id"))
        if not lead.has_access("read"):
            vals["lead_id"] = False
        defaults = {
            **vals,
            **self.env["crm.gestion.source"]._event_vals(self),
            "activity_type_id": self._crm_activity_type().id,
        }
        # a head logs what his seller held; a substitute held it himself
        if self.user_id.id in self.env["crm.substitution"]._led_user_ids():
            defaults["user_id"] = self.user_id.id
        return self.env["crm.gestion"]._new_action(
            {f"default_{name}": value for name, value in defaults.items() if value}
        )

    def action_crm_no_show(self):
        """Note that nobody came: no gestión, and its activity is done."""
        self.ensure_one()
        self._crm_check_asked()
        self.crm_result = "no_show"
        # sudo: the user may write the meeting, and its activity goes with it
        self.env["crm.gestion.source"]._mark_done(
            self.sudo().activity_ids, self.env._("No show: the meeting was not held.")
        )
        return True

    def action_crm_move(self):
        """Open the dialog that asks for the new day and hour."""
        self.ensure_one()
        self._crm_check_asked()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_meeting_move_action"
        )
        return {**action, "context": {"default_event_id": self.id}}

    # === BUSINESS METHODS === #

    def _crm_check_asked(self):
        """
        :raise UserError: where there is nothing to say about this meeting
        """
        self.ensure_one()
        self.check_access("write")
        if self.crm_result:
            raise UserError(
                self.env._("What came of this meeting is noted already: reload it.")
            )
        if self.start > fields.Datetime.now():
            raise UserError(
                self.env._(
                    "This meeting has not begun yet: say afterwards what came of it."
                )
            )

    def _crm_about(self):
        """:return: values of the gestión that say whom this meeting is with"""
        self.ensure_one()
        Source = self.env["crm.gestion.source"]
        document = (self.res_model, self.res_id)
        if self.opportunity_id:
            document = ("crm.lead", self.opportunity_id.id)
        vals = Source._about(document[0], [document[1]]).get(document[1], {})
        if not vals.keys() & {"contact_id", "organization_id"}:
            # sudo: the customer among those invited, whoever may open him
            guest = self.sudo().partner_ids.filtered("account_status")[:1]
            vals = {**Source._customer_vals(guest), **vals}
        return vals

    def _crm_activity_type(self):
        """:return: the type of the gestión: that of its activity, else a meeting"""
        # sudo: its own activity, whoever is to do it
        own = self.sudo().activity_ids.activity_type_id
        meetings = self.env["mail.activity.type"].search(
            [("category", "=", "meeting"), ("is_gestion", "=", True)]
        )
        return (own.filtered("is_gestion") | meetings)[:1]

    def _crm_move(self, start):
        """Move this meeting, of a series only this one; it lasts as long as before.
        Attendees are told by who moves it, not by Odoo."""
        self._crm_check_asked()
        difference = start - self.start
        if self.allday:
            difference = start.date() - self.start.date()
        quiet = self.with_context(skip_attendee_notification=True)
        quiet.write({"start": self.start + difference, "stop": self.stop + difference})
