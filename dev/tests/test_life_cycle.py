"""The add-on's life: installed, updated, in a company's database."""


def test_install_with_demo_data_logs_no_warning(demo_install, assert_clean):
    _name, log = demo_install
    assert_clean(log)


def test_update_logs_no_warning(demo_install, database, odoo, assert_clean):
    name = database("update", copy_of=demo_install[0])
    assert_clean(odoo.update(name))


DOPPLER = """
env["crm.doppler.account"].create({
    "email": "ours@customers.example", "new_key": "0123456789",
}).state = "connected"
env.cr.commit()
"""

NEUTRALIZED = """
import json
account = env["crm.doppler.account"].search([])
crons = env["ir.cron"].search([("cron_name", "=like", "Doppler:%")])
print(json.dumps([account.api_key, account.state, len(account._working()), len(crons)]))
"""


def test_a_neutralized_copy_asks_nothing_of_doppler(demo_install, database, odoo):
    name = database("neutralized", copy_of=demo_install[0])
    odoo.shell(name, DOPPLER)
    assert odoo.shell(name, NEUTRALIZED) == ["0123456789", "connected", 1, 5]
    odoo("neutralize", "-d", name)
    assert odoo.shell(name, NEUTRALIZED) == [False, "stopped", 0, 0]
