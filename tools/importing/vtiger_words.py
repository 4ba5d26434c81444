"""What vtiger's words, and those that companies put in their place, mean here.

Of each kind of choice: what is meant (the xmlid of a record of ours or Odoo's, or a
value) and the words for it, compared by `key`. Whole words stand for themselves; in
`PARTS` a word that holds a part is enough, where just one meaning is found.
"""

from .vtiger_headings import key

WON, LOST = "crm_gestion.stage_sales_order", "lost"
INTEREST = "crm_gestion.stage_generate_interest"
PRESENT = "crm_gestion.stage_present_products"
SIZE = "crm_gestion.stage_size_proposal"
NEGOTIATE = "crm_gestion.stage_negotiate_proposal"

STAGES = {
    INTEREST: "Prospecting|Qualification|Prospección|Calificación|Cualificación|Nuevo|"
    "Nueva|New|Primer contacto|Generar interés",
    PRESENT: "Needs Analysis|Value Proposition|Id. Decision Makers|"
    "Análisis de necesidades|Propuesta de valor|Identificando tomadores de decisión|"
    "Id. de decisores|Identificación de decisores",
    SIZE: "Perception Analysis|Proposal or Price Quote|Proposal/Price Quote|"
    "Análisis de percepción|Propuesta|Propuesta o presupuesto|Propuesta/Presupuesto",
    NEGOTIATE: "Negotiation or Review|Negotiation/Review|Negociación|"
    "Negociación o revisión|Negociación/Revisión",
    WON: "Closed Won|Cerrado ganado|Cerrada ganada|Ganado|Ganada|Won",
    LOST: "Closed Lost|Cerrado perdido|Cerrada perdida|Perdido|Perdida|Lost",
}
STAGE_PARTS = {
    INTEREST: "prospec|primer contacto|interes",
    PRESENT: "presenta|demo|visita|necesidad",
    SIZE: "propuesta|presupuest|oferta|cotiza|proposal|quote",
    NEGOTIATE: "negocia|negotia|revision",
    WON: "ganad|won|pedido|adjudicad",
    LOST: "perdid|lost|rechaz|descartad",
}
ORIGINATIONS = {
    "crm_gestion.origination_cold_call": "Cold Call|Telemarketing|Llamada en frío",
    "crm_gestion.origination_fair": "Trade Show|Conference|Feria|Congreso|Evento|"
    "Seminar|Webinar",
    "crm_gestion.origination_website": "Web Site|Website|Web|Sitio web|Página web",
    "crm_gestion.origination_referral": "Existing Customer|Partner|Employee|"
    "Word of mouth|Referral|Referido|Recomendación|Cliente existente|Boca a boca",
    "crm_gestion.origination_campaign": "Campaign|Campaña|Direct Mail|Email|Mailing|"
    "Publicidad|Advertisement",
    "crm_gestion.origination_social": "Social Media|Facebook|Linkedin|Instagram|"
    "Twitter|Redes sociales",
}
MARKETS = {
    "crm_gestion.market_industry": "Manufacturing|Fabricación",
    "crm_gestion.market_industry_food": "Food & Beverage|Alimentación|"
    "Alimentación y bebidas",
    "crm_gestion.market_industry_metal": "Machinery|Maquinaria",
    "crm_gestion.market_industry_chemical": "Chemicals|Química|Plásticos",
    "crm_gestion.market_industry_textile": "Apparel|Moda|Confección",
    "crm_gestion.market_trade_retail": "Retail|Minorista",
    "crm_gestion.market_services_professional": "Consulting|Consultoría|Engineering|"
    "Ingeniería",
    "crm_gestion.market_services_technology": "Technology|Communications|"
    "Telecommunications|Tecnología|Telecomunicaciones|Informática",
    "crm_gestion.market_services_logistics": "Transportation|Shipping|Transporte|"
    "Logística",
    "crm_gestion.market_services_hospitality": "Hospitality|Hostelería|Turismo",
    "crm_gestion.market_services_finance": "Banking|Finance|Insurance|Banca|Finanzas|"
    "Seguros",
    "crm_gestion.market_construction": "Construction|Construcción",
    "crm_gestion.market_health": "Healthcare|Sanidad|Salud",
    "crm_gestion.market_health_laboratories": "Biotechnology|Biotecnología",
    "crm_gestion.market_public_administration": "Government|Gobierno|Administración",
    "crm_gestion.market_public_education": "Education|Educación|Enseñanza",
}
CARGOS = {
    "crm_gestion.cargo_general_manager": "Gerente|Managing Director|CEO|"
    "Chief Executive Officer|Director General|Directora General|Geschäftsführer",
    "crm_gestion.cargo_owner": "Propietario|Propietaria|Dueño|Dueña",
    "crm_gestion.cargo_sales_manager": "Director Comercial|Directora Comercial|"
    "Jefe de Ventas|Jefa de Ventas|Sales Director",
    "crm_gestion.cargo_purchasing_manager": "Director de Compras|Directora de Compras|"
    "Jefe de Compras|Jefa de Compras|Responsable de Compras|Purchasing Director",
    "crm_gestion.cargo_buyer": "Comprador|Compradora",
    "crm_gestion.cargo_finance_manager": "Director Financiero|Directora Financiera|CFO",
    "crm_gestion.cargo_it_manager": "Director de Sistemas|Responsable de Sistemas|CIO|"
    "CTO|Responsable de IT|Responsable de Informática",
    "crm_gestion.cargo_marketing_manager": "Director de Marketing|"
    "Directora de Marketing|Responsable de Marketing",
    "crm_gestion.cargo_hr_manager": "Director de Recursos Humanos|"
    "Directora de Recursos Humanos|Responsable de RRHH",
    "crm_gestion.cargo_assistant": "Asistente|Assistante|Secretaria|Secretario",
}
ACTIVITIES = {
    "mail.mail_activity_data_call": "Call|Mobile Call|Llamada|Llamada móvil|Teléfono",
    "mail.mail_activity_data_meeting": "Meeting|Reunión",
    "mail.mail_activity_data_email": "Email|Correo|Correo electrónico",
    "mail.mail_activity_data_todo": "Task|Tarea",
    "crm_gestion.mail_activity_type_visit": "Visit|Visita",
    "crm_gestion.mail_activity_type_chat": "Chat|WhatsApp|Mensaje",
}
RESULTS = {
    "crm_gestion.result_informed": "Held|Completed|Realizado|Realizada|Completado|"
    "Completada",
    "crm_gestion.result_no_answer": "Not Held|No realizado|No realizada",
}
INCIDENT_STAGES = {
    "crm_gestion.incident_stage_new": "Open|Abierto|Abierta|Nueva",
    "crm_gestion.incident_stage_working": "In Progress|En curso|En progreso",
    "crm_gestion.incident_stage_waiting": "Wait For Response|Esperando respuesta|"
    "En espera",
    "crm_gestion.incident_stage_solved": "Closed|Resolved|Cerrado|Cerrada|Resuelto|"
    "Resuelta",
}
INCIDENT_TYPES = {
    "crm_gestion.incident_type_fault": "Big Problem|Small Problem|Problema grande|"
    "Problema pequeño|Avería",
}
LOST_REASONS = {
    "crm_gestion.lost_reason_price": "Precio|Price|Caro|Too expensive",
    "crm_gestion.lost_reason_competitor": "Competencia|Competidor|Competitor|"
    "Competition",
    "crm_gestion.lost_reason_no_budget": "Sin presupuesto|Presupuesto|Budget",
    "crm_gestion.lost_reason_timing": "Plazo|Timing|No es el momento",
    "crm_gestion.lost_reason_no_answer": "No responde|No contesta|Sin respuesta",
    "crm_gestion.lost_reason_no_need": "Sin necesidad|No lo necesita|No interest",
}
SEVERITIES = {
    "0_low": "Minor|Feature|Menor|Baja|Low",
    "1_normal": "Normal|Media|Medium",
    "2_high": "Major|Mayor|Alta|High",
    "3_critical": "Critical|Crítica|Crítico",
}
CAMPAIGN_TYPES = {
    "email": "Email|Correo",
    "call": "Telemarketing|Llamadas",
    "event": "Conference|Webinar|Trade Show|Feria|Evento|Seminario",
    "advertising": "Public Relations|Advertisement|Banner Ads|Direct Mail|Publicidad",
}
LEAD_STATUSES = {
    "lost": "Junk Lead|Lost Lead|Basura|Perdido",
    "open": "Attempted to Contact|Cold|Contact in Future|Contacted|Hot|Not Contacted|"
    "Pre Qualified|Qualified|Warm",
}
WORDS = {
    "stage": STAGES,
    "origination": ORIGINATIONS,
    "market": MARKETS,
    "cargo": CARGOS,
    "activity_type": ACTIVITIES,
    "result": RESULTS,
    "incident_stage": INCIDENT_STAGES,
    "incident_type": INCIDENT_TYPES,
    "lost_reason": LOST_REASONS,
    "severity": SEVERITIES,
    "campaign_type": CAMPAIGN_TYPES,
    "lead_status": LEAD_STATUSES,
}
# What nothing here has a word for is made; of the other kinds it stays to decide.
MADE = ("origination", "market", "cargo", "lost_reason")
# A list's last entry, which says nothing.
NOTHING = {
    "",
    "other",
    "other problem",
    "otro problema",
    "others",
    "otro",
    "otros",
    "otra",
    "none",
    "ninguno",
    "n a",
}

_MEANT = {
    kind: {
        key(word): meant for meant, texts in words.items() for word in texts.split("|")
    }
    for kind, words in WORDS.items()
}


def meaning(kind, text):
    """:return: xmlid or value that a text stands for; None if no word does

    >>> meaning("stage", "Proposal/Price Quote")
    'crm_gestion.stage_size_proposal'
    >>> meaning("stage", "3. Presentación de la oferta")
    >>> meaning("stage", "Negociando condiciones")
    'crm_gestion.stage_negotiate_proposal'
    """
    word = key(text)
    meant = _MEANT.get(kind, {}).get(word)
    if meant or kind != "stage":
        return meant
    found = {
        stage
        for stage, parts in STAGE_PARTS.items()
        if any(part in word for part in parts.split("|"))
    }
    return found.pop() if len(found) == 1 else None


def closing(stage, probability=None):
    """:return: ``won`` or ``lost`` of what a stage closes; None of an open one

    >>> closing("Cerrada ganada"), closing("Closed Lost"), closing("Cerrada", 100.0)
    ('won', 'lost', 'won')
    >>> closing("Qualification", 20.0)
    """
    meant = meaning("stage", stage)
    if meant in (WON, LOST):
        return "won" if meant == WON else "lost"
    if meant is None and probability in (0, 100):
        return "won" if probability else "lost"
    return None
