"""Connects the company of the demo data with ``dev/doppler``, for Odoo's shell; its
address is in the environment. What is there already stays as it is."""

import os
import sys
import time

sys.path.append(os.environ["STAND_IN"])
from doppler_stand_in import ACCOUNT, KEY

env = globals()["env"](user=globals()["env"].ref("base.user_admin"))
account = env["crm.doppler.account"].search([("company_id", "=", env.company.id)])
if not account:
    account = account.create(
        {"email": ACCOUNT, "base_url": os.environ["DOPPLER_URL"], "new_key": KEY}
    )
    segment = env.ref("crm_gestion.crm_segment_deciders_demo")
    env["crm.doppler.list"].create(
        {"account_id": account.id, "name": "Odoo - Deciden", "segment_id": segment.id}
    )
    # all but every fifth agreed, so that there is somebody to leave out
    people = segment._partners().sorted("id")
    env["crm.mailing.consent"].create(
        [
            {
                "partner_id": person.id,
                "source": "event",
                "text": "Quiero recibir novedades por correo electrónico.",
            }
            for number, person in enumerate(people)
            if number % 5 != 4
        ]
    )
account.base_url = os.environ["DOPPLER_URL"]
account.action_test()
account.list_ids.filtered(lambda known: not known.pushed_date).action_push()
# who opened is asked of those who were pushed, so they are before anything else is
pushes = env["crm.doppler.job"].search([("kind", "=", "push")]).sudo()
for _second in range(60):
    pushes._work()
    if "waiting" not in pushes.mapped("state"):
        break
    time.sleep(1)
env["crm.doppler.campaign"].action_fetch()
env.cr.commit()
