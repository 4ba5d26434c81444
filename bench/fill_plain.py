"""What the ORM makes best in the plain database: users, teams, masters."""

from datetime import datetime, timedelta

from checks import check_plain
from dateutil.relativedelta import relativedelta
from roles import ROLES

from odoo.fields import Command, Date
from odoo.tools import SQL

PASSWORD = "bench"
# per million opportunities
CAMPAIGNS, MAILINGS = 500, 100


def make(env, sellers, teams, opportunities):
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
            "UPDATE utm_campaign SET name = 'bench_campaign_' || id - %s"
            " WHERE id IN %s",
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
                # three of four are of no campaign
                "campaign_id": n % 4 == 0
                and campaigns[-1 - n // 4 % len(campaigns)].id,
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


def finish(env):
    env["crm.lead"]._cron_update_automated_probabilities()
    # which Odoo's own job leaves to the next change of the opportunity
    env.cr.execute(
        """UPDATE crm_lead
              SET prorated_revenue =
                  round(expected_revenue * probability::numeric / 100, 2)
            WHERE won_status = 'pending'"""
    )
    check_plain(env)
