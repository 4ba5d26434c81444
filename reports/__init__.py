from . import crm_day
