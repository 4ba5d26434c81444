from . import crm_day
from . import crm_timeline
