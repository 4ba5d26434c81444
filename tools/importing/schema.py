"""What an import carries, whatever program it comes from.

A source turns the cells of a row into a dict of these fields; a loader makes records of
it. Neither knows of the other. Values are what JSON holds: texts, numbers, booleans,
dates as ``2026-11-21``, moments as ``2026-11-21 18:34:16`` in UTC, amounts as texts
with a point, so that not a cent is lost.

Kinds of fields:

``text``, ``flag``, ``integer``, ``number``, ``amount``, ``date``, ``moment``
    what they say.
``name:ENTITY``
    a record of that entity, by its name: of this import, else of the database.
``related``
    a dict with ``entity`` and ``name``.
``names:ENTITY``
    a list of names.
``choice:KIND``
    a text whose meaning is chosen once for the whole import (`CHOICES`).

>>> ENTITIES["opportunity"]["organization"]
'name:organization'
>>> list(ENTITIES)[:3]
['user', 'origination', 'market']
>>> sorted(kind for kind in kinds() if kind.startswith("choice:"))[:2]
['choice:activity_type', 'choice:campaign_type']
"""

# What a choice is made among.
CHOICES = {
    "owner": "res.users",
    "stage": "crm.stage",
    "lost_reason": "crm.lost.reason",
    "origination": "crm.origination",
    "market": "crm.market",
    "cargo": "crm.cargo",
    "activity_type": "mail.activity.type",
    "result": "crm.gestion.result",
    "incident_type": "crm.incident.type",
    "incident_stage": "project.task.type",
    "severity": None,
    "campaign_type": None,
    "lead_status": None,
}

# A text that several records of the import or of the database bear is asked for too,
# as a choice of these kinds: the entities that are named by others.
NAMED = (
    "organization",
    "contact",
    "lead",
    "opportunity",
    "campaign",
    "product",
    "incident",
)

PLACE = {
    "street": "text",
    "street2": "text",
    "zip": "text",
    "city": "text",
    "state": "text",
    "country": "text",
}
RECORD = {
    "ref": "text",
    "owner": "choice:owner",
    "description": "text",
    "created": "moment",
    "extra": "text",
}
PERSON = {
    "name": "text",
    "first_name": "text",
    "last_name": "text",
    "title": "text",
    "email": "text",
    "email2": "text",
    "phone": "text",
    "phone2": "text",
    "mobile": "text",
    "cargo": "choice:cargo",
    "department": "text",
    "opt_out": "flag",
    "do_not_call": "flag",
    "origination": "choice:origination",
}

# In the order in which they are made: who is named comes before who names him.
ENTITIES = {
    # never made: who the owners are, so that they are proposed
    "user": {
        "name": "text",
        "first_name": "text",
        "last_name": "text",
        "email": "text",
    },
    # a market is named by its path, from the top: Industry / Food
    "origination": {"name": "text", "code": "text", "has_referrer": "flag"},
    "market": {"name": "text", "code": "text", "parent": "text"},
    "cargo": {"name": "text", "code": "text", "influence": "text"},
    "product": RECORD
    | {
        "name": "text",
        "code": "text",
        "active": "flag",
        "price": "amount",
        "cost": "amount",
        "category": "text",
    },
    "campaign": RECORD
    | {
        "name": "text",
        "campaign_type": "choice:campaign_type",
        "date_to": "date",
        "budget": "amount",
        "cost": "amount",
    },
    "organization": RECORD
    | PLACE
    | {f"delivery_{name}": kind for name, kind in PLACE.items()}
    | {
        "name": "text",
        "parent": "name:organization",
        "vat": "text",
        "email": "text",
        "email2": "text",
        "phone": "text",
        "phone2": "text",
        "mobile": "text",
        "website": "text",
        "market": "choice:market",
        "origination": "choice:origination",
        "opt_out": "flag",
    },
    "contact": RECORD
    | PLACE
    | PERSON
    | {"organization": "name:organization", "reports_to": "name:contact"},
    "lead": RECORD
    | PLACE
    | PERSON
    | {
        "organization_name": "text",
        "website": "text",
        "market": "choice:market",
        "revenue": "amount",
        "lead_status": "choice:lead_status",
    },
    "opportunity": RECORD
    | {
        "name": "text",
        "organization": "name:organization",
        "contact": "name:contact",
        "amount": "amount",
        "probability": "number",
        "deadline": "date",
        "stage": "choice:stage",
        "lost_reason": "choice:lost_reason",
        "closed": "moment",
        "origination": "choice:origination",
        "campaign": "name:campaign",
        "next_step": "text",
    },
    # what happened
    "gestion": RECORD
    | {
        "name": "text",
        "date": "moment",
        "duration": "number",
        "activity_type": "choice:activity_type",
        "direction": "text",
        "result": "choice:result",
        "related": "related",
        "organization": "name:organization",
        "contact": "name:contact",
        "contacts": "names:contact",
        "opportunity": "name:opportunity",
    },
    # what is planned
    "step": RECORD
    | {
        "name": "text",
        "date": "moment",
        "date_to": "moment",
        "deadline": "date",
        "activity_type": "choice:activity_type",
        "location": "text",
        "private": "flag",
        "related": "related",
        "contacts": "names:contact",
    },
    "comment": RECORD | {"date": "moment", "related": "related", "answers": "text"},
    "incident": RECORD
    | {
        "name": "text",
        "organization": "name:organization",
        "contact": "name:contact",
        "product": "name:product",
        "severity": "choice:severity",
        "incident_type": "choice:incident_type",
        "incident_stage": "choice:incident_stage",
        "closed": "moment",
        "hours": "number",
        "solution": "text",
    },
}


def kinds():
    """:return: set of the kinds that fields have

    >>> "choice:stage" in kinds()
    True
    """
    return {kind for fields in ENTITIES.values() for kind in fields.values()}
