"""Makes what the ORM makes best in the databases of the benchmark, and checks them.

    fill.py plain DATABASE SELLERS TEAMS OPPORTUNITIES   users, teams, masters
    fill.py finish-plain DATABASE                        after data/native.sql
    fill.py ours DATABASE                                roles, the method
    fill.py finish-ours DATABASE                         after data/method.sql

See README.md.
"""

import sys
from datetime import datetime, timedelta

from checks import check_ours, check_plain
from dateutil.relativedelta import relativedelta

from odoo import SUPERUSER_ID, api
from odoo.fields import Command, Date
from odoo.modules.registry import Registry
from odoo.tools import SQL, config

PASSWORD = "bench"
# login -> native right, role of ours
ROLES = {
    "bench_seller_%": ("sales_team.group_sale_salesman", "seller"),
    "bench_head_%": ("sales_team.group_sale_salesman_all_leads", "head"),
    "bench_director": ("sales_team.group_sale_manager", "director"),
    "bench_marketing": ("sales_team.group_sale_manager", "director"),
}
# per million opportunities
CAMPAIGNS, MAILINGS = 500, 100
# Jobs of which data/method.sql has done the work: they find nothing to do.
CRONS = ("ir_cron_account_status", "ir_cron_history", "ir_cron_objective", "ir_cron_wake")


# --- the plain database ------------------------------------------------------------------


def make_plain(env, sellers, teams, opportunities):
    params = env["ir.config_parameter"]
    today = Date.today()
    params.set_param("bench.today", str(today))
    # Odoo predicts from what was closed since; a week, as in a new database, is nothing
    params.set_param("crm.pls_start_date", str(today - relativedelta(years=2)))
    make_sales_force(env, int(sellers), int(teams))
    make_products(env, today)
    make_marketing(env, int(opportunities), today)
    env["crm.tag"].create([{"name": f"Bench {n}"} for n in range(12)])
    env["project.project"].create(
        {
            "name": "Bench Support",
            "type_ids": [
                Command.create({"name": name, "sequence": number, "fold": number == 3})
                for number, name in enumerate(("New", "In Progress", "Solved"), 1)
            ],
        }
    )


def make_sales_force(env, sellers, teams):
    """Seller 0 and head 0 are of the first team."""

    def users(names):
        return env["res.users"].create(
            [
                {
                    "name": f"Bench {name}",
                    "login": f"bench_{name}",
                    "email": f"{name}@bench.example",
                    "tz": "Europe/Madrid",
                }
                for name in names
            ]
        )

    bosses = users(["director", "marketing"])
    heads = users([f"head_{n}" for n in range(teams)])
    force = users([f"seller_{n}" for n in range(sellers)])
    for login, (right, _role) in ROLES.items():
        everybody = bosses | heads | force
        own = everybody.filtered(lambda u, o=login: u.login.startswith(o.strip("%")))
        own.write({"group_ids": [Command.link(env.ref(right).id)]})
    bosses[1].group_ids += env.ref("mass_mailing.group_mass_mailing_user")
    env["crm.team"].create(
        [
            {
                "name": f"Bench {n}",
                "user_id": head.id,
                "member_ids": [Command.link(s.id) for s in force[n::teams]],
            }
            for n, head in enumerate(heads)
        ]
    )
    env.flush_all()
    # one hash for all: each would take a tenth of a second
    context = env["res.users"]._crypt_context()
    env.cr.execute(
        SQL(
            "UPDATE res_users SET password = %s WHERE login LIKE 'bench_%%'",
            context.hash(PASSWORD),
        )
    )


def make_products(env, today):
    """Twenty products and a second currency, with a rate for each week."""
    env["product.product"].create(
        [
            {
                "name": f"Product {n}",
                "type": "consu",
                "list_price": 40 + 35 * n,
                "invoice_policy": "order",
            }
            for n in range(20)
        ]
    )
    euro = env.ref("base.EUR")
    euro.active = True
    monday = today - timedelta(days=today.weekday())
    env["res.currency.rate"].search([("currency_id", "=", euro.id)]).unlink()
    env["res.currency.rate"].create(
        [
            {
                "currency_id": euro.id,
                "name": monday - timedelta(weeks=back),
                "rate": 0.85 + back % 20 * 0.01,
            }
            for back in range(53 * 11)
        ]
    )
    env["product.pricelist"].create({"name": "Bench EUR", "currency_id": euro.id})


def make_marketing(env, opportunities, today):
    """Campaigns over ten years, each of 90 days, and mailings of the latest ones."""
    marketing = env["res.users"].search([("login", "=", "bench_marketing")])
    campaigns = env["utm.campaign"].create(
        [
            {"title": f"Campaign {n}", "user_id": marketing.id}
            for n in range(scaled(CAMPAIGNS, opportunities))
        ]
    )
    env.flush_all()
    env.cr.execute(
        SQL(
            "UPDATE utm_campaign SET name = 'bench_campaign_' || id - %s WHERE id IN %s",
            campaigns[0].id,
            tuple(campaigns.ids),
        )
    )
    count = scaled(MAILINGS, opportunities)
    sent = datetime.combine(today, datetime.min.time()) - timedelta(days=3)
    env["mailing.mailing"].create(
        [
            {
                "subject": f"Mailing {n}",
                "campaign_id": campaigns[-1 - n % len(campaigns)].id,
                "mailing_model_id": env.ref("base.model_res_partner").id,
                "mailing_domain": "[('is_company', '=', False)]",
                "body_html": "<p>Our new prices.</p>",
                "user_id": marketing.id,
                "state": "done",
                "sent_date": sent - timedelta(days=n * 1000 / count),
            }
            for n in range(count)
        ]
    )


def scaled(count, opportunities):
    return max(10, count * opportunities // 1_000_000)


def finish_plain(env):
    env["crm.lead"]._cron_update_automated_probabilities()
    # which Odoo's own job leaves to the next change of the opportunity
    env.cr.execute(
        """UPDATE crm_lead
              SET prorated_revenue =
                  round(expected_revenue * probability::numeric / 100, 2)
            WHERE won_status = 'pending'"""
    )
    check_plain(env)


# --- ours --------------------------------------------------------------------------------


def make_ours(env):
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


def finish_ours(env):
    env["crm.stage"]._rebuild_probabilities()
    env.cr.commit()
    for name in CRONS:
        env.ref(f"crm_gestion.{name}").method_direct_trigger()
        env.cr.commit()
        env.invalidate_all()
    # nobody waits for the first run any more
    env.cr.execute("DELETE FROM ir_cron_trigger")
    check_ours(env)


COMMANDS = {
    "plain": make_plain,
    "finish-plain": finish_plain,
    "ours": make_ours,
    "finish-ours": finish_ours,
}


def main(command, database, *numbers):
    config.parse_config(["-d", database, "--log-level=error"], setup_logging=True)
    context = {
        "tracking_disable": True,
        "no_reset_password": True,
        "mail_create_nosubscribe": True,
    }
    with Registry(database).cursor() as cursor:
        env = api.Environment(cursor, SUPERUSER_ID, context)
        COMMANDS[command](env, *numbers)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
