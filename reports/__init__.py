from . import crm_report_ratio_mixin  # others inherit it
from . import crm_campaign_report
from . import crm_dashboard
from . import crm_dashboard_director
from . import crm_dashboard_head
from . import crm_dashboard_part
from . import crm_dashboard_seller
from . import crm_day
from . import crm_gestion_report
from . import crm_objective_report
from . import crm_opportunity_report
from . import crm_opportunity_stage_report
from . import crm_origination_report
from . import crm_timeline
from . import crm_timeline_source
from . import crm_timeline_source_native
