from datetime import timedelta

from odoo import api, models

AGE = timedelta(days=30)  # of campaigns whose clicks are worth a call


class CrmDopplerCall(models.AbstractModel):
    """Calls with contacts who clicked in a campaign of Doppler, where the account wants
    them: a native activity for the contact's salesperson, or that of his organization.

    *Invariants.* One for each campaign and contact, when his first click is seen, and
    never again. Nobody is called who opted out, at Doppler or in Odoo, or whose call
    of the campaign waits already; nor where nobody at work in the company is his
    salesperson. A bounded number of queries for a batch.
    """

    _name = "crm.doppler.call"
    _description = "Calls for Clicks"

    @api.model
    def _make(self, account, seen):
        """
        :param account: crm.doppler.account
        :param seen: list of ``Seen``, see ``crm.doppler.delivery``
        :return: how many calls were made, and how many clicks got none
        """
        if not account.click_activity:
            return 0, 0
        clickers = self._clickers(account, seen)
        out = self._out(account, seen)
        made = 0
        for campaign, partners in clickers.items():
            calls = self._callers(account, campaign, partners - out)
            for lang in {user.lang for user in calls}:
                theirs = {u: calls[u] for u in calls if u.lang == lang}
                speaking = self.with_context(lang=lang or self.env.lang)
                made += len(speaking._schedule(account, campaign, theirs))
        return made, sum(map(len, clickers.values())) - made

    @api.model
    def _clickers(self, account, seen):
        """:return: dict campaign of Doppler -> contacts whose first click this is"""
        Campaign = self.env["crm.doppler.campaign"]
        clicks = [
            one
            for one in seen
            if one.clicks and one.partner and not (one.known and one.known[1])
        ]
        late = Campaign.search(Campaign._sent_since(account, AGE)) if clicks else ()
        before = self._clicked_before(clicks)
        clickers = {}
        for one in clicks:
            if one.campaign in late and (one.campaign, one.partner) not in before:
                partners = clickers.get(one.campaign, one.partner)
                clickers[one.campaign] = partners | one.partner
        return clickers

    @api.model
    def _clicked_before(self, clicks):
        """:return: set of campaign and contact who had clicked with another address"""
        new = {(one.campaign, one.email) for one in clicks}
        rows = self.env["crm.doppler.delivery"].search(
            [
                ("campaign_id", "in", [one.campaign.id for one in clicks]),
                ("partner_id", "in", [one.partner.id for one in clicks]),
                ("clicks", ">", 0),
            ]
        )
        return {
            (row.campaign_id, row.partner_id)
            for row in rows
            if (row.campaign_id, row.email) not in new
        }

    @api.model
    def _out(self, account, seen):
        """:return: contacts who opted out at Doppler"""
        emails = [one.email for one in seen if one.clicks]
        out = self.env["crm.doppler.optout"]._is_out(account, emails)
        return self.env["res.partner"].union(
            *(one.partner for one in seen if one.email in out)
        )

    @api.model
    def _callers(self, account, campaign, partners):
        """:return: dict salesperson -> contacts whom he is to call"""
        calls = self.env["crm.call.list"]
        wanted = partners.filtered(
            lambda p: (
                p.active
                and not p.is_blacklisted
                and not p.crm_opted_out
                and not p.crm_do_not_contact
            )
        )
        wanted -= calls._waiting(wanted, campaign.campaign_id)
        return {
            user: theirs
            for user, theirs in wanted.grouped(calls._seller).items()
            if user.active and account.company_id in user.company_ids
        }

    @api.model
    def _schedule(self, account, campaign, calls):
        return self.env["crm.call.list"]._schedule(
            calls,
            [account.company_id._crm_today()],
            {
                "activity_type_id": self.env.ref("mail.mail_activity_data_call").id,
                "summary": self.env._("Clicked in “%s”", campaign.name),
            },
            campaign.campaign_id,
        )
