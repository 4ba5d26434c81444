from datetime import datetime, time, timedelta

from pytz import timezone, utc

from odoo import api, fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    crm_shared_history = fields.Selection(
        selection=[
            ("own", "Own accounts"),
            ("team", "My team"),
            ("all", "All sellers"),
        ],
        string="Shared History",
        required=True,
        default="own",
        help="Whose history a seller of this company reads. What he may change stays "
        "the same.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        """A company of ours is nobody's potential customer."""
        companies = super().create(vals_list)
        self.env["crm.account.status"]._drop(companies.partner_id)
        return companies

    def write(self, vals):
        res = super().write(vals)
        if "crm_shared_history" in vals:
            self.env["res.users"]._crm_drop_scopes()
        return res

    # === DAYS === #

    def _crm_tz(self):
        """:return: time zone whose days are the days of this company"""
        self.ensure_one()
        # the reader of a figure need not have rights on the company's calendar
        company = self.sudo()
        return timezone(
            company.resource_calendar_id.tz or company.partner_id.tz or "UTC"
        )

    def _crm_day_bounds(self, date_from, date_to):
        """When days of this company begin and end.

        :param date date_from: first day
        :param date date_to: last day
        :return: tuple of naive datetimes in UTC, as the database keeps them: the first
            moment of the first day, and of the day after the last one
        """
        tz = self._crm_tz()
        return tuple(
            tz.localize(datetime.combine(day, time.min))
            .astimezone(utc)
            .replace(tzinfo=None)
            for day in (date_from, date_to + timedelta(days=1))
        )
