from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class CrmAffiliationTransfer(models.AbstractModel):
    """A contact changes from one organization to another.

    *Lifecycle.* `_change_organization` closes one affiliation and opens another, in
    one go. Where an open main row begins or ends, by this or by any other way,
    `_employ` changes the employer of the contact.

    *Invariants.* Rights on the contact are checked before anything is changed, and
    where a change cannot be, nothing has changed. What happened stays with the
    organization where it happened.
    """

    _name = "crm.affiliation.transfer"
    _description = "Change of Affiliation"

    # === CHANGE OF ORGANIZATION === #

    @api.model
    def _change_organization(self, contact, leaves, joins, day, data=None):
        """A contact leaves an organization, joins another, or both.

        Who leaves his employer for another organization has a new employer. Gestiones,
        opportunities and orders stay where they happened. The salespeople of both
        organizations are told.

        :param contact: person; the user may write him, the organizations he may read
        :param leaves: organization he belongs to, or none
        :param joins: organization, or none
        :param day: the day of the change, not in the future
        :param dict data: values of position, e-mail and phone in the new organization
        :raise UserError: where that cannot be; nothing has changed then
        """
        contact.ensure_one()
        contact.check_access("write")
        joins.check_access("read")
        self._check_change(contact, leaves, joins, day)
        employer = contact._crm_organization()
        is_main = not employer or leaves == employer
        # sudo: rights on the contact are checked; on his way he may leave the scope of
        # the user, and the new organization may be a colleague's
        transfer, person = self.sudo(), contact.sudo()
        if joins:
            transfer._join(person, joins.sudo(), day, is_main, data or {})
        if leaves:
            transfer._leave(person, leaves.sudo(), day, leaves == employer)
        self._tell_owners(contact, leaves, joins, day)

    @api.model
    def _check_change(self, contact, leaves, joins, day):
        if contact.is_company or not (leaves or joins):
            raise UserError(
                self.env._(
                    "Choose a person, and which organization he leaves or joins."
                )
            )
        if leaves and leaves not in contact.crm_organization_ids:
            raise UserError(
                self.env._(
                    "%(contact)s does not belong to %(organization)s.",
                    contact=contact.name,
                    organization=leaves.name,
                )
            )
        if joins == leaves:
            raise UserError(self.env._("Choose another organization than the old one."))
        if day > fields.Date.context_today(self):
            raise UserError(
                self.env._("Enter a change of organization when it has happened.")
            )

    @api.model
    def _join(self, contact, organization, day, is_main, data):
        Affiliation = self.env["crm.affiliation"]
        row = Affiliation._open_row(contact, organization)
        if row:
            row.write({name: value for name, value in data.items() if value})
        else:
            row = Affiliation.create(
                {
                    "contact_id": contact.id,
                    "organization_id": organization.id,
                    "date_from": day,
                    **data,
                }
            )
        if is_main:
            row.write({"is_main": True})

    @api.model
    def _leave(self, contact, organization, day, is_main):
        Affiliation = self.env["crm.affiliation"]
        row = Affiliation._open_row(contact, organization)
        if not row:
            row = Affiliation.create(Affiliation._prepare_employer_vals(contact))
        row.write({"date_to": day, "is_main": is_main})
        row._end_employment()

    @api.model
    def _tell_owners(self, contact, leaves, joins, day):
        """Tell the salespeople of both organizations, but for who entered it."""
        # sudo: who they are; the notification goes to colleagues only
        owners = (leaves | joins).sudo().user_id - self.env.user
        for owner in owners.filtered(lambda user: user.active and not user.share):
            env = self.with_context(lang=owner.lang).env
            body = self._change_sentence(env, contact, leaves, joins, day)
            contact.sudo().message_notify(
                partner_ids=owner.partner_id.ids,
                subject=env._("Change of organization: %s", contact.name),
                body=body,
            )

    @api.model
    def _change_sentence(self, env, contact, leaves, joins, day):
        names = {
            "contact": contact.name,
            "old": leaves.name,
            "new": joins.name,
            "date": format_date(env, day),
        }
        if leaves and joins:
            return env._("%(contact)s left %(old)s for %(new)s on %(date)s.", **names)
        if leaves:
            return env._("%(contact)s left %(old)s on %(date)s.", **names)
        return env._("%(contact)s joined %(new)s on %(date)s.", **names)

    # === EMPLOYER === #

    @api.model
    def _employ(self, contact, organization, data=None):
        """Make an organization the employer of a contact, or nobody.

        What he had from the one before does not go with him: Odoo would write its tax
        id and pricelist into a new employer that has none.

        :param dict data: position, e-mail and phone there; what is empty stays as it
            is, but for the position that he left
        """
        contact.check_access("write")
        organization.check_access("read")
        # sudo: both are checked; on his way the contact may leave the user's scope
        contact = contact.sudo()
        former = contact._crm_organization()
        vals = {name: value for name, value in (data or {}).items() if value}
        if "cargo_id" in vals:
            vals["cargo_id"] = vals["cargo_id"].id
        if organization != former:
            vals = {"cargo_id": False, **self._left_behind(contact), **vals}
            vals["parent_id"] = organization.id
            if organization and contact.user_id == former.user_id:
                vals["user_id"] = organization.sudo().user_id.id
        if vals:
            contact.write(vals)
        if organization != former:
            self.env["crm.account.status"]._refresh(former | organization | contact)

    @api.model
    def _left_behind(self, contact):
        """:return: values that empty what a contact has from his employer"""
        if not contact.parent_id:
            return {}
        names = [
            name
            for name in contact._commercial_fields()
            if name in contact._synced_commercial_fields()
            or not contact._fields[name].company_dependent
        ]
        address = contact._address_fields()
        if all(contact[name] == contact.parent_id[name] for name in address):
            names += address
        return dict.fromkeys(names, False)
