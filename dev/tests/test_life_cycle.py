"""The add-on's life: installed, updated, in a company's database."""


def test_install_with_demo_data_logs_no_warning(demo_install, assert_clean):
    _name, log = demo_install
    assert_clean(log)


def test_update_logs_no_warning(demo_install, database, odoo, assert_clean):
    name = database("update", copy_of=demo_install[0])
    assert_clean(odoo.update(name))


CONNECTED = """
env["crm.doppler.account"].create({
    "email": "ours@customers.example", "new_key": "0123456789",
}).state = "connected"
params = env["ir.config_parameter"]
params.set_param("crm_gestion.eid_enabled", "True")
params.set_param("crm_gestion.eid_secret_digest", "of the proxy")
env.cr.commit()
"""

NEUTRALIZED = """
import json
account = env["crm.doppler.account"].search([])
ours = env["ir.model.data"].search(
    [("module", "=", "crm_gestion"), ("model", "=", "ir.cron")])
crons = env["ir.cron"].search([("id", "in", ours.mapped("res_id"))])
eid = env["ir.config_parameter"].search([("key", "=like", "crm_gestion.eid_%")])
print(json.dumps([account.api_key, account.state, len(account._working()),
                  len(crons) == len(ours), len(crons) > 0, sorted(eid.mapped("key"))]))
"""


def test_a_neutralized_copy_does_nothing_by_itself(demo_install, database, odoo):
    name = database("neutralized", copy_of=demo_install[0])
    odoo.shell(name, CONNECTED)
    before = odoo.shell(name, NEUTRALIZED)
    assert before[:5] == ["0123456789", "connected", 1, True, True]
    assert {"crm_gestion.eid_enabled", "crm_gestion.eid_secret_digest"} <= set(
        before[5]
    )
    odoo("neutralize", "-d", name)
    after = odoo.shell(name, NEUTRALIZED)
    assert after[:5] == [False, "stopped", 0, False, False]
    assert "crm_gestion.eid_enabled" not in after[5]
    assert "crm_gestion.eid_secret_digest" not in after[5]
