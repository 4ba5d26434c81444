"""Measures handing a large portfolio over, against Odoo's own mass edit.

``handover.py fill DATABASE`` makes the portfolio in a new database, and
``handover.py measure DATABASE`` measures it, in a copy: what is handed over is
committed, batch by batch. See README.md.
"""

import os
import sys
import time
from contextlib import contextmanager

from odoo import SUPERUSER_ID, api
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.tools import SQL, config

OPPORTUNITIES = 10_000
ORGANIZATIONS = 5_000
ACTIVITIES = 10_000
NOISE = 50_000  # opportunities of others
LIMIT = 0.1  # of the time of Odoo's mass edit
LEAVER, HEIR, HEAD = "bench_leaver", "bench_heir", "bench_head"


def fill(env):
    """The portfolio through the ORM, as it would have come about; the rest by SQL."""

    def user(login, group):
        return env["res.users"].create(
            {
                "name": login,
                "login": login,
                "email": f"{login}@ours.example",
                "group_ids": [Command.link(env.ref(group).id)],
            }
        )

    leaver = user(LEAVER, "crm_gestion.group_seller")
    heir = user(HEIR, "crm_gestion.group_seller")
    head = user(HEAD, "crm_gestion.group_sales_head")
    team = env["crm.team"].create(
        {
            "name": "Bench",
            "user_id": head.id,
            "member_ids": [Command.link(leaver.id), Command.link(heir.id)],
        }
    )
    quiet = {"tracking_disable": True, "mail_auto_subscribe_no_notify": True}
    partners = (
        env["res.partner"]
        .with_context(**quiet)
        .create(
            [
                {"name": f"Organization {n}", "is_company": True, "user_id": leaver.id}
                for n in range(ORGANIZATIONS)
            ]
        )
    )
    stage = env.ref("crm_gestion.stage_generate_interest")
    leads = (
        env["crm.lead"]
        .with_context(**quiet)
        .create(
            [
                {
                    "name": f"Opportunity {n}",
                    "type": "opportunity",
                    "user_id": leaver.id,
                    "team_id": team.id,
                    "stage_id": stage.id,
                    "partner_id": partners[n % ORGANIZATIONS].id,
                    "expected_revenue": n,
                }
                for n in range(OPPORTUNITIES)
            ]
        )
    )
    leads.message_subscribe(leaver.partner_id.ids)
    call = env.ref("mail.mail_activity_data_call")
    model_id = env["ir.model"]._get_id("crm.lead")
    env["mail.activity"].with_context(mail_activity_quick_update=True, **quiet).create(
        [
            {
                "activity_type_id": call.id,
                "res_model_id": model_id,
                "res_id": leads[n % OPPORTUNITIES].id,
                "user_id": leaver.id,
                "date_deadline": "2030-01-01",
            }
            for n in range(ACTIVITIES)
        ]
    )
    env.flush_all()
    env.cr.execute(
        SQL(
            """INSERT INTO crm_lead (name, type, active, user_id, team_id, stage_id,
                      company_id, won_status, probability, expected_revenue)
               SELECT 'Other ' || n, 'opportunity', TRUE, %s, %s, %s, %s, 'pending', 10,
                      100
                 FROM generate_series(1, %s) n""",
            heir.id,
            team.id,
            stage.id,
            env.company.id,
            NOISE,
        )
    )


@contextmanager
def clock(times, name):
    start = time.monotonic()
    yield
    times[name] = time.monotonic() - start
    print(f"{name}: {times[name]:.2f} s", file=sys.stderr, flush=True)


def measure(env):
    """:return: dict of what was measured -> seconds"""
    # no mail leaves the machine
    env = env(context={**env.context, "mail_notify_force_send": False})
    users = env["res.users"]
    leaver, heir, head = (
        users.search([("login", "=", login)]) for login in (LEAVER, HEIR, HEAD)
    )
    times = {}
    portfolio = [("user_id", "=", leaver.id)]

    with clock(times, "preview"):
        handover = (
            env["crm.handover"]
            .with_user(head)
            .create({"user_id": leaver.id, "successor_id": heir.id})
        )
        handover.action_preview()
        env.cr.commit()
    print(f"{handover.line_count} rows in the preview", file=sys.stderr)
    with clock(times, "summary"):
        assert handover.summary
    with clock(times, "moving"):
        handover.action_start()
        env["crm.handover"]._cron_run()  # which commits each batch
    assert handover.state == "done"
    assert handover.moved_count >= OPPORTUNITIES + ORGANIZATIONS + ACTIVITIES
    assert not env["crm.lead"].search_count(portfolio)
    with clock(times, "undoing"):
        handover.action_undo()
        env["crm.handover"]._cron_run()
    assert handover.state == "undone"
    assert env["crm.lead"].search_count(portfolio) == OPPORTUNITIES
    env.invalidate_all()

    # as the director does it in a list: all of them at once, e-mails left unsent
    leads = env["crm.lead"].search(portfolio)
    assert len(leads) == OPPORTUNITIES
    with clock(times, "Odoo's mass edit"):
        leads.write({"user_id": heir.id})
        env.flush_all()
    env.cr.rollback()
    return times


def report(times, before):
    """
    :param before: load of the machine before
    :return: whether the target is met
    """
    print(f"load {before:.1f} to {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores\n")
    print("| what | seconds |\n|---|---|")
    for name, seconds in times.items():
        print(f"| {name} | {seconds:.2f} |")
    ours = times["preview"] + times["summary"] + times["moving"]
    ratio = ours / times["Odoo's mass edit"]
    print(
        f"\npreview, summary and moving: {ours:.2f} s, {ratio:.3f} of Odoo's mass edit"
    )
    print(f"target: at most {LIMIT}")
    return ratio <= LIMIT


def main():
    command, database = sys.argv[1:]
    config.parse_config(["-d", database, "--log-level=warn"], setup_logging=True)
    with Registry(database).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        if command == "fill":
            fill(env)
            cr.commit()
            cr.execute("ANALYZE")
            cr.commit()
            return
        before = os.getloadavg()[0]
        met = report(measure(env), before)
        cr.rollback()
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
