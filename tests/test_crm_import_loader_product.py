from datetime import datetime

from odoo.tests import tagged

from .import_loader_common import ImportLoaderCommon

SERVER = {
    "ref": "PRO9",
    "name": "Rack server",
    "code": "HW-2U",
    "active": True,
    "price": "3499.99",
    "cost": "2800",
    "category": "Hardware",
    "description": "With rails",
    "extra": "Serial No: SN-0001",
    "created": "2025-11-21 17:34:17",
}


@tagged("post_install", "-at_install")
class TestImportLoaderProduct(ImportLoaderCommon):
    ENTITY = "product"

    def test_products_are_made_by_a_director(self):
        product, course = self._load(
            SERVER, {"ref": "PRO10", "name": "Course", "active": False, "price": "650"}
        )
        self.assertEqual(product._name, "product.product")
        self.assertEqual(product.name, "Rack server")
        self.assertEqual(product.default_code, "HW-2U")
        self.assertEqual(product.list_price, 3499.99)
        self.assertEqual(product.standard_price, 2800)
        self.assertEqual(product.categ_id.name, "Hardware")
        self.assertIn("With rails", product.description)
        self.assertIn("Serial No: SN-0001", product.description)
        self.assertEqual(product.create_date, datetime(2025, 11, 21, 17, 34, 17))
        self.assertTrue(product.active)
        self.assertEqual(course.list_price, 650)
        self.assertFalse(course.active)
        self.assertFalse(course.product_tmpl_id.active)

    def test_what_is_here_is_found_and_left(self):
        Product = self.env["product.product"]
        by_code = Product.create({"name": "Server", "default_code": "hw-2u"})
        by_name = Product.create({"name": "Rack server", "active": False})
        same_code = Product.create({"name": "Server", "default_code": "HW-2U"})
        by_code.active = False  # nobody's code is in use twice
        by_code.default_code = "OLD"
        rows = self._plan(
            SERVER,
            {"name": "Rack server", "price": "1"},
            {"name": "Server", "code": "HW-3U"},
        )
        self.assertEqual(rows.mapped("state"), ["matched", "matched", "planned"])
        self.assertEqual(rows.mapped("res_id"), [same_code.id, by_name.id, 0])
        self.assertEqual(same_code.list_price, 1.0)
        self.assertEqual(by_name.list_price, 1.0)

    def test_several_of_a_name_are_refused(self):
        values = [{"name": "Course"}, {"name": "Course", "default_code": "C-2"}]
        self.env["product.product"].create(values)
        rows = self._plan({"name": "Course"})
        self.assertEqual(
            self._states(rows),
            [
                (
                    "refused",
                    "Several here are called “Course”: leave one of them that name, "
                    "and check again.",
                )
            ],
        )
        self._call("_load", rows)
        self.assertEqual(
            self.env["product.product"].search_count([("name", "=", "Course")]), 2
        )

    def test_a_code_twice_is_one_product(self):
        first, again, other = self._load(
            {"name": "Course", "code": "C"},
            {"name": "Course of two days", "code": "c"},
            {"name": "Course", "code": "D"},
        )
        self.assertEqual(first, again)
        self.assertEqual(first.name, "Course")
        self.assertNotEqual(first, other)

    def test_another_import_finds_them_by_their_number(self):
        [product] = self._load(SERVER)
        product.write({"name": "Renamed", "default_code": False})
        rows = self._plan(SERVER, job=self._make_job())
        self.assertEqual(rows.mapped("state"), ["matched"])
        self.assertEqual(rows.res_id, product.id)

    def test_prices_of_one_of_several_companies_are_its_own(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.director.company_ids |= other
        job = self._make_job(company_id=other.id)
        [product] = self._load(SERVER, job=job)
        self.assertEqual(product.company_id, other)
        self.assertEqual(product.with_company(other).standard_price, 2800)
        ours = self.env["product.product"].create({"name": "Ours"})
        ours.company_id = self.env.company
        rows = self._plan({"name": "Ours"}, job=job)
        self.assertEqual(rows.state, "planned")

    def test_nothing_without_a_name(self):
        rows = self._plan({"code": "X"})
        self.assertEqual(self._states(rows), [("refused", "The name is missing.")])

    def test_many_cost_as_few(self):
        self.assertGrowsFlat(
            lambda number: {
                **SERVER,
                "ref": f"PRO{number}",
                "name": f"Server {number}",
                "code": f"HW-{number}",
            }
        )
