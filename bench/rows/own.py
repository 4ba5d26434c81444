"""Screens that only the add-on has, within what their issues allow."""

from row import Operation, Row

from .records import view

ORGANIZATION = "Organization 0"  # the account with thousands of events
EXPEDIENTE_MS = 300
LIST_MS = 2000
GESTIONES_MS = 1000  # named nowhere: one second, as for the daily screens


def dashboard(name):
    def act(side, session, _prepared):
        session.call(f"crm.dashboard.{name}", "get_data", {})

    return Operation(act)


def large_account(side, session, number):
    return side.one(
        "SELECT min(id) FROM res_partner WHERE name = %s AND is_company", ORGANIZATION
    )


def timeline(side, session, account):
    found = view(side, session, "crm.timeline", "list")
    found.list_of(session, [["organization_id", "=", account]])


def whole_list(model, xmlid=None, limit=80, domain=()):
    def act(side, session, _prepared):
        found = view(side, session, model, "list", xmlid)
        found.list_of(session, list(domain), limit)

    return Operation(act)


ROWS = [
    Row("dashboard of a seller", "seller", dashboard("seller"), limit_ms=1000),
    Row("dashboard of a head", "head", dashboard("head"), limit_ms=2000, runs=7),
    Row(
        "dashboard of a director",
        "director",
        dashboard("director"),
        limit_ms=4000,
        runs=7,
    ),
    *(
        Row(
            "expediente of the large account",
            role,
            Operation(timeline, large_account),
            limit_ms=EXPEDIENTE_MS,
            crowd=role == "seller 0",
        )
        for role in ("seller 0", "head 0", "director")
    ),
    Row(
        "list of gestiones",
        "seller",
        whole_list("crm.gestion", "crm_gestion.crm_gestion_view_list"),
        limit_ms=GESTIONES_MS,
        note="the bound is named by no issue",
    ),
    Row(
        "list of 2,000 objectives",
        "director",
        whole_list("crm.objective", limit=2000),
        limit_ms=LIST_MS,
        runs=5,
        crowd=False,
    ),
    Row(
        "list of 500 campaigns",
        "director",
        whole_list("utm.campaign", limit=500),
        limit_ms=LIST_MS,
        runs=5,
        crowd=False,
    ),
]
