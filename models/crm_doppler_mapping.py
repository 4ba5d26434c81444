from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools.doppler.values import ACCEPTED, part_of, to_text

# Field of Doppler -> field of the contact and what of it, of an account that is new.
DEFAULTS = {
    "FIRSTNAME": ("name", "first_word"),
    "LASTNAME": ("name", "other_words"),
    "COUNTRY": ("country_id", "all"),
}
SAMPLE = 500  # contacts whose values are looked at


class CrmDopplerMapping(models.Model):
    """What of a contact goes into a field of Doppler.

    Values of subscribers belong to the account and not to a list there, so that all
    lists share one mapping. Each field of Doppler is filled once, from a field whose
    values its type can hold.
    """

    _name = "crm.doppler.mapping"
    _description = "Doppler Field Mapping"
    _order = "account_id, id"
    _rec_name = "field_id"

    account_id = fields.Many2one(
        comodel_name="crm.doppler.account",
        required=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="account_id.company_id", store=True)
    field_id = fields.Many2one(
        comodel_name="crm.doppler.field",
        string="Field of Doppler",
        required=True,
        ondelete="cascade",
        domain="[('account_id', '=', account_id), ('is_readonly', '=', False)]",
    )
    type_label = fields.Char(related="field_id.type_label")
    partner_field_id = fields.Many2one(
        comodel_name="ir.model.fields",
        string="Field of the Contact",
        required=True,
        ondelete="cascade",
    )
    source = fields.Selection(
        selection="_selection_source",
        string="Data of the Contact",
        compute="_compute_source",
        inverse="_inverse_source",
    )
    part = fields.Selection(
        selection=[
            ("all", "All of it"),
            ("first_word", "First word"),
            ("other_words", "All but the first word"),
        ],
        required=True,
        default="all",
        help="Names of contacts are one field in Odoo and two in Doppler.",
    )

    problem = fields.Char(
        compute="_compute_problem", help="Why this is not sent, where it is not."
    )

    _field_unique = models.UniqueIndex(
        "(account_id, field_id)", "Each field of Doppler is filled once."
    )

    # === COMPUTE METHODS === #

    @api.model
    def _selection_source(self):
        """Fields that may be sent, for people who may not read what fields there are.

        :return: list of name and label
        """
        kinds = {kind for types in ACCEPTED.values() for kind in types}
        infos = self.env["res.partner"].fields_get(attributes=["string"])
        labels = {
            name: infos[name]["string"]
            for name, field in self.env["res.partner"]._fields.items()
            if name in infos and field.store and not field.groups
            if field.type in kinds and name not in models.MAGIC_COLUMNS
        }
        return sorted(labels.items(), key=lambda item: item[1].lower())

    @api.depends("partner_field_id")
    def _compute_source(self):
        offered = dict(self._selection_source())
        # sudo: the name of a field
        for mapping in self.sudo():
            name = mapping.partner_field_id.name
            mapping.source = name if name in offered else False

    def _inverse_source(self):
        for mapping in self:
            if mapping.source:
                mapping.partner_field_id = self._source_field(mapping.source)

    @api.model
    def _source_field(self, name):
        return self.env["ir.model.fields"]._get("res.partner", name)

    @api.depends(
        "field_id.type",
        "field_id.is_readonly",
        "field_id.is_missing",
        "partner_field_id",
        "part",
    )
    def _compute_problem(self):
        for mapping in self:
            mapping.problem = mapping._find_problem()

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("source") and not vals.get("partner_field_id"):
                vals["partner_field_id"] = self._source_field(vals["source"]).id
        return super().create(vals_list)

    # === CONSTRAINTS === #

    @api.constrains("account_id", "field_id", "partner_field_id", "part")
    def _check_fits(self):
        for mapping in self:
            if problem := mapping._find_problem():
                raise ValidationError(problem)

    def _find_problem(self):
        """
        :return: sentence why this field of Doppler cannot be filled from this field of
            the contact, or False
        """
        target = self.field_id
        # sudo: what fields there are; system administrators only read it otherwise
        source = self.sudo().partner_field_id
        if not target or not source:
            return False
        names = {"field": target.name, "data": source.field_description}
        if target.account_id != self.account_id:
            return self.env._("%(field)s is a field of another account.", **names)
        if target.is_missing:
            return self.env._("Doppler has no field %(field)s any more.", **names)
        if target.is_readonly:
            return self.env._("Doppler does not let anybody fill %(field)s.", **names)
        field = self.env["res.partner"]._fields.get(source.name)
        if source.model != "res.partner" or field is None or not field.store:
            return self.env._("%(data)s is not kept with the contact.", **names)
        if field.groups:
            return self.env._("%(data)s is not for everybody and is not sent.", **names)
        if not self._may_hold(target.type, field):
            return self.env._(
                "%(field)s is of the type %(type)s, which cannot hold %(data)s.",
                **names,
                type=target.type_label,
            )
        if self.part != "all" and field.type != "char":
            return self.env._("Only a text has words: take all of %(data)s.", **names)
        return False

    @api.model
    def _may_hold(self, type_, field):
        if field.type not in ACCEPTED.get(type_, ()):
            return False
        if type_ == "country" and field.type == "many2one":
            return field.comodel_name == "res.country"
        return True

    @api.model
    def _create_default(self, account):
        """Fill what every account has, as far as this one has it."""
        targets = {field.name: field for field in account.field_ids}
        self.create(
            [
                {
                    "account_id": account.id,
                    "field_id": targets[name].id,
                    "partner_field_id": self._source_field(source).id,
                    "part": part,
                }
                for name, (source, part) in DEFAULTS.items()
                if name in targets
                and not targets[name].is_readonly
                and self._may_hold(
                    targets[name].type, self.env["res.partner"]._fields[source]
                )
            ]
        )

    # === VALUES === #

    def _values(self, partners):
        """What is sent of contacts.

        :return: dict of contact -> dict of field of Doppler -> text in its format;
            what is empty or does not fit is left out
        """
        return self._read_values(partners, lambda *_args: None)

    def _read_values(self, partners, on_misfit):
        """`_values`, which tells what does not fit.

        :param on_misfit: called with the mapping and the key of the reason
        """
        values = {partner: {} for partner in partners}
        usable = self.filtered(lambda mapping: not mapping._find_problem())
        if not usable:
            return values
        company = usable.company_id
        read = partners.with_company(company).with_context(
            lang=company.partner_id.lang or self.env.lang
        )
        columns = [mapping._column(read) for mapping in usable]
        read.fetch({column["source"] for column in columns})
        for partner, record in zip(partners, read, strict=True):
            for column in columns:
                try:
                    text = to_text(column["type"], self._raw(record, column))
                except ValueError as error:
                    on_misfit(column["mapping"], str(error))
                else:
                    if text:
                        values[partner][column["name"]] = text
        return values

    def _column(self, partners):
        """:return: dict of what values of this mapping are made from"""
        # sudo: the name of a field
        source = self.sudo().partner_field_id.name
        field = partners._fields[source]
        type_ = self.field_id.type
        labels = {}
        if field.type == "selection" and type_ != "gender":
            labels = dict(field._description_selection(partners.env))
        return {
            "mapping": self,
            "name": self.field_id.name,
            "type": type_,
            "source": source,
            "kind": field.type,
            "part": self.part,
            "labels": labels,
        }

    @api.model
    def _raw(self, partner, column):
        """:return: value of a field of the contact, as `to_text` takes it"""
        value = partner[column["source"]]
        kind = column["kind"]
        if kind == "many2one":
            # sudo: a name that the contact's own page shows
            value = value.sudo()
            return value.code if column["type"] == "country" else value.display_name
        if kind == "selection":
            return column["labels"].get(value, value)
        if kind == "datetime" and value:
            tz = partner.env.company._crm_tz().zone
            return fields.Datetime.context_timestamp(partner.with_context(tz=tz), value)
        if column["part"] != "all":
            return part_of(value or "", column["part"])
        return None if value is False and kind != "boolean" else value

    def _count_misfits(self, partners):
        """
        :return: `Counter` of tuples of mapping and sentence why values do not fit
        """
        misfits = Counter()
        reasons = self._reasons()
        self._read_values(
            partners,
            lambda mapping, key: misfits.update([(mapping, reasons[key])]),
        )
        return misfits

    @api.model
    def _reasons(self):
        return {
            "too_long": self.env._("too long"),
            "type": self.env._("of a type that is not sent"),
            "not_a_number": self.env._("not a number"),
            "not_a_date": self.env._("not a date"),
            "not_a_gender": self.env._("neither M nor F"),
            "not_a_country": self.env._("not a code of a country"),
        }
