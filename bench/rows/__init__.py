"""The rows of the table, one file for each kind of work."""

from . import bulk, own, screens, work

# what takes most memory comes last
ROWS = [*work.ROWS, *screens.ROWS, *own.ROWS, *bulk.ROWS]
