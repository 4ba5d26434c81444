import re
from unittest.mock import patch

from freezegun import freeze_time
from lxml import html

from odoo.tests import HttpCase, tagged

from .common import PASSWORD, AtOnce, Connection, CrmGestionCommon

NOW = "2026-03-02 10:00:00"
TOLD = {
    "name": "La bomba no arranca",
    "description": "Desde ayer.\nHace <b>ruido</b>",
    "severity": "2_high",
}
REQUEST = "odoo.addons.crm_gestion.models.crm_incident_request"
PORTAL = "odoo.addons.crm_gestion.controllers.portal_incident_new"


class PortalCommon(CrmGestionCommon, HttpCase):
    """Two customers: one with two users of the portal, and another company's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._speak_english()
        cls.desk = cls.env.ref("crm_gestion.incident_desk")
        cls.fault = cls.env.ref("crm_gestion.incident_type_fault")
        cls.lucia = cls._make_customer("lucia", cls.contact)
        cls.marta = cls._make_customer("marta", parent_id=cls.organization.id)
        cls.other = cls.env["res.partner"].create(
            {"name": "Otra empresa", "is_company": True}
        )
        cls.rival = cls._make_customer("rival", parent_id=cls.other.id)
        cls.handler = cls._make_user("handler", "project.group_project_user")
        cls.desk.message_subscribe(cls.handler.partner_id.ids)

    @classmethod
    def _make_customer(cls, name, partner=None, **values):
        partner = partner or cls.env["res.partner"].create(
            {"name": name.title(), "email": f"{name}@customer.example", **values}
        )
        return cls.env["res.users"].create(
            {
                "login": f"crm_{name}",
                "password": PASSWORD,
                "partner_id": partner.id,
                "group_ids": [(6, 0, cls.env.ref("base.group_portal").ids)],
                "lang": "en_US",
                "tz": "UTC",
            }
        )

    def _login(self, user):
        self.authenticate(user.login, PASSWORD)

    def _incident(self, user=None, **values):
        env = self.env(user=user or self.lucia)
        incident = env["crm.incident"]._open(
            [{"name": "Fuga de aceite", "description": "<p>En la junta</p>", **values}]
        )
        return incident.sudo().with_env(self.env)

    def _page(self, path):
        answer = self.url_open(path, allow_redirects=False)
        self.assertEqual(answer.status_code, 200, path)
        return html.fromstring(answer.text)

    def _text(self, page):
        main = page.xpath("//main")[0]
        return " ".join(main.text_content().split())

    def _listed(self, query=""):
        rows = self._page(f"/my/incidents{query}").xpath("//main//tbody/tr//a/@href")
        return [int(href.rpartition("/")[2]) for href in rows]

    def _hidden(self):
        fields = self._page("/my/incidents/new").xpath("//form//input[@type='hidden']")
        return {field.get("name"): field.get("value") for field in fields}

    def _send(self, files=None, **values):
        data = {**TOLD, "type": str(self.fault.id), **self._hidden(), **values}
        return self._post({k: v for k, v in data.items() if v is not None}, files)

    def _post(self, data, files=None, path="/my/incidents/new"):
        return self.url_open(path, data=data, files=files, allow_redirects=False)

    def _incidents(self):
        self.env.invalidate_all()
        domain = [("crm_is_incident", "=", True)]
        return self.env["project.task"].with_context(active_test=False).search(domain)

    def assertRefused(self, answer, status, before):
        self.assertEqual(answer.status_code, status)
        self.assertEqual(self._incidents(), before)

    def assertLeadsTo(self, answer, path):
        self.assertEqual(answer.status_code, 303)
        where = re.sub(r"^https?://[^/]+", "", answer.headers["Location"])
        self.assertEqual(where, path)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestSeen(PortalCommon):
    """A customer sees what is his, and nothing that stays inside."""

    def test_page(self):
        order = self.env["sale.order"].create({"partner_id": self.organization.id})
        order.state = "sale"
        incident = self._incident(
            crm_type_id=self.fault.id, crm_severity="2_high", crm_order_id=order.id
        )
        incident.user_ids = self.handler
        incident.message_post(body="Note of ours", subtype_xmlid="mail.mt_note")
        incident.with_user(self.handler).action_crm_start()
        self._login(self.lucia)
        page = self._page(f"/my/incidents/{incident.id}")
        text = self._text(page)
        for shown in (
            incident.crm_number,
            "Fuga de aceite",
            "En la junta",
            "Type: Fault or Breakdown",
            "Severity: High",
            f"Order: {order.name}",
            "Taken care of by: Handler",
            "Opened:",
            "03/02/2026 10:00 AM Received",
            "03/02/2026 10:00 AM We are working on it",
        ):
            self.assertIn(shown, text)
        source = html.tostring(page, encoding="unicode")
        for hidden in ("handler@ours.example", "seller@ours.example", "Note of ours"):
            self.assertNotIn(hidden, source)
        deadline = incident.crm_solution_deadline
        self.assertNotIn(deadline.strftime("%m/%d/%Y"), text)
        thread = page.xpath("//div[@id='discussion']")[0]
        self.assertEqual(thread.get("data-res_model"), "project.task")
        self.assertEqual(thread.get("data-res_id"), str(incident.id))

    def test_messages_without_notes(self):
        incident = self._incident()
        incident.with_user(self.handler).message_post(
            body="We look at it",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        incident.message_post(body="Note of ours", subtype_xmlid="mail.mt_note")
        self._login(self.lucia)
        told = self.make_jsonrpc_request(
            "/mail/chatter_fetch",
            {"thread_model": "project.task", "thread_id": incident.id},
        )
        bodies = [message["body"] for message in told["data"]["mail.message"]]
        self.assertEqual([str(body[-1]) for body in bodies], ["<p>We look at it</p>"])
        self.assertNotIn("handler@ours.example", str(told))

    def test_list(self):
        first = self._incident(crm_severity="0_low")
        second = self._incident(crm_severity="2_high", name="Pedido incompleto")
        third = self._incident(crm_severity="1_normal", name="Factura")
        third.with_user(self.handler).action_crm_wait()
        solved = self._incident(name="Old")
        solved.with_user(self.handler).action_crm_solve()
        theirs = self._incident(self.rival)
        self._login(self.lucia)
        self.assertEqual(self._listed(), [third.id, second.id, first.id])
        for query, expected in (
            ("?sortby=severity", second | third | first),
            ("?sortby=stage", second | first | third),
            ("?filterby=waiting", third),
            ("?filterby=closed", solved),
            ("?filterby=all&sortby=date", solved | third | second | first),
            ("?search=PEDIDO", second),
            (f"?search={first.crm_number}", first),
            ("?search=nothing", first.browse()),
            ("?sortby=access_token&filterby=x", third | second | first),
            ("?search=%00&page=x", third | second | first),
        ):
            with self.subTest(query):
                self.assertCountEqual(self._listed(query), expected.ids)
                if "sortby=severity" in query:
                    self.assertEqual(self._listed(query), expected.ids)
        self.assertNotIn(theirs.id, self._listed("?filterby=all"))

    def test_pages_of_the_list(self):
        with patch(
            "odoo.addons.portal.controllers.portal.CustomerPortal._items_per_page", 2
        ):
            incidents = [self._incident(name=f"Number {n}").id for n in range(3)]
            self._login(self.lucia)
            self.assertEqual(self._listed(), incidents[:0:-1])
            self.assertEqual(self._listed_at("/my/incidents/page/2"), incidents[:1])
            self.assertEqual(self._listed_at("/my/incidents/page/999"), incidents[:1])

    def _listed_at(self, path):
        rows = self._page(path).xpath("//main//tbody/tr//a/@href")
        return [int(href.rpartition("/")[2]) for href in rows]

    def test_nobodys_page_is_inviting(self):
        self._login(self.marta)
        text = self._text(self._page("/my/incidents"))
        self.assertIn("You have no open incident.", text)
        self.assertIn("New Incident", text)
        self._login(self.rival)
        self.assertEqual(self._listed("?filterby=all"), [])

    def test_two_users_of_one_company(self):
        incident = self._incident(self.lucia)
        self._login(self.marta)
        self.assertEqual(self._listed(), [incident.id])
        self._page(f"/my/incidents/{incident.id}")

    def test_of_others_there_is_nothing(self):
        incident = self._incident(name="Secret trouble")
        archived = self._incident(self.rival, name="Archived")
        archived.active = False
        task = self.env["project.task"].create(
            {"name": "No incident", "project_id": self._project().id}
        )
        for user in (self.rival, None):
            if user:
                self._login(user)
            else:
                self.authenticate(None, None)
            for number in (incident.id, archived.id, task.id, 0, 2**31, 10**30):
                for query in ("", "?access_token=", "?access_token=x&pid=1&hash=y"):
                    with self.subTest(user=user and user.login, id=number, query=query):
                        answer = self.url_open(
                            f"/my/incidents/{number}{query}", allow_redirects=False
                        )
                        self.assertLeadsTo(answer, "/my")
                        self.assertNotIn("Secret", answer.text)

    def _project(self, **values):
        return self.env["project.project"].create(
            {"name": "Implantación", "privacy_visibility": "portal", **values}
        )

    def test_desk_that_is_not_for_customers(self):
        incident = self._incident()
        self._login(self.lucia)
        self._page(f"/my/incidents/{incident.id}")
        self.desk.privacy_visibility = "employees"
        answer = self.url_open(f"/my/incidents/{incident.id}", allow_redirects=False)
        self.assertLeadsTo(answer, "/my")
        self.assertEqual(self._listed("?filterby=all"), [])

    def test_key_in_an_email(self):
        """Odoo's link opens the page to who has it, without a login."""
        incident = self._incident()
        key = incident._portal_ensure_token()
        self.authenticate(None, None)
        answer = self.url_open(
            f"/my/tasks/{incident.id}?access_token={key}", allow_redirects=False
        )
        self.assertLeadsTo(answer, f"/my/incidents/{incident.id}?access_token={key}")
        page = self._page(f"/my/incidents/{incident.id}?access_token={key}")
        self.assertIn("Fuga de aceite", self._text(page))
        self.assertFalse(page.xpath("//*[contains(@class, 'o_crm_portal_unsolved')]"))
        thread = page.xpath("//div[@id='discussion']")[0]
        self.assertEqual(thread.get("data-token"), key)

    def test_key_of_a_desk_is_none_to_its_incidents(self):
        """Odoo's page of a project opens all of its tasks to who has its key."""
        incident = self._incident()
        incident.user_ids = self.handler
        self.handler.partner_id.email = "handler@company.example"
        key = self.desk._portal_ensure_token()
        for user in (None, self.rival):
            self.authenticate(user and user.login, user and PASSWORD)
            with self.subTest(user=user and user.login):
                for page in (f"task/{incident.id}", "", "page/1"):
                    answer = self.url_open(
                        f"/my/projects/{self.desk.id}/{page}?access_token={key}"
                    )
                    self.assertNotIn("Fuga de aceite", answer.text)
                    self.assertNotIn("handler@company.example", answer.text)

    def test_odoos_page_of_a_task_is_not_theirs_by_any_name(self):
        incident = self._incident()
        self._login(self.lucia)
        for query in ("report_type=x", "report_type=html", "project_sharing=1"):
            with self.subTest(query=query):
                answer = self.url_open(
                    f"/my/tasks/{incident.id}?{query}", allow_redirects=False
                )
                self.assertLeadsTo(answer, f"/my/incidents/{incident.id}")

    def test_odoos_pages_of_tasks_leave_them_out(self):
        incident = self._incident()
        task = self.env["project.task"].create(
            {
                "name": "Instalar",
                "project_id": self._project().id,
                "partner_id": self.contact.id,
            }
        )
        task.message_subscribe(self.contact.ids)
        self._login(self.lucia)
        tasks = self.url_open("/my/tasks").text
        self.assertIn("Instalar", tasks)
        self.assertNotIn("Fuga de aceite", tasks)
        self.assertNotRegex(tasks, rf"filterby={self.desk.id}\b")
        counts = self.make_jsonrpc_request(
            "/my/counters", {"counters": ["task_count", "incident_waiting_count"]}
        )
        self.assertEqual(counts, {"task_count": 1, "incident_waiting_count": 0})
        incident.with_user(self.handler).action_crm_wait()
        counts = self.make_jsonrpc_request(
            "/my/counters", {"counters": ["incident_waiting_count"]}
        )
        self.assertEqual(counts, {"incident_waiting_count": 1})
        self.assertEqual(self.url_open(f"/my/tasks/{task.id}").status_code, 200)
        for path in (
            f"/my/tasks/{incident.id}",
            f"/my/projects/{self.desk.id}/task/{incident.id}",
        ):
            answer = self.url_open(path, allow_redirects=False)
            self.assertLeadsTo(answer, f"/my/incidents/{incident.id}")
        self.assertIn('href="/my/incidents"', self.url_open("/my").text)

    def test_desk_is_no_project_of_the_customer(self):
        self.desk.message_subscribe(self.contact.ids)
        project = self._project()
        project.message_subscribe(self.contact.ids)
        self._login(self.lucia)
        shown = self.url_open("/my/projects").text
        self.assertIn("Implantación", shown)
        self.assertNotRegex(shown, rf"/my/projects/{self.desk.id}\b")

    def test_in_the_customers_language(self):
        incident = self._incident()
        self._login(self.lucia)
        self.assertIn("Sort By:", self._text(self._page("/my/incidents")))
        self.assertIn("Ordenar por:", self._text(self._page("/es/my/incidents")))
        for path in ("new", str(incident.id)):
            self._page(f"/es/my/incidents/{path}")


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestOpened(PortalCommon):
    """A customer opens incidents of his own, once, and with nothing that he may not
    say."""

    def test_opened(self):
        order = self.env["sale.order"].create({"partner_id": self.contact.id})
        order.state = "sale"
        self._login(self.lucia)
        answer = self._send(
            order=str(order.id),
            files=[
                ("attachments", ("foto.png", b"\x89PNG\r\n\x1a\n", "image/png")),
                ("attachments", ("../a/b.html", b"<script>x</script>", "text/html")),
            ],
        )
        incident = self._incidents()
        self.assertLeadsTo(answer, f"/my/incidents/{incident.id}")
        self.assertRecordValues(
            incident,
            [
                {
                    "name": "La bomba no arranca",
                    "description": "<p>Desde ayer.<br>Hace "
                    "&lt;b&gt;ruido&lt;/b&gt;</p>",
                    "project_id": self.desk.id,
                    "partner_id": self.contact.id,
                    "crm_organization_id": self.organization.id,
                    "crm_type_id": self.fault.id,
                    "crm_severity": "2_high",
                    "crm_channel": "portal",
                    "crm_phase": "new",
                    "crm_order_id": order.id,
                    "create_uid": self.lucia.id,
                    "user_ids": [],
                }
            ],
        )
        self.assertTrue(incident.crm_number)
        self.assertIn(self.contact, incident.message_partner_ids)
        self.assertRecordValues(
            incident.attachment_ids.sorted("id"),
            [
                {"name": "foto.png", "mimetype": "image/png", "type": "binary"},
                {"name": "b.html", "mimetype": "text/plain", "type": "binary"},
            ],
        )
        page = self._page(f"/my/incidents/{incident.id}")
        links = page.xpath("//main//a[contains(@href, '/web/content/')]/@href")
        self.assertEqual(len(links), 2)
        self.assertEqual(self.url_open(links[0]).content, b"\x89PNG\r\n\x1a\n")

    def test_as_little_as_possible(self):
        self._login(self.marta)
        self._send(type="", severity=None)
        self.assertRecordValues(
            self._incidents(),
            [
                {
                    "crm_type_id": False,
                    "crm_severity": "1_normal",
                    "partner_id": self.marta.partner_id.id,
                    "crm_organization_id": self.organization.id,
                }
            ],
        )

    def test_twice_is_once(self):
        self._login(self.lucia)
        data = {**TOLD, **self._hidden()}
        first = self._post(data)
        incident = self._incidents()
        again = self._post({**data, "name": "Again"})
        self.assertEqual(self._incidents(), incident)
        self.assertLeadsTo(first, f"/my/incidents/{incident.id}")
        self.assertLeadsTo(again, f"/my/incidents/{incident.id}")

    def test_word_of_somebody_else(self):
        self._login(self.rival)
        word = self._hidden()["token"]
        self._login(self.lucia)
        before = self._incidents()
        for forged in (word, "", "x", None, "é" * 50, word[:-4] + "AAAA"):
            with self.subTest(forged):
                answer = self._send(token=forged)
                self.assertRefused(answer, 422, before)
                self.assertIn("La bomba no arranca", answer.text)

    def test_what_he_may_not_say(self):
        inner = self.env["crm.incident.type"].create(
            {"name": "Inner", "code": "INNER", "is_public": False}
        )
        order = self.env["sale.order"].create({"partner_id": self.other.id})
        order.state = "sale"
        draft = self.env["sale.order"].create({"partner_id": self.contact.id})
        draft.copy().state = "sale"
        self._login(self.lucia)
        page = self._page("/my/incidents/new")
        offered = page.xpath("//select[@name='type']/option/@value")
        self.assertNotIn(str(inner.id), offered)
        before = self._incidents()
        for field, value in (
            ("type", str(inner.id)),
            ("type", "0"),
            ("type", "1 OR 1=1"),
            ("severity", "3_critical"),
            ("order", str(order.id)),
            ("order", str(draft.id)),
            ("order", "9" * 40),
            ("name", ""),
            ("name", " \x00 "),
            ("name", "x" * 151),
            ("description", ""),
            ("description", "x" * 10001),
        ):
            with self.subTest(field=field, value=value[:20]):
                answer = self._send(**{field: value})
                self.assertRefused(answer, 422, before)
                marked = html.fromstring(answer.text).xpath(
                    "//form//*[contains(@class, 'is-invalid')]/@name"
                )
                self.assertEqual(marked, [field])
        self._send(
            partner_id=str(self.rival.partner_id.id),
            project_id="1",
            user_ids=str(self.seller.id),
            crm_channel="phone",
            stage_id="1",
        )
        self.assertRecordValues(
            self._incidents() - before,
            [
                {
                    "partner_id": self.contact.id,
                    "project_id": self.desk.id,
                    "user_ids": [],
                    "crm_channel": "portal",
                    "crm_phase": "new",
                }
            ],
        )

    def test_critical_is_ours_to_say(self):
        """Whatever calls it for a customer."""
        self.assertEqual(
            self._incident(crm_severity="3_critical").crm_severity, "2_high"
        )

    def test_too_many_or_too_large_files(self):
        self._login(self.lucia)
        before = self._incidents()
        many = [("attachments", (f"{n}.txt", b"x")) for n in range(11)]
        answer = self._send(files=many)
        self.assertRefused(answer, 422, before)
        self.assertIn("Attach 10 files at most.", answer.text)
        with patch(f"{PORTAL}.LARGEST_FILE", 10):
            large = [("attachments", ("large.txt", b"x" * 11))]
            self.assertRefused(self._send(files=large), 422, before)
        self.assertFalse(
            self.env["ir.attachment"].search([("name", "in", ("1.txt", "large.txt"))])
        )

    def test_what_fails_in_between_changes_nothing(self):
        self._login(self.lucia)
        before = self._incidents()
        self.desk.crm_is_incident_desk = False
        answer = self._send(files=[("attachments", ("a.txt", b"x"))])
        self.assertRefused(answer, 422, before)
        self.assertIn("There is no incident desk", answer.text)
        self.assertFalse(self.env["crm.incident.request"].search([]))

    def test_flood(self):
        self._login(self.lucia)
        with patch(f"{REQUEST}.MOST_IN_AN_HOUR", 2):
            self._send()
            self._send()
            before = self._incidents()
            answer = self._send()
            self.assertRefused(answer, 429, before)
            self.assertEqual(answer.headers["Retry-After"], "3600")
            self.assertIn("La bomba no arranca", answer.text)
            self._login(self.marta)
            self.assertEqual(self._send().status_code, 303)
        self.assertEqual(len(self._incidents()), 3)

    def test_who_is_no_customer(self):
        before = self._incidents()
        self._login(self.handler)
        self.assertLeadsTo(
            self.url_open("/my/incidents/new", allow_redirects=False), "/my"
        )
        self.authenticate(None, None)
        answer = self.url_open("/my/incidents/new", allow_redirects=False)
        self.assertEqual(answer.status_code, 303)
        self.assertIn("/web/login", answer.headers["Location"])
        self._login(self.lucia)
        with self.assertLogs("odoo.http", "WARNING"):
            self.assertRefused(self._send(csrf_token=None), 400, before)

    def test_rows_of_sendings_go(self):
        request = self.env["crm.incident.request"]
        row = request.create({"token": "x"})
        self.env.cr.execute(
            "UPDATE crm_incident_request SET create_date = %s", ("2026-02-28 09:59:00",)
        )
        row.invalidate_recordset()
        fresh = request.create({"token": "y"})
        request._gc_requests()
        self.assertEqual(row.exists() | fresh.exists(), fresh)
        for user in (self.lucia, self.seller, self.director):
            self.assertFalse(request.with_user(user).has_access("read"))


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestAnswered(PortalCommon):
    """A customer answers, and says where it is not solved after all."""

    def _unsolved(self, incident, **values):
        hidden = self._hidden()
        data = {"csrf_token": hidden["csrf_token"], "reason": "Sigue igual", **values}
        return self._post(
            {k: v for k, v in data.items() if v is not None},
            path=f"/my/incidents/{incident.id}/unsolved",
        )

    def test_answer_by_the_chatter(self):
        incident = self._incident()
        incident.with_user(self.handler).action_crm_wait()
        self._login(self.lucia)
        self.make_jsonrpc_request(
            "/mail/message/post",
            {
                "thread_model": "project.task",
                "thread_id": incident.id,
                "post_data": {
                    "body": "Es la junta",
                    "message_type": "comment",
                    "subtype_xmlid": "mail.mt_comment",
                },
            },
        )
        self.env.invalidate_all()
        self.assertEqual(incident.message_ids[0].author_id, self.contact)
        self.assertEqual(incident.crm_phase, "working")

    def test_not_solved_after_all(self):
        incident = self._incident()
        incident.with_user(self.handler).action_crm_solve()
        self._login(self.lucia)
        page = self._page(f"/my/incidents/{incident.id}")
        self.assertTrue(page.xpath("//*[contains(@class, 'o_crm_portal_unsolved')]"))
        answer = self._unsolved(incident, reason="<i>Sigue</i> igual\x00")
        self.assertLeadsTo(answer, f"/my/incidents/{incident.id}")
        self.env.invalidate_all()
        self.assertEqual(incident.crm_phase, "working")
        self.assertEqual(incident.crm_reopen_count, 1)
        message = incident.message_ids.filtered(
            lambda row: row.message_type == "comment"
        )
        self.assertEqual(message.author_id, self.contact)
        self.assertEqual(message.body, "<p>&lt;i&gt;Sigue&lt;/i&gt; igual</p>")
        text = self._text(self._page(f"/my/incidents/{incident.id}"))
        self.assertIn("Opened again: We are working on it", text)

    def test_only_his_own_and_only_what_is_over(self):
        incident = self._incident()
        self._login(self.lucia)
        self._unsolved(incident)
        self.assertFalse(self._comments(incident))
        incident.with_user(self.handler).action_crm_solve()
        self._unsolved(incident, reason=" ")
        self.assertFalse(self._comments(incident))
        with self.assertLogs("odoo.http", "WARNING"):
            answer = self._unsolved(incident, csrf_token=None)
        self.assertEqual(answer.status_code, 400)
        self._login(self.rival)
        self.assertLeadsTo(self._unsolved(incident), "/my")
        key = incident._portal_ensure_token()
        self.assertLeadsTo(self._unsolved(incident, access_token=key), "/my")
        self.env.invalidate_all()
        self.assertFalse(self._comments(incident))
        self.assertEqual(incident.crm_phase, "solved")

    def _comments(self, incident):
        self.env.invalidate_all()
        return incident.message_ids.filtered(lambda row: row.message_type == "comment")


@tagged("post_install", "-at_install")
class TestSentTwiceAtOnce(AtOnce):
    """A double click on two servers makes one incident."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self._clean_up)
        with Connection() as env:
            partner = env["res.partner"].create({"name": "Double Click"})
            user = env["res.users"].create(
                {
                    "login": "double_click",
                    "partner_id": partner.id,
                    "group_ids": [(6, 0, env.ref("base.group_portal").ids)],
                }
            )
            self.user_id, self.partner_id = user.id, partner.id
            request = env(user=user.id)["crm.incident.request"]
            self.key = request._key(request._issue())

    def _clean_up(self):
        with Connection() as env:
            rows = env["crm.incident.request"].search([("token", "=", self.key)])
            incidents = env["project.task"].search(
                [("partner_id", "=", self.partner_id)]
            )
            rows.unlink()
            incidents.unlink()
            env["res.users"].browse(self.user_id).unlink()
            env["res.partner"].browse(self.partner_id).unlink()

    def test_one_incident(self):
        def send(env):
            request = env(user=self.user_id)["crm.incident.request"]
            vals = {"name": "Once", "description": "Once"}
            return request._open_once(self.key, vals, [("a.txt", b"x")]).id

        one = (lambda env: env["res.users"].browse(self.user_id).login, send)
        answers = self._at_once(one, one)
        self.assertEqual(len(set(answers)), 1)
        with Connection() as env:
            incidents = env["project.task"].search(
                [("partner_id", "=", self.partner_id)]
            )
            self.assertEqual(incidents.ids, answers[:1])
            self.assertEqual(incidents.attachment_ids.mapped("name"), ["a.txt"])
