from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

REASONS = ("no_email", "opted_out", "blacklisted", "duplicate")


class CrmSegmentAudience(models.AbstractModel):
    """Whom of a segment a mailing reaches, and why not the others.

    *Invariants.* Everybody is either reached or has one reason, the first that holds:
    no e-mail, opted out, blacklisted, an address that a contact before him in the order
    of contacts has, who receives it for both. Odoo's mailing leaves out by itself whom
    we count so, but for who opted out: those the audience does not contain.
    """

    _name = "crm.segment.audience"
    _description = "Audience of a Segment"

    @api.model
    def _domain(self, segment):
        """
        :return: Domain of the contacts that a mailing to this segment is sent to, the
            same whoever asks
        """
        segment = segment._as_everybody()
        wanted = segment._domain() & Domain("crm_opted_out", "=", False)
        return Domain("id", "in", segment.env["res.partner"]._search(wanted))

    @api.model
    def _counts(self, query):
        """
        :param query: of contacts, None for nobody
        :return: dict ``reached`` and each of `REASONS` -> how many the user reads
        """
        counts = dict.fromkeys(("reached", *REASONS), 0)
        if query is not None:
            reasons = self._reasons(query)
            counts |= self.env.execute_query(
                SQL("SELECT reason, COUNT(*) FROM (%s) AS found GROUP BY 1", reasons)
            )
        return counts

    @api.model
    def _reasons(self, query):
        """:return: SQL of rows id, reason of the contacts of this query"""
        # sudo: of contacts that the user reads, why no mailing reaches them
        Partner = self.env["res.partner"].sudo()
        opted_out = Partner._search(Domain("crm_opted_out", "=", True))
        Partner.flush_model(["complete_name", "email_normalized"])
        self.env["mail.blacklist"].flush_model()
        return SQL(
            """SELECT id,
                      CASE WHEN reason = 'reached' AND place > 1 THEN 'duplicate'
                           ELSE reason END AS reason
                 FROM (SELECT id, reason,
                              row_number() OVER (PARTITION BY reason, email_normalized
                                                 ORDER BY complete_name, id DESC
                                                 ) AS place
                         FROM (SELECT id, email_normalized, complete_name,
                                      %s AS reason
                                 FROM res_partner
                                WHERE id IN %s) AS partner) AS ranked""",
            SQL(
                """CASE WHEN email_normalized IS NULL THEN 'no_email'
                        WHEN id IN %s THEN 'opted_out'
                        WHEN email_normalized IN (SELECT email FROM mail_blacklist
                                                   WHERE active) THEN 'blacklisted'
                        ELSE 'reached' END""",
                opted_out.subselect(),
            ),
            query.subselect(),
        )

    @api.model
    def _excluded_domain(self, segment, reason):
        """
        :param str reason: one of `REASONS`
        :return: Domain, of literals, of whom it keeps out of this segment's audience
        """
        inside = Domain("crm_segment_ids", "in", segment.ids)
        if reason == "no_email":
            return inside & Domain("email_normalized", "=", False)
        inside &= Domain("email_normalized", "!=", False)
        if reason == "opted_out":
            return inside & Domain("crm_opted_out", "=", True)
        if reason == "blacklisted":
            inside &= Domain("crm_opted_out", "=", False)
            return inside & Domain("is_blacklisted", "=", True)
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM (%s) AS found WHERE reason = 'duplicate' ORDER BY id",
                self._reasons(segment._query()),
            )
        )
        return Domain("id", "in", [row[0] for row in rows])

    @api.model
    def _reason_name(self, reason):
        """:return: label of the figure of this reason, for the user"""
        field = self.env["crm.segment"]._fields.get(f"{reason}_count")
        return field and field._description_string(self.env)
