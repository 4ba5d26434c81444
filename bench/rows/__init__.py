"""The rows of the table, one file for each kind of work."""

from . import screens

ROWS = [*screens.ROWS]
