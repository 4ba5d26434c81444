"""The translation files are those of the code, and Spanish is complete."""

import subprocess
import sys

from conftest import DEV


def test_translations_are_up_to_date_and_complete(installed):
    done = subprocess.run(
        [sys.executable, DEV / "translations.py", installed, "--check"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
