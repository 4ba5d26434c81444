"""Holds what clients were told against what is stored, and reads the servers' logs."""

import re
from collections import Counter, defaultdict
from datetime import UTC, datetime

from servers import READS

REQUEST = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d [\d:]+,\d{3}) .* werkzeug: "
    r".*/web/dataset/call_kw/\S+?/(?P<method>\w+)"
    r"[ ?]\S* ?HTTP/[\d.]+\" 200 \S+ \d+ [\d.]+ [\d.]+ (?P<mode>\S+)"
)
RETRIED = "retrying with a read/write cursor"
READING = frozenset(READS.split("|"))


class Checks:
    """Each check is a name and how many times it was broken."""

    def __init__(self, primary, database, ledger):
        self.primary, self.database, self.ledger = primary, database, ledger
        self.broken, self.counts = {}, {}

    def _rows(self, query):
        return self.primary.sql(query, self.database)

    def _count(self, query):
        return {row[0]: int(row[1]) for row in self._rows(query)}

    def run(self):
        gestiones = self._count(
            "SELECT description, count(*) FROM crm_gestion "
            "WHERE description LIKE 'gestion %' OR description LIKE 'move %' GROUP BY 1"
        )
        leads = self._count(
            "SELECT name, count(*) FROM crm_lead "
            "WHERE name LIKE 'opportunity %' GROUP BY 1"
        )
        orders = self._count(
            "SELECT opportunity_id, count(*) FROM sale_order "
            "WHERE opportunity_id IS NOT NULL GROUP BY 1"
        )
        passages = self._count(
            "SELECT lead_id || ' ' || stage_id, count(*) FROM crm_opportunity_stage "
            "GROUP BY 1"
        )
        handovers = self._count(
            "SELECT reason, count(*) FROM crm_handover "
            "WHERE reason IS NOT NULL GROUP BY 1"
        )
        self._stored_once("gestion", gestiones, lambda e: e.token)
        self._stored_once("move", gestiones, lambda e: e.token)
        self._stored_once("opportunity", leads, lambda e: e.token)
        self._stored_once("order", orders, lambda e: str(e.detail["lead"]))
        self._stored_once("draft", handovers, lambda e: e.token)
        self._passed_once(passages)
        self._nobody_knows(gestiones, leads, handovers)
        self._chains()
        self._handed_over()
        self._crons()
        return self.broken

    def _stored_once(self, kind, stored, key):
        """What was answered is stored once; what was refused is not; of what nobody
        knows there is one at most."""
        entries = self.ledger.of(kind)
        lost = double = ghosts = 0
        for entry in entries:
            number = stored.get(key(entry), 0)
            lost += entry.state == "done" and number == 0
            double += number > 1
            ghosts += entry.state == "refused" and number > 0
        self.broken[f"{kind}: answered and not stored"] = lost
        self.broken[f"{kind}: stored twice"] = double
        self.broken[f"{kind}: refused and stored"] = ghosts
        done = [entry for entry in entries if entry.state == "done"]
        self.counts[kind] = {
            "done": len(done),
            "after lost answers": sum(bool(entry.lost) for entry in done),
            "unknown": sum(entry.state == "unknown" for entry in entries),
            "refused": sum(entry.state == "refused" for entry in entries),
        }

    def _passed_once(self, passages):
        """A move that was answered is one row of the log, and one that was not at most
        one."""
        wrong = 0
        for entry in self.ledger.of("move"):
            number = passages.get("{lead} {stage}".format(**entry.detail), 0)
            wrong += number > 1 or (entry.state == "done" and number != 1)
        self.broken["move: rows of the stage log are not one"] = wrong

    def _nobody_knows(self, *stored):
        """Nothing is there that nobody did."""
        known = {entry.token for entry in self.ledger.entries}
        there = {token for tokens in stored for token in tokens}
        self.broken["stored, and nobody did it"] = len(there - known)

    def _chains(self):
        self.broken["stage log: a row does not begin where the one before ended"] = len(
            self._rows(
                """SELECT id FROM (
                       SELECT id, date_in, row_number() OVER w AS n,
                              lag(date_out) OVER w AS before
                         FROM crm_opportunity_stage
                       WINDOW w AS (PARTITION BY lead_id ORDER BY date_in, id)) r
                    WHERE n > 1 AND before IS DISTINCT FROM date_in"""
            )
        )
        self.broken["stage log: open rows are not one, or none of what is closed"] = (
            len(
                self._rows(
                    """SELECT l.id FROM crm_lead l
                     LEFT JOIN crm_opportunity_stage s
                            ON s.lead_id = l.id AND s.date_out IS NULL
                    WHERE l.type = 'opportunity'
                    GROUP BY l.id
                   HAVING count(s.id) <>
                          (l.active AND l.won_status = 'pending')::integer"""
                )
            )
        )
        self.broken["stage log: the last row is of another stage"] = len(
            self._rows(
                """SELECT id FROM crm_lead l
                    WHERE type = 'opportunity' AND stage_id <> (
                          SELECT stage_id FROM crm_opportunity_stage s
                           WHERE s.lead_id = l.id
                           ORDER BY date_in DESC, id DESC LIMIT 1)"""
            )
        )

    def _handed_over(self):
        done = self.ledger.of("handover")
        self.counts["handover"] = {
            "done": sum(entry.state == "done" for entry in done),
            "after lost answers": sum(
                entry.state == "done" and bool(entry.lost) for entry in done
            ),
            "unknown": sum(entry.state == "unknown" for entry in done),
            "refused": sum(entry.state == "refused" for entry in done),
        }
        self.broken["hand-over: a record has two rows in it"] = len(
            self._rows(
                """SELECT handover_id FROM crm_handover_line
                    GROUP BY handover_id, res_model, res_id HAVING count(*) > 1"""
            )
        )
        self.broken["hand-over: answered and not through"] = sum(
            self._rows(f"SELECT state FROM crm_handover WHERE id = {int(entry.record)}")
            != [["done"]]
            for entry in done
            if entry.state == "done" and entry.record
        )
        self.broken["hand-over: through, and rows not moved"] = len(
            self._rows(
                """SELECT line.id FROM crm_handover_line line
                     JOIN crm_handover h ON h.id = line.handover_id
                    WHERE h.state = 'done' AND line.state = 'todo'"""
            )
        )
        # the last one that came through says whose a record is
        self.broken["hand-over: a record is not its last successor's"] = len(
            self._rows(
                """SELECT l.id FROM crm_lead l
                     JOIN (SELECT DISTINCT ON (res_id) res_id, successor_id
                             FROM crm_handover_line
                            WHERE res_model = 'crm.lead' AND state = 'moved'
                            ORDER BY res_id, handover_id DESC) last
                       ON last.res_id = l.id
                    WHERE l.user_id <> last.successor_id"""
            )
        )

    def _crons(self):
        runs = self._rows(
            "SELECT name, message, count(*) FROM ir_logging "
            "WHERE path = 'cron' GROUP BY 1, 2"
        )
        self.counts["cron"] = {
            "jobs": len({row[0] for row in runs}),
            "schedules": len(runs),
            "runs": sum(int(row[2]) for row in runs),
        }
        self.broken["cron: a schedule was run twice"] = sum(
            int(row[2]) > 1 for row in runs
        )


def phases_of_reads(servers, phases, wall):
    """
    :param list phases: pairs of a name and when it begins, in seconds
    :param float wall: the clock when the load began
    :return: dict phase -> Counter of how its reading requests were served: ``ro`` by
        the replica, ``rw`` and ``ro->rw`` by the primary
    """
    found = defaultdict(Counter)
    for server in servers:
        for line in server.log.read_text(errors="replace").splitlines():
            match = REQUEST.match(line)
            if not match or match["method"] not in READING:
                continue
            moment = datetime.strptime(match["time"], "%Y-%m-%d %H:%M:%S,%f")
            seconds = moment.replace(tzinfo=UTC).timestamp() - wall
            name = [name for name, begin in phases if begin <= seconds]
            if name:
                found[name[-1]][match["mode"]] += 1
    return found


def of_servers(servers):
    """:return: list of dicts: how many jobs each ran, how many reads wrote"""
    found = []
    for server in servers:
        text = server.log.read_text(errors="replace")
        found.append(
            {
                "server": server.name,
                "jobs": text.count("Job 'Cluster counter"),
                "reads that wrote": text.count(RETRIED),
            }
        )
    return found


def recovery(ledger, blows):
    """
    :param list blows: pairs of a name and when it was, in seconds
    :return: list of dicts: requests without an answer until the next blow, seconds
        until the last of them had failed, the longest time without any answer
    """
    found = []
    requests = sorted(ledger.requests)
    end = requests[-1][0] if requests else 0
    moments = [*blows, ("", end)]
    for (name, begin), (_next, until) in zip(moments, moments[1:], strict=False):
        during = [r for r in requests if begin <= r[0] < until]
        lost = [r[0] for r in during if r[3] == "lost"]
        good = [begin, *(r[0] for r in during if r[3] == "done")]
        gaps = [after - before for before, after in zip(good, good[1:], strict=False)]
        found.append(
            {
                "blow": name,
                "at": round(begin, 1),
                "lost": len(lost),
                "last_lost_after": round(max(lost, default=begin) - begin, 1),
                "longest_silence": round(max(gaps, default=until - begin), 1),
                "answered": len(good) - 1,
            }
        )
    return found
