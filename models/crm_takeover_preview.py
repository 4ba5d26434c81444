from collections import Counter

from odoo import api, models
from odoo.tools import SQL

from ..tools.takeover import MARKETS, channel_code, channel_key, group, title_key
from .crm_takeover_line import HISTORY, KINDS, MAPPED

# Accounts that are worked out at once.
BATCH = 10000
# A new master is proposed for what as many records have, all spellings together:
# what was typed once would flood the lists.
FEW = {"origination_id": 2, "cargo_id": 3}
SAMPLES = 3


class CrmTakeoverPreview(models.AbstractModel):
    """Looks at what a company has in Odoo's own fields and proposes what becomes of it.

    It reads only, with a few queries for each kind of data. What means the same is
    proposed to become one: a master that is there, one that a source is mapped to
    already, the delivered one that it is, else a new one of the most frequent spelling.
    """

    _name = "crm.takeover.preview"
    _description = "Preview of a Take-over"

    @api.model
    def _propose(self, takeover):
        """Make the proposals of a run, and what sums them up."""
        vals_list, parts = [], []
        for sequence, (kind, _label) in enumerate(KINDS):
            about = {"takeover_id": takeover.id, "kind": kind, "sequence": sequence}
            found = getattr(self, f"_propose_{kind}")(takeover)
            vals_list += [{**vals, **about} for vals in found]
            parts += [about] * bool(found)
        self.env["crm.takeover.line"].create(vals_list)
        self.env["crm.takeover.part"].create(parts)

    @api.model
    def _propose_status(self, takeover):
        counts = Counter(self._becoming(takeover).values())
        if not counts:
            return []
        name = self.env._(
            "By orders, invoices and opportunities: potential customers %(potential)s,"
            " customers %(customer)s, former customers %(former)s",
            potential=counts["potential"],
            customer=counts["customer"],
            former=counts["former"],
        )
        return [{"name": name, "count": counts.total(), "action": "use"}]

    @api.model
    def _becoming(self, takeover):
        """:return: dict id of an account -> status that this run will give it"""
        becoming, last = {}, 0
        while accounts := self.env["crm.account.status"]._stale_accounts(BATCH, last):
            becoming.update(
                self.env["crm.takeover.account"]._becomes(takeover, accounts)
            )
            last = accounts[-1].id
            accounts.invalidate_recordset()
        return becoming

    @api.model
    def _propose_source(self, takeover):
        return self._propose_utm(takeover, "source")

    @api.model
    def _propose_medium(self, takeover):
        """A medium says where an opportunity came from where it has no source."""
        return self._propose_utm(takeover, "medium", [("source_id", "=", False)])

    @api.model
    def _propose_utm(self, takeover, kind, where=()):
        column = f"{kind}_id"
        groups = (
            self.env["crm.lead"]
            .with_context(active_test=False)
            ._read_group(
                [
                    (column, "!=", False),
                    ("origination_id", "=", False),
                    ("company_id", "in", [takeover.company_id.id, False]),
                    *where,
                ],
                [column],
                ["__count"],
            )
        )
        known = self.env["crm.origination"].search([("active", "=", True)], order="id")
        mapped = {native: o.id for o in known for native in o[MAPPED[kind]]}
        by_code = {o.code: o.id for o in known}
        names = {
            native.name: o.id
            for o in known
            for native in [*o.source_ids, *o.medium_ids]
        }
        return self._propose_names(
            [(native, native.name, count) for native, count in groups],
            channel_key,
            "origination_id",
            guess=lambda native, name: (
                mapped.get(native) or by_code.get(channel_code(name))
            ),
            names=names,
        )

    @api.model
    def _propose_origination(self, takeover):
        """Who may have one after the sources and media of this run."""
        rows = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM (%s) customers",
                self.env["crm.takeover.account"]._without_origination(
                    takeover,
                    SQL("COALESCE(l.origination_id, l.source_id, l.medium_id) > 0"),
                ),
            )
        )
        if not rows[0][0]:
            return []
        name = self.env._("Customers without one get that of their first opportunity")
        return [{"name": name, "count": rows[0][0], "action": "use"}]

    @api.model
    def _propose_industry(self, takeover):
        groups = self.env["res.partner"]._read_group(
            [
                ("industry_id", "!=", False),
                ("market_id", "=", False),
                ("commercial_partner_id.is_company", "=", True),
                ("company_id", "in", [takeover.company_id.id, False]),
            ],
            ["industry_id"],
            ["__count"],
        )
        delivered = {}
        for end, market in MARKETS.items():
            industry = self.env.ref(f"base.res_partner_industry_{end}", False)
            market = self.env.ref(f"crm_gestion.market_{market}", False)
            if industry and market and market.active:
                delivered[industry] = market.id
        return self._propose_names(
            [(industry, industry.name, count) for industry, count in groups],
            title_key,
            "market_id",
            guess=lambda industry, name: delivered.get(industry),
        )

    @api.model
    def _propose_function(self, takeover):
        nobody = self.env["res.partner"]
        groups = nobody._read_group(
            [
                ("function", "!=", False),
                ("cargo_id", "=", False),
                ("is_company", "=", False),
                ("company_id", "in", [takeover.company_id.id, False]),
            ],
            ["function"],
            ["__count"],
        )
        found = [(nobody, text, count) for text, count in groups]
        return self._propose_names(found, title_key, "cargo_id")

    @api.model
    def _propose_names(self, found, key, target, guess=None, names=None):
        """
        :param found: list of (native record, name, count)
        :param key: function that says what a name means
        :param target: field of the line with the master
        :param guess: function of native record and name -> id of the master that it
            is where no master has that name
        :param dict names: other names of masters -> their ids
        :return: list of values of lines
        """
        counts = Counter()
        for _native, name, count in found:
            counts[name] += count
        by_name = {**(names or {}), **self._masters(target)}
        groups = group(counts, key, by_name)
        sizes = Counter()
        for name, master in groups.items():
            sizes[master] += counts[name]
        vals_list = []
        for native, name, count in found:
            vals = {"name": name, "res_id": native.id, "count": count}
            master = by_name.get(groups.get(name)) or (guess and guess(native, name))
            if master:
                vals |= {"action": "use", target: master}
            elif name not in groups:
                vals["action"] = "leave"
            else:
                many = sizes[groups[name]] >= FEW.get(target, 1)
                action = "make" if many else "leave"
                vals |= {"action": action, "new_name": groups[name]}
            vals_list.append(vals)
        return vals_list

    @api.model
    def _masters(self, target):
        """:return: dict name -> id of the masters that a line may become, by their
        names in the user's language and in English"""
        Line = self.env["crm.takeover.line"]
        masters = self.env[Line._fields[target].comodel_name].search(
            [("active", "=", True)], order="id"
        )
        by_name = {}
        for lang in (self.env.lang or "en_US", "en_US"):
            for master in masters.with_context(lang=lang):
                by_name.setdefault(master.name, master.id)
        return by_name

    @api.model
    def _propose_meeting(self, takeover):
        return self._propose_history(takeover, "meeting")

    @api.model
    def _propose_activity(self, takeover):
        return self._propose_history(takeover, "activity")

    @api.model
    def _propose_message(self, takeover):
        return self._propose_history(takeover, "message")

    @api.model
    def _propose_history(self, takeover, kind):
        Type = self.env["mail.activity.type"].with_context(active_test=False)
        meeting = self.env.ref("mail.mail_activity_data_meeting", False) or Type
        History = self.env["crm.takeover.history"]
        if kind == "meeting":  # with whom it is of interest, or will be
            found = History._count(takeover, kind, list(self._becoming(takeover)))
        else:
            found = History._count(takeover, kind)
        vals_list = []
        for type_id, count in found:
            native = Type.browse(type_id) if type_id else meeting
            becomes = native if native.is_gestion else Type
            vals_list.append(
                {
                    "name": native.name or self.env._("Meetings"),
                    "res_id": type_id,
                    "count": count,
                    "action": "use" if becomes else "leave",
                    "activity_type_id": becomes.id,
                }
            )
        return vals_list

    # === SAMPLES === #

    @api.model
    def _samples(self, lines):
        """:return: dict id of a line -> names of a few of its records; one query for
        each kind"""
        samples = {}
        for (takeover, kind), group_ in lines.grouped(
            lambda line: (line.takeover_id, line.kind)
        ).items():
            if kind in HISTORY:
                found = self.env["crm.takeover.history"]._samples(group_, SAMPLES)
            elif kind in ("source", "medium", "industry", "function"):
                found = self._sampled(takeover, kind, group_)
            else:
                continue
            samples |= {line_id: ", ".join(names) for line_id, names in found}
        return samples

    @api.model
    def _sampled(self, takeover, kind, lines):
        """:return: list of (id of a line, names of the newest of its records)"""
        table, column = ("res_partner", "function")
        if kind == "industry":
            column = "industry_id"
        elif kind in MAPPED:
            table, column = "crm_lead", f"{kind}_id"
        ours = SQL("l.name" if kind == "function" else "l.res_id")
        return self.env.execute_query(
            SQL(
                """SELECT line_id, array_agg(name ORDER BY id DESC)
                     FROM (SELECT l.id AS line_id, r.id, r.name,
                                  row_number() OVER (PARTITION BY l.id
                                                     ORDER BY r.id DESC) AS place
                             FROM crm_takeover_line l
                             JOIN %(table)s r ON r.%(column)s = %(ours)s
                            WHERE l.id = ANY(%(ids)s) AND r.name IS NOT NULL
                              AND (r.company_id IS NULL OR r.company_id = %(company)s)
                          ) newest
                    WHERE place <= %(samples)s GROUP BY line_id""",
                table=SQL.identifier(table),
                column=SQL.identifier(column),
                ours=ours,
                ids=lines.ids,
                company=takeover.company_id.id,
                samples=SAMPLES,
            )
        )
