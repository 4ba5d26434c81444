from . import crm_campaign_report
from . import crm_day
from . import crm_objective_report
from . import crm_origination_report
from . import crm_timeline
from . import crm_timeline_source
from . import crm_timeline_source_native
