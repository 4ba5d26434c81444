from . import cells
from . import schema
from . import vtiger
from . import vtiger_headings
from . import vtiger_words
