"""Makes what the ORM makes best in the databases of the benchmark, and checks them.

    fill.py plain DATABASE SELLERS TEAMS OPPORTUNITIES   users, teams, masters
    fill.py finish-plain DATABASE                        after data/native.sql
    fill.py ours DATABASE                                roles, the method
    fill.py finish-ours DATABASE                         after data/method.sql

See README.md.
"""

import sys

import fill_ours
import fill_plain

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config

COMMANDS = {
    "plain": fill_plain.make,
    "finish-plain": fill_plain.finish,
    "ours": fill_ours.make,
    "finish-ours": fill_ours.finish,
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
