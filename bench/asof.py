"""The day of a database of the benchmark: it was filled as of then. See README.md."""

from contextlib import contextmanager
from datetime import datetime, time
from unittest.mock import patch

from odoo.fields import Date, Datetime
from odoo.tools import SQL


@contextmanager
def as_of(cursor):
    """For Odoo it is noon of the day on which the database was filled.

    :return: that moment
    """
    cursor.execute(
        SQL("SELECT value FROM ir_config_parameter WHERE key = 'bench.today'")
    )
    moment = datetime.combine(Date.to_date(cursor.fetchone()[0]), time(12))
    with (
        patch.object(Datetime, "now", lambda: moment),
        patch.object(cursor, "now", lambda: moment),
    ):
        yield moment
