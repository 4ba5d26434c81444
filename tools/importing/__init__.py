from . import cells
from . import schema
from . import vtiger
from . import vtiger_cells
from . import vtiger_finish
from . import vtiger_headings
from . import vtiger_words
