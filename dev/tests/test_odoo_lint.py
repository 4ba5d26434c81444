"""Odoo's own module test_lint: the checks that look at an installed add-on.

Those that look at files are in `make lint`.
"""

CHECKS = [
    "TestNaming",
    "TestIndex",
    "TestDocstring",
    "RoutesLinter",
    "TestLintOverrideSignatures",
    "PotLinter",
]


def test_odoo_lint(installed, database, odoo, assert_clean):
    name = database("lint", copy_of=installed)
    tags = ",".join(f"/test_lint:{check}" for check in CHECKS)
    log = odoo.install(name, "--test-tags", tags, modules="test_lint")
    assert_clean(log)
    assert " 0 failed, 0 error(s) of 6 tests" in log
