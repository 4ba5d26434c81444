"""The add-on's life: installed, updated, in a company's database."""


def test_install_with_demo_data_logs_no_warning(demo_install, assert_clean):
    _name, log = demo_install
    assert_clean(log)


def test_update_logs_no_warning(demo_install, database, odoo, assert_clean):
    name = database("update", copy_of=demo_install[0])
    assert_clean(odoo.update(name))
