from . import cells
from . import schema
from . import sheet
from . import sheet_headings
from . import vtiger
from . import vtiger_headings
from . import vtiger_words
