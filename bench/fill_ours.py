"""What the ORM makes best in the database with the add-on: roles, objectives, costs."""

from datetime import timedelta

from checks import check_ours
from dateutil.relativedelta import relativedelta
from roles import ROLES

from odoo.fields import Date

# Jobs of which data/method.sql has done the work: they find nothing to do.
CRONS = ("ir_cron_account_status", "ir_cron_history", "ir_cron_wake")
OBJECTIVES, COSTS = 2000, 3000
TARGETS = {"sales": 60000, "invoiced": 40000, "collected": 30000, "new_amount": 60000}


def make(env):
    """Roles instead of native rights, and the stages of the method. Opportunities come
    to them by data/method.sql, as the adoption of the method would take them."""
    adoption = env["crm.method.adoption"]
    users = {
        user: role
        for login, (_right, role) in ROLES.items()
        for user in env["res.users"].search([("login", "=like", login)])
    }
    everybody = env["res.users"].union(*users)
    adoption._assign_roles(users, everybody)
    adoption._fold_behind(adoption._propose_stages())
    params = env["ir.config_parameter"]
    for name in ("enforce_method", "email_gestiones", "archive_gate"):
        params.set_param(f"crm_gestion.{name}", "True")
    env["crm.stage"].search([("is_method", "=", True), ("is_won", "=", False)]).write(
        {"rotting_threshold_days": 15}
    )


def finish(env):
    env["crm.stage"]._rebuild_probabilities()
    env["crm.objective"].create(list(objectives(env))[:OBJECTIVES])
    make_costs(env)
    env.cr.commit()
    for name in CRONS:
        env.ref(f"crm_gestion.{name}").method_direct_trigger()
        env.cr.commit()
        env.invalidate_all()
    # nobody waits for the first run any more
    env.cr.execute("DELETE FROM ir_cron_trigger")
    check_ours(env)


def objectives(env):
    """:return: values: of each metric an objective for each seller and one of the last
    twelve months, for each team and one of four quarters, for the company and three
    years"""
    today = database_day(env)
    sellers = env["res.users"].search([("login", "like", "bench_seller_")], order="id")
    teams = env["crm.team"].search([("name", "like", "Bench ")], order="id")
    quarter = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    metrics = [key for key, _label in env["crm.objective"]._fields["metric"].selection]
    for index, metric in enumerate(metrics):
        common = {"metric": metric, "target": TARGETS.get(metric, 20)}
        for back in range(3):
            day = today.replace(month=1, day=1) - relativedelta(years=back)
            yield {**common, "period_type": "year", "date_from": day}
        for number, team in enumerate(teams):
            day = quarter - relativedelta(months=number % 4 * 3)
            whose = {"team_id": team.id, "period_type": "quarter", "date_from": day}
            yield {**common, **whose}
        for number, seller in enumerate(sellers):
            day = today.replace(day=1) - relativedelta(months=(number + index) % 12)
            whose = {"user_id": seller.id, "period_type": "month", "date_from": day}
            yield {**common, **whose}


def make_costs(env):
    """Costs and a budget of each campaign."""
    campaigns = env["utm.campaign"].search([("name", "=like", "bench_campaign_%")])
    kinds = [
        kind for kind, _label in env["crm.campaign.cost"]._fields["kind"].selection
    ]
    first = database_day(env) - timedelta(days=1100)
    env["crm.campaign.cost"].create(
        [
            {
                "campaign_id": campaigns[number % len(campaigns)].id,
                "name": f"Cost {number}",
                "kind": kinds[number % len(kinds)],
                "date": first + timedelta(days=number % 1000),
                "amount": 100 + number % 50,
                "state": "planned" if number % 10 == 0 else "real",
            }
            for number in range(min(COSTS, 6 * len(campaigns)))
        ]
    )
    for campaign in campaigns:
        campaign.budget = 1000


def database_day(env):
    return Date.to_date(env["ir.config_parameter"].get_param("bench.today"))
