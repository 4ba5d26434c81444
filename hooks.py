from ast import literal_eval

from odoo.fields import Command, Domain
from odoo.tools import SQL, format_date

from . import schema

MODULE = "crm_gestion"
# Stored computed fields of Odoo's models: the ORM must not work them out for every row
# while it installs. Records of before have none of them, but for what is filled here
# or by a cron: a task that is no incident, an opportunity that was not closed by us.
FILLED = {
    "crm.lead": (
        "closure_kind",
        "market_id",
        "organization_id",  # `ir_cron_organization`
        "origination_id",
        "standby_until",
    ),
    "project.task": (
        "crm_answer_outcome",
        "crm_deadline",
        "crm_is_incident",
        "crm_organization_id",
        "crm_phase",
        "crm_solution_outcome",
    ),
    "res.partner": ("completeness",),  # `ir_cron_completeness`
}
# Roles of ours -> native rights that their users keep when the add-on goes.
NATIVE_RIGHTS = {
    "crm_gestion.group_sales_director": "sales_team.group_sale_manager",
    "crm_gestion.group_seller": "sales_team.group_sale_salesman",
}
# Native records that we deliver -> what may refer to them.
USED_BY = {
    "crm.stage": [("crm_lead", "stage_id")],
    "crm.lost.reason": [
        ("crm_lead", "lost_reason_id"),
        ("crm_opportunity_closure", "lost_reason_id"),
    ],
    "mail.activity.type": [
        ("mail_activity", "activity_type_id"),
        ("crm_gestion", "activity_type_id"),
    ],
    "mail.alias": [("project_project", "alias_id")],
    "project.project": [("project_task", "project_id")],
    "project.task.type": [
        ("project_task", "stage_id"),
        ("project_task_type_rel", "type_id"),
    ],
}

MASTERS = (
    "crm.cargo",
    "crm.gestion.result",
    "crm.incident.type",
    "crm.market",
    "crm.origination",
)


def pre_init_hook(env):
    """Make tables, columns and indexes, and decide whether the method is enforced."""
    make_schema(env.cr)
    enforce = not _pipeline_in_use(env)
    params = env["ir.config_parameter"]
    params.set_param("crm_gestion.enforce_method", str(enforce))
    params.set_param("crm_gestion.email_gestiones", str(enforce))
    params.set_param("crm_gestion.archive_gate", str(enforce))


def make_schema(cr):
    """What the ORM would do under locks that last as long as the installation: done
    beforehand, table by table. Commits."""
    schema.make(cr, MODULE, FILLED)


def reflect_schema(env):
    """What was made beforehand is known to Odoo as what the ORM makes."""
    schema.reflect(env, MODULE)


def _pipeline_in_use(env):
    """Any opportunity or enquiry, archived too, other than the ones that modules bring
    as demo data. What was imported carries an external id as well: it counts."""
    rows = env.execute_query(
        SQL(
            """SELECT 1 FROM crm_lead l
                WHERE NOT EXISTS (
                      SELECT 1 FROM ir_model_data d
                       WHERE d.model = 'crm.lead' AND d.res_id = l.id
                         AND d.module NOT IN ('__import__', '__export__'))
                LIMIT 1"""
        )
    )
    return bool(rows)


def post_init_hook(env):
    """Start the method on an empty pipeline; leave one in use as it is."""
    reflect_schema(env)
    env["crm.opportunity.organization"]._start()
    env["crm.team.member"]._mark_left_before()
    if env["crm.stage"]._method_enforced():
        env["crm.stage"]._start_method()
        env["digest.digest"]._crm_start()
    else:
        env["crm.stage"]._place_last()
    for cron in (
        "ir_cron_completeness",
        "ir_cron_account_status",
        "ir_cron_campaign_members",
    ):
        env.ref(f"crm_gestion.{cron}")._trigger()


def uninstall_hook(env):
    """Give back a working native CRM; nothing native is lost."""
    _resume_standbys(env)
    env["crm.stage"]._end_method()
    _keep_rights(env)
    _end_incidents(env)
    _let_go_of_used(env)
    _let_go_of_masters(env)
    _keep_audiences(env)
    _drop_filters(env)
    _end_promotions(env)
    env["ir.config_parameter"].search([("key", "=like", "crm_gestion.%")]).unlink()


def _resume_standbys(env):
    """Nobody would find a paused opportunity again without us."""
    leads = env["crm.lead"].search(
        [("closure_kind", "=", "standby"), ("active", "=", False)]
    )
    until = {lead.id: lead.standby_until for lead in leads}
    leads.action_crm_resume()
    for lead in leads:
        lead.message_post(
            body=env._("It was paused until %s.", format_date(env, until[lead.id]))
        )


def _keep_rights(env):
    """Users whose rights came through our roles only get the native ones for good."""
    for role, right in NATIVE_RIGHTS.items():
        users = env.ref(role).with_context(active_test=False).all_user_ids
        users.write({"group_ids": [Command.link(env.ref(right).id)]})


def _end_incidents(env):
    """Incidents go on as tasks, and their titles tell the numbers that customers know.
    Of the delivered desk only what was used stays."""
    desk = env.ref("crm_gestion.incident_desk", raise_if_not_found=False)
    if desk and not desk.with_context(active_test=False).tasks:
        desk.unlink()
    env["project.task"].flush_model(["name", "crm_number"])
    env.cr.execute(
        SQL(
            """UPDATE project_task SET name = crm_number || ' ' || name
                WHERE crm_is_incident"""
        )
    )
    env["project.task"].invalidate_model(["name"])


def _let_go_of_used(env):
    """What we delivered and the company uses becomes its own: without their external
    ids these records stay when the add-on goes. The five stages stay or go together."""
    for model, columns in USED_BY.items():
        delivered = env["ir.model.data"].search(
            [("module", "=", "crm_gestion"), ("model", "=", model)]
        )
        used = _used_ids(env, delivered.mapped("res_id"), columns)
        if model == "crm.stage" and used:
            used = set(delivered.mapped("res_id"))
        delivered.filtered(lambda d, u=used: d.res_id in u).unlink()


def _let_go_of_masters(env):
    """Our own tables go as a whole. Deleting their records one by one before would only
    run into the customers that refer to them."""
    env["ir.model.data"].search(
        [("module", "=", "crm_gestion"), ("model", "in", MASTERS)]
    ).unlink()


def _keep_audiences(env):
    """Mailings whose recipients are told by a segment, or by fields of ours, keep those
    whom they were sent to, or would be sent to now: Odoo could not even list them."""
    mailings = env["mailing.mailing"].with_context(active_test=False)
    for mailing in mailings.search([]):
        model = mailing.mailing_model_real
        domain = _literal(mailing.mailing_domain) or []
        if not mailing.crm_segment_id and not _needs_us(env, model, domain):
            continue
        if mailing.state == "done":
            ids = mailing.mailing_trace_ids.mapped("res_id")
        else:
            # as Odoo does when it sends: archived ones receive nothing
            ids = env[model].search(mailing._get_recipients_domain()).ids
        mailing.write(
            {"crm_segment_id": False, "mailing_domain": repr([("id", "in", ids)])}
        )


def _drop_filters(env):
    """Saved filters by fields of ours fail; default ones take their screen along."""
    filters = env["ir.filters"].with_context(active_test=False).search([])
    filters.filtered(
        lambda f: (
            _needs_us(env, f.model_id, _literal(f.domain))
            or _groups_by_ours(env, f.model_id, _literal(f.context))
            or _sorts_by_ours(env, f.model_id, _literal(f.sort))
        )
    ).unlink()
    favourites = env["mailing.filter"].search([])
    favourites.filtered(
        lambda f: _needs_us(env, f.mailing_model_name, _literal(f.mailing_domain))
    ).unlink()


def _end_promotions(env):
    """Promotions that only a segment got would go to everybody. Coupons that customers
    have stay good."""
    programs = env["loyalty.program"].search(
        [
            ("segment_id", "!=", False),
            ("program_type", "in", ("promotion", "promo_code", "buy_x_get_y")),
        ]
    )
    programs.write({"active": False})


def _literal(text):
    """:return: what is written there; None where it is no literal"""
    try:
        return literal_eval(text or "None")
    except (SyntaxError, ValueError):
        return None


def _needs_us(env, model, domain):
    """:return: whether a domain is on a model of ours, or on a field of ours"""
    if model not in env:
        return False
    try:
        conditions = list(Domain(domain or []).iter_conditions())
    except (TypeError, ValueError):  # somebody's own mistake
        conditions = []
    return env[model]._original_module == MODULE or any(
        _is_ours(env, model, condition.field_expr) or _asks_below(env, model, condition)
        for condition in conditions
    )


def _asks_below(env, model, condition):
    if condition.operator not in ("any", "not any", "any!", "not any!"):
        return False
    field = env[model]._fields.get(condition.field_expr)
    return bool(field and field.comodel_name) and _needs_us(
        env, field.comodel_name, condition.value
    )


def _groups_by_ours(env, model, context):
    group_by = (context or {}).get("group_by") or []
    names = [group_by] if isinstance(group_by, str) else group_by
    return any(_is_ours(env, model, name.partition(":")[0]) for name in names)


def _sorts_by_ours(env, model, sort):
    return any(_is_ours(env, model, name.partition(" ")[0]) for name in sort or [])


def _is_ours(env, model, path):
    """:return: whether a path of fields leads through a field of ours"""
    for name in path.split("."):
        field = env[model]._fields.get(name) if model in env else None
        if field is None:
            return False
        if set(field._modules) == {MODULE}:
            return True
        if not field.comodel_name:
            return False
        model = field.comodel_name
    return False


def _used_ids(env, ids, columns):
    """:return: set of the ids that one of the ``table.column`` refers to"""
    env.flush_all()
    queries = [
        SQL(
            "SELECT %(column)s FROM %(table)s WHERE %(column)s = ANY(%(ids)s)",
            column=SQL.identifier(column),
            table=SQL.identifier(table),
            ids=list(ids),
        )
        for table, column in columns
    ]
    return {row[0] for row in env.execute_query(SQL(" UNION ").join(queries))}
