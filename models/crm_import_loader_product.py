from odoo import api, models
from odoo.fields import Domain
from odoo.tools import plaintext2html

from ..tools.matching import plain


class CrmImportLoaderProduct(models.AbstractModel):
    """Products with their code, price and cost. One that is here, by its code or else
    its name, is left as it is.

    A code is one product, however many rows have it; products without a code, or with
    different ones, may bear the same name.
    """

    _name = "crm.import.loader.product"
    _inherit = "crm.import.loader.master"
    _description = "Loader of Products"

    # === RECOGNIZING === #

    @api.model
    def _candidates(self, job, rows):
        codes = {row.values.get("code") for row in rows} - {None, ""}
        codes |= {spelt for code in codes for spelt in (code.lower(), code.upper())}
        names = {row.values.get("name") for row in rows} - {None, ""}
        domain = Domain("default_code", "in", list(codes))
        domain |= Domain("name", "in", list(names))
        domain &= Domain("company_id", "in", [False, job.company_id.id])
        products = self.env["product.product"].with_context(active_test=False)
        return products.search(domain, order="id")

    @api.model
    def _alike(self, job, rows, candidates):
        by_code = candidates.grouped(lambda product: plain(product.default_code))
        coded = {
            row: by_code[code]
            for row in rows
            if (code := plain(row.values.get("code"))) and code in by_code
        }
        others = rows.filtered(lambda row: row not in coded)
        alike = super()._alike(job, others, candidates)
        return coded | {
            row: same
            for row, found in alike.items()
            if (same := self._without_another_code(found, row.values.get("code")))
        }

    @api.model
    def _without_another_code(self, products, code):
        return products.filtered(lambda product: not (code and product.default_code))

    @api.model
    def _title(self, record):
        return record.name

    # === MAKING === #

    @api.model
    def _load(self, job, rows):
        """Rows with the code of an earlier one come after it, and find its product."""
        seen, first = set(), rows.browse()
        for row in rows:
            code = plain(row.values.get("code"))
            if not code or code not in seen:
                first |= row
                seen.add(code)
        super()._load(job, first)
        again = rows - first
        return super()._load(job, again) if again else None

    @api.model
    def _make(self, job, values_list):
        categories = self._categories(job, values_list)
        # sudo: an import is for directors, who need not have the right to create
        # products otherwise; it makes new ones and changes none
        templates = self.env["product.template"].sudo().with_company(job.company_id)
        several = self.env["res.company"].sudo().search_count([], limit=2) > 1
        # prices are in the currency of the company
        company = job.company_id if several else self.env["res.company"]
        made = templates.create(
            [self._prepare(values, company, categories) for values in values_list]
        )
        products = made.product_variant_ids.with_env(self.env)
        gone = made.browse(
            template.id
            for template, values in zip(made, values_list, strict=True)
            if values.get("active") is False
        )
        gone.write({"active": False})
        return products

    @api.model
    def _prepare(self, values, company, categories):
        vals = {
            "name": values["name"],
            "default_code": values.get("code") or False,
            "list_price": values.get("price") or 0.0,
            "standard_price": values.get("cost") or 0.0,
            "company_id": company.id,
        }
        if text := self._notes(values):
            vals["description"] = plaintext2html(text)
        if category := categories.get(plain(values.get("category"))):
            vals["categ_id"] = category.id
        return vals

    @api.model
    def _categories(self, job, values_list):
        """
        :return: dict plain name -> category; those that are not here are made, as
            entries of our own lists are
        """
        texts = {plain(v.get("category")): v.get("category") for v in values_list}
        texts = {key: text for key, text in texts.items() if key}
        if not texts:
            return {}
        # sudo: as for products
        Category = self.env["product.category"].sudo()
        found = {}
        # few, and compared without regard to case and accents
        for category in Category.search([("id", ">", 0)], order="id desc"):
            found[plain(category.name)] = category
        missing = [text for key, text in texts.items() if key not in found]
        made = Category.create([{"name": text} for text in missing])
        self.env["crm.import.row"]._add_shared(job, made)
        for category in made:
            found[plain(category.name)] = category
        return found
