"""The stand-in of the tests with something in it, and people who open, click, bounce
and unsubscribe while it runs: ``doppler.py [PORT [FILE]]``.
"""

import os
import pickle
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from doppler_stand_in import ACCOUNT, KEY, StandIn

KEPT = ("lists", "subscribers", "campaigns", "tasks", "numbers")
TICK = 10  # seconds between two things that people do


def fill(service):
    now = datetime.now(UTC)
    names = ("lucas", "sofia", "martin", "valentina", "mateo", "camila", "bruno")
    emails = [f"{name}@boletin.example" for name in names]
    service.add_list("Boletín de la web", *emails)
    # as a campaign of the demo data is called, so that it is linked by its name
    service.add_campaign(
        "Almacén sin papeles", when=now - timedelta(hours=2), subject="Menos papeles"
    )
    service.add_campaign(
        "Novedades de la web", when=now - timedelta(days=9),
        deliveries={email: ("opened", place % 3) for place, email in enumerate(emails)},
    )  # fmt: skip
    service.add_campaign("Saludo de fin de año", "draft")
    service.opt_out("julia@boletin.example", when=now - timedelta(days=30))


def live(service):
    """The campaign goes to whoever has arrived, and some of them react."""
    campaign = next(iter(service.campaigns.values()))
    deliveries = campaign["deliveries"]
    members = [email for known in service.lists.values() for email in known["members"]]
    for email in members:
        deliveries.setdefault(email, ("notOpened", 0))
    for email in random.sample(sorted(deliveries), min(3, len(deliveries))):
        status, clicks = deliveries[email]
        chance = random.random()
        if status == "notOpened":
            status = "hardBounced" if chance < 0.05 else "opened"
        elif status == "opened" and chance < 0.4:
            clicks += 1
        elif status == "opened" and chance < 0.43:
            service.opt_out(email)
        deliveries[email] = (status, clicks)


def main(port=8090, file=None):
    service = StandIn(int(port))
    file = file and Path(file)
    if file and file.exists():
        vars(service).update(pickle.loads(file.read_bytes()))
    else:
        fill(service)
    service.start()
    print(f"{service.url}    account {ACCOUNT}    key {KEY}", file=sys.stderr)
    # who started it in the background takes it along when he ends
    parent, second = os.getppid(), 0
    try:
        while os.getppid() == parent and not service.stopped.wait(1):
            second += 1
            if second % TICK:
                continue
            with service.lock:
                live(service)
                if file:
                    kept = {name: getattr(service, name) for name in KEPT}
                    file.with_suffix(".part").write_bytes(pickle.dumps(kept))
                    file.with_suffix(".part").replace(file)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main(*sys.argv[1:])
