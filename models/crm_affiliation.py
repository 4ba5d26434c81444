from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

# What a contact has of his own in each of his organizations.
CONTACT_DATA = ("cargo_id", "email", "phone")


class CrmAffiliation(models.Model):
    """That a contact belongs, or belonged, to an organization.

    *Lifecycle.* A row opens when a contact joins an organization and stays: leaving it
    sets ``date_to``. A row without end is *open*; `crm.affiliation.transfer` closes one
    and opens another in one go. `crm.affiliation.merge` makes one of two rows where
    partners are merged.

    *Invariants.* ``parent_id`` of the contact stays his main employer, and somebody who
    is employed and nothing more needs no row. An open row with ``is_main`` makes its
    organization the employer of the contact, in this direction only; where somebody
    changes the employer natively, the open main row that says otherwise ends. At most
    one open row for a contact and an organization, at most one open main row for a
    contact.

    Position, e-mail and phone are the contact's in that organization. Those of the
    employer are the contact's own ones, read and written through; what they were when
    he left stays with the row.
    """

    _name = "crm.affiliation"
    _description = "Affiliation of a Contact"
    _rec_name = "organization_id"
    _order = "date_to desc, date_from desc, id desc"

    contact_id = fields.Many2one(
        comodel_name="res.partner",
        required=True,
        domain="[('is_company', '=', False), ('type', '=', 'contact')]",
        index=True,
        ondelete="cascade",
    )
    organization_id = fields.Many2one(
        comodel_name="res.partner",
        required=True,
        domain="[('is_company', '=', True)]",
        index=True,
        ondelete="cascade",
    )
    cargo_id = fields.Many2one(
        comodel_name="crm.cargo",
        string="Position",
        compute="_compute_cargo_id",
        inverse="_inverse_cargo_id",
        store=True,
        readonly=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    email = fields.Char(
        compute="_compute_email",
        inverse="_inverse_email",
        store=True,
        readonly=False,
    )
    phone = fields.Char(
        compute="_compute_phone",
        inverse="_inverse_phone",
        store=True,
        readonly=False,
    )
    date_from = fields.Date(string="Since")
    date_to = fields.Date(
        string="Until", help="The day on which the contact left this organization."
    )
    is_main = fields.Boolean(
        string="Main",
        help="The organization that employs the contact, or did: his commercial "
        "entity.",
    )

    _one_open = models.UniqueIndex(
        "(contact_id, organization_id) WHERE date_to IS NULL",
        "The contact belongs to this organization already.",
    )
    _one_main = models.UniqueIndex(
        "(contact_id) WHERE is_main AND date_to IS NULL",
        "A contact has one main organization.",
    )
    _dates = models.Constraint(
        "CHECK(date_to >= date_from)", "An affiliation cannot end before it began."
    )

    # === COMPUTE METHODS === #

    @api.depends("is_main", "date_to", "contact_id.cargo_id")
    def _compute_cargo_id(self):
        self._follow_contact("cargo_id")

    @api.depends("is_main", "date_to", "contact_id.email")
    def _compute_email(self):
        self._follow_contact("email")

    @api.depends("is_main", "date_to", "contact_id.phone")
    def _compute_phone(self):
        self._follow_contact("phone")

    def _follow_contact(self, name):
        for row in self:
            follows = row._is_employment() and (
                row._origin._is_employment() or not row[name]
            )
            row[name] = row.contact_id[name] if follows else row[name]

    def _inverse_cargo_id(self):
        self._tell_contact("cargo_id")

    def _inverse_email(self):
        self._tell_contact("email")

    def _inverse_phone(self):
        self._tell_contact("phone")

    def _tell_contact(self, name):
        for row in self.filtered(lambda row: row._is_employment()):
            if row.contact_id[name] != row[name]:
                row.contact_id[name] = row[name]

    # === CONSTRAINTS === #

    @api.constrains("contact_id", "organization_id")
    def _check_partners(self):
        for row in self:
            if row.contact_id.is_company or not row.organization_id.is_company:
                raise ValidationError(
                    self.env._(
                        "A person belongs to a company: choose “%(contact)s” and "
                        "“%(organization)s” accordingly.",
                        contact=row.contact_id.name,
                        organization=row.organization_id.name,
                    )
                )

    @api.constrains("is_main", "date_from", "date_to")
    def _check_main_dates(self):
        today = fields.Date.context_today(self)
        for row in self.filtered("is_main"):
            if max(row.date_from or today, row.date_to or today) > today:
                raise ValidationError(
                    self.env._(
                        "The main organization is the one of today: enter a change of "
                        "employer when it has happened."
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Create main rows as ordinary ones and make them main by `write`, so that
        what follows from it is done in one place."""
        main = [vals.get("is_main") for vals in vals_list]
        rows = super().create([{**vals, "is_main": False} for vals in vals_list])
        chosen = [row.id for row, is_main in zip(rows, main, strict=True) if is_main]
        if chosen:
            self.browse(chosen).write({"is_main": True})
        return rows

    def write(self, vals):
        transfer = self.env["crm.affiliation.transfer"]
        Trace = self.env["crm.contact.trace"]
        before = Trace._snapshot(self, vals)
        vals = dict(vals)
        make_main = vals.get("is_main") and vals.pop("is_main")
        reopened = self._reopened_by(vals)
        if reopened:
            super(CrmAffiliation, reopened).write({"is_main": False})
        employments = self.filtered(lambda row: row._is_employment())
        ended = self.filtered(lambda row: vals.get("date_to") and not row.date_to)
        if vals.get("date_to"):
            # what is true until now stays with the row
            employments.flush_recordset(CONTACT_DATA)
        res = super().write(vals) if vals else True
        if vals.keys() & {"contact_id", "organization_id"}:
            self.check_access("write")  # of those it names now, too
        if vals.get("date_to"):
            for row in employments:
                row._end_employment()
        elif vals.keys() & {"contact_id", "organization_id"}:
            for row in employments:
                transfer._employ(row.contact_id, row.organization_id)
        if rows := (self if make_main else reopened).filtered(lambda r: not r.is_main):
            current = rows.filtered(lambda row: not row.date_to)
            data = current._before_main()
            super(CrmAffiliation, rows).write({"is_main": True})
            for row in current:
                transfer._employ(row.contact_id, row.organization_id, data[row])
        ended._tell_that_they_ended()
        Trace._log(before)
        return res

    def _tell_that_they_ended(self):
        """Who types the end into a list tells the salesperson as the dialog does, which
        works in superuser mode and tells both by itself."""
        if self.env.su:
            return
        transfer = self.env["crm.affiliation.transfer"]
        nobody = self.env["res.partner"]
        for row in self:
            transfer._tell_owners(
                row.contact_id, row.organization_id, nobody, row.date_to
            )

    def _reopened_by(self, vals):
        """:return: the main rows whose end these values take off: they become the main
        ones of today as any other does"""
        if vals.get("date_to", True) or not vals.get("is_main", True):
            return self.browse()
        return self.filtered(lambda row: row.is_main and row.date_to)

    def _before_main(self):
        """These open rows become the main ones of their contacts. The employer so far
        stays one of their organizations; who leaves him says so.

        :return: dict row -> position, e-mail and phone that the contact has there
        """
        self._keep_employer()
        others = self._open_main(self.contact_id)
        others.write({"is_main": False})
        others.flush_recordset(["is_main"])  # before the index sees two main ones
        return {row: {name: row[name] for name in CONTACT_DATA} for row in self}

    @api.model
    def _open_main(self, contacts):
        return self.search(
            [
                ("contact_id", "in", contacts.ids),
                ("is_main", "=", True),
                ("date_to", "=", False),
            ]
        )

    def _keep_employer(self):
        """Give the contacts of these rows a row for their employer where there is
        none."""
        known = {
            (row.contact_id, row.organization_id)
            for row in self.search(
                [("contact_id", "in", self.contact_id.ids), ("date_to", "=", False)]
            )
        }
        self.create(
            [
                self._prepare_employer_vals(contact)
                for contact in self.contact_id
                if (employer := contact._crm_organization())
                and (contact, employer) not in known
            ]
        )

    def _end_employment(self):
        """Leave the employer where this row is the one that names him."""
        self.ensure_one()
        if self.organization_id == self.contact_id._crm_organization():
            none = self.env["res.partner"]
            self.env["crm.affiliation.transfer"]._employ(self.contact_id, none)

    # === ACTION METHODS === #

    def action_change(self):
        """Open the dialog that ends this affiliation, and may begin another."""
        self.ensure_one()
        action = self.contact_id.action_crm_change_organization()
        context = {
            **action["context"],
            "default_old_organization_id": self.organization_id.id,
        }
        return {**action, "context": context}

    # === BUSINESS METHODS === #

    def _is_employment(self):
        return bool(self.is_main and not self.date_to)

    @api.model
    def _current_domain(self):
        """:return: domain of the affiliations that hold today"""
        today = fields.Date.context_today(self)
        return (Domain("date_to", "=", False) | Domain("date_to", ">", today)) & (
            Domain("date_from", "=", False) | Domain("date_from", "<=", today)
        )

    @api.model
    def _prepare_employer_vals(self, contact):
        """:return: values of a row for the employer of a contact"""
        return {
            "contact_id": contact.id,
            "organization_id": contact._crm_organization().id,
            "cargo_id": contact.cargo_id.id,
            "email": contact.email,
            "phone": contact.phone,
        }

    @api.model
    def _organizations(self, partners):
        """
        :return: dict partner -> organizations he belongs to today, his employer first;
            a company belongs to itself
        """
        none = self.env["res.partner"]
        found = {
            partner: partner._crm_organization() if partner.type == "contact" else none
            for partner in partners
        }
        origins = {partner._origin: partner for partner in partners if partner._origin}
        rows = self.search_fetch(
            Domain("contact_id", "in", [origin.id for origin in origins])
            & self._current_domain(),
            ["contact_id", "organization_id"],
            order="is_main desc, date_from, id",
        )
        for row in rows:
            found[origins[row.contact_id]] |= row.organization_id
        return found

    @api.model
    def _contacts_domain(self, organizations):
        """
        :param organizations: ids, or a query of them
        :return: domain of who belongs to them today: employed, affiliated, and they
            themselves
        """
        rows = Domain("organization_id", "in", organizations) & self._current_domain()
        affiliated = self._search(rows).subselect("contact_id")
        employed = Domain("commercial_partner_id", "in", organizations) & Domain(
            [("commercial_partner_id.is_company", "=", True), ("type", "=", "contact")]
        )
        return employed | Domain("id", "in", affiliated)

    @api.model
    def _contact_counts(self, organizations):
        """:return: dict organization -> number of people employed or affiliated"""
        ids = organizations._origin.ids
        Partner = self.env["res.partner"]
        people = [("is_company", "=", False), ("type", "=", "contact")]
        counts = dict(
            Partner._read_group(
                [("commercial_partner_id", "in", ids), *people],
                ["commercial_partner_id"],
                ["__count"],
            )
        )
        affiliated = self._read_group(
            Domain("organization_id", "in", ids)
            & Domain("contact_id.active", "=", True)
            & self._current_domain(),
            ["organization_id", "contact_id"],
        )
        for organization, contact in affiliated:
            if contact.commercial_partner_id != organization:
                counts[organization] = counts.get(organization, 0) + 1
        return counts

    @api.model
    def _cargos(self, contacts, organization_id):
        """
        :param int organization_id: or None
        :return: dict contact -> position that he holds there as an affiliated one
        """
        if not organization_id:
            return {}
        rows = self.search(
            Domain("contact_id", "in", contacts._origin.ids)
            & Domain("organization_id", "=", organization_id)
            & self._current_domain()
        )
        return {row.contact_id: row.cargo_id for row in rows}

    @api.model
    def _add_opportunities(self, organizations):
        """Odoo counts those of an organization's own contacts; affiliated ones speak
        for it too."""
        if not self.env.user.has_group("sales_team.group_sale_salesman"):
            return
        leads = self.env["crm.lead"].with_context(active_test=False)
        groups = leads._read_group(
            [("organization_id", "in", organizations.ids)],
            ["organization_id", "partner_id"],
            ["__count"],
        )
        if not groups:
            return
        own = organizations._fetch_children_partners_for_hierarchy()
        for organization, contact, count in groups:
            above = contact & own
            while above and above != organization:
                above = above.parent_id & own
            if not above:
                organization.opportunity_count += count

    @api.model
    def _of_leads(self, leads):
        """
        :return: dict (contact, organization) -> the row that holds today, of the
            contacts of opportunities whose organization does not employ them
        """
        others = leads.filtered(
            lambda lead: (
                lead.organization_id
                and lead.organization_id != lead.partner_id.commercial_partner_id
            )
        )
        rows = self.search(
            Domain("contact_id", "in", others.partner_id._origin.ids)
            & Domain("organization_id", "in", others.organization_id._origin.ids)
            & self._current_domain()
        )
        return {(row.contact_id, row.organization_id): row for row in rows}

    @api.model
    def _follow_employers(self, contacts):
        """The employer of these contacts was changed: open main rows that say otherwise
        end today."""
        # sudo: who may change the employer of a contact ends what contradicts it
        rows = self.sudo()._open_main(contacts)
        ended = rows.filtered(
            lambda row: (
                row.organization_id
                not in row.contact_id.parent_id | row.contact_id._crm_organization()
            )
        )
        if ended:
            ended.write({"date_to": fields.Date.context_today(self)})

    @api.model
    def _open_row(self, contact, organization):
        return self.search(
            [
                ("contact_id", "=", contact.id),
                ("organization_id", "=", organization.id),
                ("date_to", "=", False),
            ]
        )
