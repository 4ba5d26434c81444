"""Fixtures to drive Odoo's command line from outside, each on a database of its own."""

import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

DEV = Path(__file__).parents[1]
MODULE = "crm_gestion"
BAD_LINE = re.compile(r"^\S+ \S+ \d+ (WARNING|ERROR|CRITICAL) .*", re.MULTILINE)


class Odoo:
    """Odoo's command line, in the environment that `dev/env` prints."""

    def __call__(self, *args, stdin=""):
        """Run it to the end and return its log; a status other than 0 is an error."""
        return self._run(args, stdin).stderr

    def install(self, db, *args, modules=MODULE):
        return self("-d", db, "-i", modules, "--stop-after-init", *args)

    def update(self, db, *args, modules=MODULE):
        return self("-d", db, "-u", modules, "--stop-after-init", *args)

    def shell(self, db, code, *args):
        """Run Python code with `env`, return the JSON that it printed, if any.

        Changes are kept only when the code calls `env.cr.commit()`.
        """
        output = self._run(("shell", "-d", db, "--log-level=warn", *args), code).stdout
        return json.loads(output) if output.strip() else None

    def _run(self, args, stdin=""):
        done = subprocess.run(
            [sys.executable, "-m", "odoo", *args],
            input=stdin,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            tail = done.stderr[-5000:]
            pytest.fail(f"odoo {' '.join(args)}: status {done.returncode}\n{tail}")
        return done


@pytest.fixture(scope="session")
def odoo():
    return Odoo()


@pytest.fixture(scope="session")
def database(worker_id):
    """Make a database in Spanish with what the add-on depends on; dropped at the end.

    `database("name")`, with demo data `database("name", demo=True)`; `copy_of` makes
    a copy of another database, which nobody may be connected to, or of "english": a
    database without Spanish.
    """
    names = []

    def make(name, demo=False, copy_of=None):
        name = f"{MODULE}_test_{worker_id}_{name}"
        names.append(name)
        source = copy_of or ("demo" if demo else "plain")
        subprocess.run([DEV / "database", "copy", name, source], check=True)
        return name

    yield make
    for name in names:
        subprocess.run([DEV / "database", "drop", name], check=True)


@pytest.fixture(scope="session")
def assert_clean():
    """Check that a log holds no warning and no error."""

    def check(log):
        lines = [match.group() for match in BAD_LINE.finditer(log)]
        assert not lines, "\n".join(lines)

    return check


@pytest.fixture(scope="session")
def installed(database, odoo):
    """A database with the add-on, without demo data: to look at, not to change."""
    name = database("installed")
    odoo.install(name)
    return name


@pytest.fixture(scope="session")
def demo_install(database, odoo):
    """A database with the add-on and demo data, and the log of that: not to change."""
    name = database("demo", demo=True)
    return name, odoo.install(name, "--with-demo")


@pytest.fixture(scope="session")
def old_code(tmp_path_factory):
    """`old_code("19.0.1.8.0")`: the option that makes Odoo take that version's code.

    The file is a `git archive` of the last commit that a test starts from, without
    tests and pictures: a clone need not have the history.
    """

    def unpack(version):
        folder = tmp_path_factory.mktemp("old")
        with tarfile.open(DEV / f"tests/{MODULE}-{version}.tar.xz") as tar:
            tar.extractall(folder / MODULE, filter="data")
        return f"--addons-path={folder}"

    return unpack
