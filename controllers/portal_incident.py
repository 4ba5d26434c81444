from odoo import http
from odoo.exceptions import AccessError, MissingError
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.portal.controllers.portal import pager as portal_pager
from odoo.addons.project.controllers.portal import ProjectCustomerPortal

from ..models.crm_incident_request import LONGEST_DESCRIPTION, LONGEST_TITLE
from ..tools.contact_form import plain

OVER = ("solved", "cancelled")
LARGEST_ID = 2**31 - 1


class CrmPortalIncident(ProjectCustomerPortal):
    """Incidents on the customer's portal: his own and those of his company that Odoo's
    rules of tasks show him (who follows them, at desks open to customers). He reads
    what he told, the phases and the messages; targets, notes, our addresses and what
    others follow stay inside.

    An incident is a task, and Odoo's pages of tasks know it: there it is left out of
    lists, and its address leads to its own page.
    """

    # === ODOO'S PAGES === #

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        Task = request.env["project.task"]
        readable = Task.has_access("read")
        if "task_count" in counters and readable:
            values["task_count"] = Task.search_count(
                [("project_id", "!=", False), ("crm_is_incident", "=", False)]
            )
        if "incident_waiting_count" in counters:
            waiting = [("crm_is_incident", "=", True), ("crm_phase", "=", "waiting")]
            values["incident_waiting_count"] = (
                Task.search_count(waiting) if readable else 0
            )
        return values

    def _prepare_tasks_values(
        self,
        page,
        date_begin,
        date_end,
        sortby,
        search,
        search_in,
        groupby,
        url="/my/tasks",
        domain=None,
        su=False,
        project=False,
    ):
        if su or url == "/my/tasks":
            # the key of a desk is none to the incidents of all of its customers
            domain = Domain(domain or Domain.TRUE) & Domain(
                "crm_is_incident", "=", False
            )
        return super()._prepare_tasks_values(
            page,
            date_begin,
            date_end,
            sortby,
            search,
            search_in,
            groupby,
            url=url,
            domain=domain,
            su=su,
            project=project,
        )

    def _get_my_tasks_searchbar_filters(self, project_domain=None, task_domain=None):
        return super()._get_my_tasks_searchbar_filters(
            Domain(project_domain or Domain.TRUE)
            & Domain("crm_is_incident_desk", "=", False),
            Domain(task_domain or Domain.TRUE) & Domain("crm_is_incident", "=", False),
        )

    def _prepare_project_domain(self):
        return [
            *super()._prepare_project_domain(),
            ("crm_is_incident_desk", "=", False),
        ]

    @http.route()
    def portal_my_task(self, task_id, access_token=None, **kw):
        """Links in e-mails are those of tasks."""
        if self._is_incident(task_id):
            return self._to_incident(task_id, {**kw, "access_token": access_token})
        return super().portal_my_task(task_id, access_token=access_token, **kw)

    @http.route()
    def portal_my_project_task(
        self, project_id=None, task_id=None, access_token=None, **kw
    ):
        """Show the page of the incident instead: whoever has the key of a desk would
        read the incidents of all its customers here."""
        if self._is_incident(task_id):
            return self._to_incident(task_id, {**kw, "access_token": access_token})
        return super().portal_my_project_task(
            project_id=project_id, task_id=task_id, access_token=access_token, **kw
        )

    def _to_incident(self, task_id, keys):
        return request.redirect_query(
            f"/my/incidents/{task_id}",
            {
                name: keys[name]
                for name in ("access_token", "pid", "hash")
                if keys.get(name)
            },
        )

    def _is_incident(self, task_id):
        if not 0 < (task_id or 0) <= LARGEST_ID:
            return False
        # sudo: only which page is meant; that page checks who asks
        task = request.env["project.task"].sudo().browse(task_id)
        return bool(task.exists().crm_is_incident)

    # === LIST === #

    @http.route(
        ["/my/incidents", "/my/incidents/page/<int:page>"],
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
    )
    def portal_my_incidents(
        self, page=1, sortby=None, filterby=None, search=None, **_kw
    ):
        Task = request.env["project.task"]
        sortings, filters = self._incident_sortings(), self._incident_filters()
        sortby = sortby if sortby in sortings else "date"
        filterby = filterby if filterby in filters else "open"
        search = plain(search)[:LONGEST_TITLE]
        domain = Domain("crm_is_incident", "=", True) & filters[filterby]["domain"]
        if search:
            domain &= Domain("name", "ilike", search) | Domain(
                "crm_number", "ilike", search
            )
        readable = Task.has_access("read")
        pager = portal_pager(
            url="/my/incidents",
            url_args={"sortby": sortby, "filterby": filterby, "search": search},
            total=Task.search_count(domain) if readable else 0,
            page=page,
            step=self._items_per_page,
        )
        incidents = Task
        if readable:
            incidents = Task.search(
                domain,
                order=sortings[sortby]["order"],
                limit=self._items_per_page,
                offset=max(0, pager["offset"]),
            )
        request.session["my_incidents_history"] = incidents.ids[:100]
        return request.render(
            "crm_gestion.portal_my_incidents",
            {
                **self._prepare_portal_layout_values(),
                # sudo: found as the customer; types have no rights to ask for
                "incidents": incidents.sudo(),
                "page_name": "incident",
                "default_url": "/my/incidents",
                "pager": pager,
                "searchbar_sortings": sortings,
                "sortby": sortby,
                "searchbar_filters": filters,
                "filterby": filterby,
                "searchbar_inputs": {
                    "all": {"input": "all", "label": request.env._("Search in All")}
                },
                "search_in": "all",
                "search": search,
                "may_open": self._may_open(),
                **self._incident_words(),
            },
        )

    def _incident_sortings(self):
        return {
            "date": {
                "label": request.env._("Newest"),
                "order": "create_date desc, id desc",
            },
            "update": {
                "label": request.env._("Last Change"),
                "order": "date_last_stage_update desc, id desc",
            },
            "severity": {
                "label": request.env._("Severity"),
                "order": "crm_severity desc, id desc",
            },
            "stage": {"label": request.env._("Stage"), "order": "stage_id, id desc"},
        }

    def _incident_filters(self):
        phase = "crm_phase"
        return {
            "open": {
                "label": request.env._("Open"),
                "domain": Domain(phase, "not in", OVER),
            },
            "waiting": {
                "label": request.env._("Waiting for you"),
                "domain": Domain(phase, "=", "waiting"),
            },
            "closed": {
                "label": request.env._("Closed"),
                "domain": Domain(phase, "in", OVER),
            },
            "all": {"label": request.env._("All"), "domain": Domain.TRUE},
        }

    def _incident_words(self):
        """What phases and severities are called to a customer."""
        severities = request.env["project.task"]._fields["crm_severity"]
        return {
            "phases": {
                "new": request.env._("Received"),
                "working": request.env._("We are working on it"),
                "waiting": request.env._("Waiting for you"),
                "solved": request.env._("Solved"),
                "cancelled": request.env._("Called Off"),
            },
            "phase_colors": {
                "new": "text-bg-info",
                "working": "text-bg-primary",
                "waiting": "text-bg-warning",
                "solved": "text-bg-success",
                "cancelled": "text-bg-secondary",
            },
            "severities": dict(severities._description_selection(request.env)),
        }

    # === PAGE === #

    @http.route(
        "/my/incidents/<int:incident_id>",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
    )
    def portal_my_incident(self, incident_id, access_token=None, **kw):
        try:
            incident = self._incident(incident_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        files = self._own_files(incident)
        files.generate_access_token()
        values = {
            "page_name": "incident",
            "incident": incident,
            "files": files,
            "passages": incident.crm_passage_ids.sorted(
                lambda row: (row.date_in, row.id)
            ),
            "is_mine": not request.env.user._is_public()
            and self._may_read(incident.with_env(request.env)),
            **self._incident_words(),
        }
        keys = {name: kw[name] for name in ("pid", "hash") if kw.get(name)}
        values = self._get_page_view_values(
            incident, access_token, values, "my_incidents_history", False, **keys
        )
        return request.render("crm_gestion.portal_my_incident", values)

    @http.route(
        "/my/incidents/<int:incident_id>/unsolved",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
    )
    def portal_my_incident_unsolved(self, incident_id, reason=None, **_kw):
        """It is written as any answer of the customer, and opens the incident again as
        such."""
        try:
            incident = self._incident(incident_id)
        except (AccessError, MissingError):
            return request.redirect("/my")
        reason = plain(reason, several_lines=True)[:LONGEST_DESCRIPTION]
        if reason and incident.crm_phase in OVER:
            incident.with_env(request.env).message_post(
                body=reason, message_type="comment", subtype_xmlid="mail.mt_comment"
            )
        return request.redirect(f"/my/incidents/{incident.id}", code=303)

    def _incident(self, incident_id, access_token=None):
        """
        :return: incident in superuser mode
        :raise MissingError: where there is none
        :raise AccessError: where the user may not read it and has no key to it
        """
        if not self._is_incident(incident_id):
            raise MissingError(request.env._("This incident does not exist."))
        return self._document_check_access("project.task", incident_id, access_token)

    def _may_read(self, incident):
        return incident.has_access("read")

    def _own_files(self, incident):
        """What customers gave when they opened it; files of ours are in messages."""
        # Odoo gives them in no order
        return incident.attachment_ids.filtered("create_uid.share").sorted("id")

    def _may_open(self):
        """Who works here opens incidents at his own desk."""
        return request.env.user._is_portal()
