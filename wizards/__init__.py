from . import crm_lead_lost
from . import crm_meeting_move
from . import crm_method_adopt
from . import crm_opportunity_close
from . import crm_opportunity_order
from . import crm_opportunity_register
from . import crm_opportunity_register_line
from . import mail_compose_message
