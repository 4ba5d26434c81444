"""What a seller looks at all day: native screens, and ours that stand in for them."""

from row import Operation, Row

from .records import view

PIPELINE = [["type", "=", "opportunity"]]
OPEN = [["won_status", "=", "pending"]]
GRID = "crm_gestion.crm_lead_view_list_grid"
LIST = "crm.crm_case_tree_view_oppor"
KANBAN = "crm.crm_case_kanban_view_leads"
PIVOT = "crm.crm_lead_view_pivot"
TEXT = "tunity 12"
SEARCHED = ("partner_id", "partner_name", "email_from", "name", "contact_name")


def mine(session):
    return [*PIPELINE, ["user_id", "=", session.uid]]


def pipeline_kanban(side, session, _prepared):
    found = view(
        side, session, "crm.lead", "kanban", KANBAN, default_type="opportunity"
    )
    found.kanban_of(
        session, mine(session), "stage_id", ["__count", "expected_revenue:sum"]
    )


def list_of(xmlid, domain):
    def act(side, session, _prepared):
        found = view(
            side, session, "crm.lead", "list", xmlid, default_type="opportunity"
        )
        found.list_of(session, domain(session))

    return Operation(act)


def searched(session):
    terms = ["|"] * (len(SEARCHED) - 1)
    return ["&", "&", *mine(session), *terms, *([n, "ilike", TEXT] for n in SEARCHED)]


def pivot(domain):
    def act(side, session, _prepared):
        found = view(side, session, "crm.lead", "pivot", PIVOT)
        found.pivot_of(session, domain(session))

    return Operation(act)


def organization(side, session, number):
    """Another organization of the user's each time."""
    ids = side.ids(
        "SELECT id FROM res_partner WHERE is_company AND active AND user_id = %s"
        " ORDER BY id LIMIT 20 OFFSET 2",
        session.uid,
    )
    return ids[number % len(ids)]


def organization_form(side, session, partner_id):
    view(side, session, "res.partner", "form", None).form_of(session, partner_id)


KANBAN_OF = Operation(pipeline_kanban)
FORM_OF = Operation(organization_form, organization)

ROWS = [
    Row("seller's kanban", "seller", KANBAN_OF, KANBAN_OF, 1.1, queries=2),
    Row(
        "seller's grid of 80, as it opens",
        "seller",
        list_of(GRID, lambda session: PIPELINE + OPEN),
        list_of(LIST, mine),
        0.6,
        queries=2,
        flat=True,
    ),
    Row(
        "seller's grid of 80, his own",
        "seller",
        list_of(GRID, mine),
        list_of(LIST, mine),
        0.6,
        queries=2,
        flat=True,
    ),
    Row(
        "text in the search bar",
        "seller",
        list_of(GRID, searched),
        list_of(LIST, searched),
        1.1,
        queries=2,
    ),
    Row("organization form", "seller", FORM_OF, FORM_OF, 1.1, queries=2, flat=True),
    Row("pipeline pivot", "seller", pivot(mine), pivot(mine), 1.1, queries=2),
    Row(
        "pipeline pivot, everybody's",
        "director",
        pivot(lambda session: PIPELINE),
        pivot(lambda session: PIPELINE),
        1.1,
        queries=2,
        runs=7,
        crowd=False,
    ),
]
