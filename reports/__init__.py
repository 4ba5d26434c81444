from . import crm_timeline
