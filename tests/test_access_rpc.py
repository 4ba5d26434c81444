from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from .test_access import CHANGES, OPERATIONS
from .test_crm_history import HistoryCommon

# What a client gets with the key of a user: role -> letters for a record of himself, of
# a colleague of his team, of a stranger, of a member of a team below the head's, of
# whom he covers today, of whom he covered until yesterday, of who left, of nobody, and
# of a stranger on his own account.
OWNERS = (
    "own", "team", "other", "below", "covered", "yesterday", "left", "unassigned",
    "account",
)  # fmt: skip
SELLER = ("CRU", "", "", "", "CRU", "", "", "CRU", "R")
HEAD = ("CRU", "CRU", "", "CRU", "CRU", "", "CRU", "CRU", "R")
NATIVE = ("CRU", "", "", "", "", "", "", "CRU", "")
NOTHING = ("",) * 9
WORK = {
    "seller": SELLER,
    "head": HEAD,
    "director": ("CRUD",) * 9,
    "native": NATIVE,
    "employee": NOTHING,
    "system": NOTHING,
}
# Gestiones have an author, always.
GESTIONES = {
    "seller": ("CRU", "", "", "", "CRU", "", "", None, "R"),
    "head": ("CRU", "CRU", "", "CRU", "CRU", "", "CRU", None, "R"),
    "director": ("CRU",) * 7 + (None, "CRU"),
    "native": NOTHING[:7] + (None, ""),
    "employee": NOTHING[:7] + (None, ""),
    "system": ("CRUD",) * 7 + (None, "CRUD"),
}
PARTNERS = {
    "seller": ("CRU", "CR", "CR", "CR", "CRU", "CR", "CR", "CRU", None),
    "head": ("CRU", "CRU", "CR", "CRU", "CRU", "CR", "CRU", "CRU", None),
    "director": ("CRU",) * 8 + (None,),
    "native": ("CRU",) * 8 + (None,),
    "employee": ("R",) * 8 + (None,),
    "system": ("CRUD",) * 8 + (None,),
}
# Rows of ours that nobody writes.
LOGS = ("crm.gestion.change", "crm.opportunity.closure", "crm.opportunity.stage",
        "crm.opportunity.forecast.log")  # fmt: skip


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestAccessRpc(HistoryCommon, HttpCase):
    """The matrix once more, as another program meets it: over HTTP, with API keys."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keys = {}
        for role in WORK:
            user = getattr(cls, role)
            # sudo: a key that does not expire, the day is a frozen one
            keys = cls.env["res.users.apikeys"].with_user(user).sudo()
            cls.keys[role] = keys._generate("rpc", "test", None)

    def _call(self, role, model, method, **body):
        """:return: what the method returned; None where it is refused"""
        self.env.flush_all()
        response = self.url_open(
            f"/json/2/{model}/{method}",
            json=body,
            headers={"Authorization": f"bearer {self.keys[role]}"},
        )
        self.env.invalidate_all()
        if response.status_code == 200:
            return response.json()
        self.assertEqual(response.status_code, 403, response.text)
        return None

    def _parties(self, user):
        """:return: dict of `OWNERS` -> owner and partner of a record"""
        nobody = self.env["res.users"]
        nobodys = self._account(nobody)
        return {
            "own": (user, nobodys),
            "team": (self.colleague, nobodys),
            "other": (self.stranger, nobodys),
            "unassigned": (nobody, nobodys),
            **self._owners(user),
        }

    def _check(self, model, table, values_of):
        for role, cells in table.items():
            user = getattr(self, role)
            parties = self._parties(user)
            for owner, letters in zip(OWNERS, cells, strict=True):
                if letters is None:
                    continue
                values = values_of(*parties[owner])
                with self.subTest(model=model, role=role, owner=owner):
                    self.assertGets(letters, role, model, values)

    def assertGets(self, letters, role, model, values):
        field, value = CHANGES[model]
        record = self.env[model].create(values)
        done = ""
        ids = record.ids
        rows = self._call(role, model, "search_read", domain=[("id", "in", ids)],
                          fields=[field]) or []  # fmt: skip
        bodies = {
            "create": {"vals_list": [values]},
            "read": {"ids": ids, "fields": [field]},
            "write": {"ids": ids, "vals": {field: value}},
            "unlink": {"ids": ids},
        }
        for letter, method in OPERATIONS.items():
            before, count = self._row(record), self._count(model)
            if self._call(role, model, method, **bodies[method]) is not None:
                done += letter
                continue
            self.assertEqual(self._row(record), before, method)
            self.assertEqual(self._count(model), count, method)
        self.assertEqual(done, letters)
        self.assertEqual(bool(rows), "R" in letters)

    def _row(self, record):
        return record.exists().read([CHANGES[record._name][0], "user_id"])

    def _count(self, model):
        return self.env[model].with_context(active_test=False).search_count([])

    def test_opportunities(self):
        self._check(
            "crm.lead",
            WORK,
            lambda user, partner: {
                "name": "Work",
                "type": "opportunity",
                "user_id": user.id,
                "team_id": False,
                "partner_id": partner.id,
            },
        )

    def test_orders(self):
        self._check(
            "sale.order",
            WORK,
            lambda user, partner: {"partner_id": partner.id, "user_id": user.id},
        )

    def test_gestiones(self):
        self._check(
            "crm.gestion",
            GESTIONES,
            lambda user, partner: {
                "activity_type_id": self.call.id,
                "user_id": user.id,
                "organization_id": partner.id,
                "date": "2026-03-01 09:00:00",
            },
        )

    def test_partners(self):
        self._check(
            "res.partner",
            PARTNERS,
            lambda user, _partner: {"name": "Partner", "user_id": user.id},
        )

    def test_logs_are_written_by_nobody(self):
        lead = self._make_lead(self.seller, date_deadline="2026-05-01")
        lead.date_deadline = "2026-06-01"
        gestion = self._make_gestion(self.seller, lead_id=lead.id,
                                     contact_id=self.stall.id)  # fmt: skip
        gestion.result_id = self.interest
        lead.action_set_lost(lost_reason_id=self.price.id)
        for model in LOGS:
            name = "gestion_id" if model == "crm.gestion.change" else "lead_id"
            value = gestion.id if model == "crm.gestion.change" else lead.id
            row = self.env[model].search([(name, "=", value)], limit=1)
            self.assertTrue(row)
            before = row.read()
            for role in WORK:
                with self.subTest(model=model, role=role):
                    body = {"ids": row.ids}
                    write = {**body, "vals": {name: value}}
                    self.assertIsNone(self._call(role, model, "write", **write))
                    self.assertIsNone(self._call(role, model, "unlink", **body))
                    copy = {"vals_list": [{name: value}]}
                    self.assertIsNone(self._call(role, model, "create", **copy))
                    self.assertEqual(row.read(), before)

    def test_nobody_gives_himself_a_wider_scope(self):
        """What decides who sees what is not the seller's to write."""
        member = self.env["crm.team.member"].search([("user_id", "=", self.seller.id)])
        writes = [
            ("crm.team", self.south, {"user_id": self.seller.id}),
            ("crm.team", self.south, {"parent_id": self.north.id}),
            ("crm.team.member", member, {"crm_left": True}),
            ("res.company", self.env.company, {"crm_shared_history": "all"}),
        ]
        for role in ("seller", "head"):
            for model, record, vals in writes:
                with self.subTest(role=role, model=model, vals=vals):
                    before = record.read(list(vals))
                    answer = self._call(role, model, "write", ids=record.ids, vals=vals)
                    self.assertIsNone(answer)
                    self.assertEqual(record.read(list(vals)), before)
        lead = self._make_lead(self.stranger)
        for vals in ({"in_scope": True}, {"user_id": self.seller.id}):
            answer = self._call("seller", "crm.lead", "write", ids=lead.ids, vals=vals)
            self.assertIsNone(answer)
        context = {"tz": "Pacific/Kiritimati", "crm_scopes": True, "active_test": False}
        answer = self._call(
            "seller", "crm.lead", "read", ids=lead.ids, fields=["name"], context=context
        )
        self.assertIsNone(answer)
        self.assertEqual(lead.user_id, self.stranger)

    def test_merging_takes_nothing_that_is_only_read(self):
        account = self._account(self.seller)
        theirs = self._make_lead(self.stranger, partner_id=account.id)
        own = self._make_lead(self.seller, partner_id=account.id)
        ids = (own | theirs).ids
        answer = self._call("seller", "crm.lead", "merge_opportunity", ids=ids)
        self.assertIsNone(answer)
        wizard = self._call(
            "seller",
            "crm.merge.opportunity",
            "create",
            vals_list=[{"opportunity_ids": [Command.set(ids)]}],
        )
        merged = self._call("seller", "crm.merge.opportunity", "action_merge",
                            ids=wizard)  # fmt: skip
        self.assertIsNone(merged)
        self.assertEqual(len((own | theirs).exists()), 2)
