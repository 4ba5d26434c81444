"""Odoo's own module test_lint, on the add-on's files only and without a database.

Run in a folder that holds the add-on as real files: the linters do not follow links.
The checks of test_lint that look at a database are run by dev/tests.
"""

import subprocess
import sys
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import odoo.tools

import odoo.addons

odoo.tools.config.parse_config([f"--addons-path={Path.cwd()}", "--log-level=warn"])

from odoo.modules import Manifest  # noqa: E402
from odoo.tests import BaseCase  # noqa: E402

from odoo.addons.test_lint.tests import (  # noqa: E402
    test_dunderinit,
    test_i18n,
    test_jstranslate,
    test_manifests,
    test_markers,
    test_onchange_domains,
    test_orm_import,
    test_pylint,
    test_test_holes,
)

MODULE = "crm_gestion"


class TestPyLint(BaseCase):
    """Odoo's checkers for pylint; the original wants a database it does not use."""

    test_tags = set()
    _skip_test = test_pylint.TestPyLint._skip_test
    test_pylint = test_pylint.TestPyLint.test_pylint


CHECKS = [
    (test_dunderinit.TestDunderinit, "test_dunderinit"),
    (test_i18n.TestI18n, "test_user_content_as_prop_is_translatable"),
    (test_jstranslate.TestJsTranslations, "test_js_translations"),
    (test_manifests.ManifestLinter, "test_manifests"),
    (test_markers.TestConflictMarkers, "test_conflict_markers"),
    (test_onchange_domains.TestOnchangeDomains, "test_forbid_domains_in_onchanges"),
    (test_orm_import.TestDunderinit, "test_addons_orm_import"),
    (test_test_holes.TestTestHoles, "test_check_tests"),
    (TestPyLint, "test_pylint"),
]


def pylint_on_the_addon(command, **kwargs):
    """Odoo's test gives pylint all of Odoo: give it the add-on instead."""
    options = [word for word in command[1:] if word.startswith("-")]
    command = [sys.executable, "-m", "pylint", *options, MODULE]
    return subprocess.run(command, **kwargs)


def main():
    manifest = Manifest.for_addon(MODULE)
    suite = unittest.TestSuite(case(name) for case, name in CHECKS)
    with (
        patch.object(Manifest, "all_addon_manifests", lambda: [manifest]),
        patch.object(odoo.addons, "__path__", [str(Path.cwd())]),
        patch.object(odoo, "__path__", []),
        patch.object(
            test_pylint, "subprocess", SimpleNamespace(run=pylint_on_the_addon)
        ),
    ):
        result = unittest.TextTestRunner(verbosity=0).run(suite)
    return not result.wasSuccessful() or bool(result.skipped)


if __name__ == "__main__":
    sys.exit(main())
