"""For pytest (`-p own_filestore`): each process has a copy of the database's files too.

pytest-odoo gives each process a copy of the database, but lets all of them work on the
files of the one that was copied: what one clears away, another then misses.
"""

import shutil
from contextlib import contextmanager


@contextmanager
def own_filestore(original, copy):
    from odoo.tools import config

    if original == copy:
        yield
        return
    files = config.filestore(copy)
    shutil.rmtree(files, ignore_errors=True)
    shutil.copytree(config.filestore(original), files)
    try:
        yield
    finally:
        shutil.rmtree(files)


def pytest_configure():
    import pytest_odoo

    pytest_odoo._shared_filestore = own_filestore
