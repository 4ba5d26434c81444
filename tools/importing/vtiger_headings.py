"""The columns of vtiger's exports: which module has which, and what they are here.

vtiger translates the headings and nothing else, and not all of them. The same heading
means different things in two modules ("En relación con"), so each module has its own
table. Headings are parted by ``|`` and compared by `key`: without accents, case and
punctuation.

A table says of each field of `schema`, or of our own reading (``_...``), the headings
that fill it: of the present version in English and Spanish, then older ones. `NOTES`
are columns that nothing here has a field for: they are kept as lines of the notes
under their first heading, or the second for who works in Spanish. `LEFT` are what
nobody misses. Any other column is the company's own, and is kept too.
"""

import re
import unicodedata
from typing import NamedTuple


class Module(NamedTuple):
    """A module of vtiger.

    :param entity: what its rows are here
    :param fields: dict, field -> headings
    :param notes: tuple of headings, English and Spanish, that are kept in the notes
    :param left: headings that are left out
    """

    entity: str
    fields: dict
    notes: tuple = ()
    left: str = ""


def keys(headings):
    """:return: list of the keys of headings parted by ``|``

    >>> keys("E-mail|Correo Electrónico")
    ['e mail', 'correo electronico']
    """
    return [key(heading) for heading in headings.split("|") if heading]


def key(heading):
    """How headings, names and other short texts are compared.

    >>> key("  Apdo. de Correos (Envío) ")
    'apdo de correos envio'
    >>> key("Start Date & Time")
    'start date time'
    >>> key(None)
    ''
    """
    text = unicodedata.normalize("NFKD", str(heading or "")).casefold()
    text = "".join(char for char in text if not unicodedata.combining(char))
    return " ".join(re.sub(r"[\W_]+", " ", text).split())


OWNER = "Assigned To|Asignado a|Assigned User|Asignado A Usuario"
EMAIL = "Primary Email|De Correo Electrónico Principal|Email|Correo Electrónico"
EMAIL2 = (
    "Secondary Email|Email (Alternativo)|"
    "Correo Electrónico Secundaria|"
    "Correo Electrónico Secundario|Other Email|Yahoo Id"
)
RECORD = {
    "owner": OWNER,
    "created": "Created Time|Fecha de Creación|Hora de Creación",
    "_modified": "Modified Time|Fecha de Modificación|Última Modificación",
    "description": "Description|Descripción",
}
LEFT = (
    "Last Modified By|Modificado por|Is Converted From Lead|"
    "Se convierte de plomo|Convertido de Pre-Contacto|Source|"
    "Fuente|Notify Owner|Notificar Propietario|Starred|Tags|"
    "Etiquetas"
)
SOURCE = "Lead Source|Origen de Pre-Contacto|Origen del Pre-Contacto"
PHONE2 = "Secondary Phone|Teléfono Secundario|Other Phone|Otro Teléfono"
FAX = "Fax|Fax"
RATING = "Rating|Clasificación"
OPT_OUT = "Email Opt Out|No Enviar Email"
WEBSITE = "Website|Página web|Web Site|Sitio Web"
INDUSTRY = "Industry|Industria|Sector|Actividad"
REVENUE = "Annual Revenue|Facturación Anual"
EMPLOYEES = "Employees|Empleados"
STATUS = "Status|Estado"
PRIORITY = "Priority|Prioridad"
NAMES = {
    "title": "Salutation|Saludo|Tratamiento",
    "first_name": "First Name|Nombre",
    "last_name": "Last Name|Apellido|Apellidos",
}


def _place(english, spanish, prefix=""):
    """The columns of an address; `english` and `spanish` tell which of two it is."""
    names = {
        "street": "{0} Address|{0} Street|Dirección {1}|Calle {1}",
        "street2": "{0} PO Box|{0} P.O. Box|Apdo. de Correos {1}",
        "city": "{0} City|Población {1}",
        "state": "{0} State|Provincia {1}",
        "zip": "{0} Postal Code|{0} Code|{0} Zip|Código Postal {1}",
        "country": "{0} Country|País {1}",
    }
    return {
        prefix + name: text.format(english, spanish) for name, text in names.items()
    }


MODULES = {
    "Accounts": Module(
        "organization",
        RECORD
        | {
            "name": (
                "Organization Name|Nombre de Cuenta|Account Name|"
                "Nombre de la Cuenta|Nombre Cuenta|"
                "Nombre de la Organización|Nombre Organización"
            ),
            "ref": (
                "Organization Number|Número de Cuenta|Account No|"
                "Account Number|Número de Organización"
            ),
            "parent": "Member Of|Miembro de",
            # a Spanish heading that invites to type the tax number there
            "_sic": "SIC Code|CIF|SIC",
            "vat": "VAT|VAT Number|NIF|CUIT|RUT|RFC|Tax ID",
            "phone": "Primary Phone|Teléfono Principal|Phone|Teléfono",
            "phone2": PHONE2,
            "email": EMAIL,
            "email2": EMAIL2,
            "website": WEBSITE,
            "market": INDUSTRY,
            "opt_out": OPT_OUT,
        }
        | _place("Billing", "Factura")
        | _place("Shipping", "Envío", "delivery_"),
        (
            EMPLOYEES,
            REVENUE,
            RATING,
            FAX,
            "Type|Tipo",
            "Ownership|Propietario",
            "Ticker Symbol|Símbolo de bolsa",
        ),
    ),
    "Contacts": Module(
        "contact",
        RECORD
        | NAMES
        | {
            "ref": "Contact Id|Contacto Id|Contact Number|Número Contacto",
            "organization": (
                "Organization Name|Nombre Cuenta|Account Name|"
                "Nombre de la Cuenta|Nombre de la Organización"
            ),
            "reports_to": "Reports To|Informa a",
            "cargo": "Title|Título|Cargo|Puesto",
            "department": "Department|Departamento",
            "phone": "Office Phone|Teléfono Empresa|Teléfono Oficina",
            "mobile": "Mobile Phone|Móvil|Mobile",
            "phone2": PHONE2,
            "email": EMAIL,
            "email2": EMAIL2,
            "opt_out": OPT_OUT,
            "do_not_call": "Do Not Call|No Llamar por Teléfono|No Llamar",
            "origination": SOURCE,
        }
        | _place("Mailing", "Factura"),
        (
            FAX,
            "Home Phone|Teléfono Particular",
            "Date of Birth|Fecha de Nacimiento",
            "Assistant|Asistente",
            "Assistant Phone|Teléfono de Asistente",
            # contacts have one address here
            "Other Street|Dirección (Envío)",
            "Other P.O. Box|Apdo. de Correos (Envío)",
            "Other City|Población (Envío)",
            "Other State|Provincia (Envío)",
            "Other Zip|Código Postal (Envío)",
            "Other Country|País (Envío)",
        ),
        (
            "Reference|Referencias|Portal User|Usuario de Portal|"
            "Support Start Date|Support End Date|Contact Image|"
            "Imagen del Contacto"
        ),
    ),
    "Leads": Module(
        "lead",
        RECORD
        | NAMES
        | {
            "ref": "Lead Number|Número Pre-Contacto|Lead No",
            "organization_name": "Company|empresas|Empresa|Compañía",
            "cargo": "Designation|Designación|Title",
            "phone": "Primary Phone|Teléfono Principal|Phone|Teléfono",
            "mobile": "Mobile Phone|Móvil|Mobile",
            "email": EMAIL,
            "email2": EMAIL2,
            "website": WEBSITE,
            "market": INDUSTRY,
            "revenue": REVENUE,
            "lead_status": "Lead Status|Estado Pre-Contacto",
            "opt_out": OPT_OUT,
            "origination": SOURCE,
            "street": "Street|Dirección|Calle",
            "street2": "PO Box|Apdo. de Correos",
            "zip": "Postal Code|Código Postal",
            "city": "City|Población",
            "state": "State|Provincia",
            "country": "Country|País",
        },
        (FAX, RATING, "Number of Employees|Numero de Empleados"),
    ),
    "Potentials": Module(
        "opportunity",
        RECORD
        | {
            "name": (
                "Opportunity Name|Nombre Oportunidad|Potential Name|"
                "Nombre de la Oportunidad|Oportunidad"
            ),
            "ref": "Opportunity Number|Número Oportunidad|Potential No",
            "organization": (
                "Organization Name|Nombre de la Organización|Account Name|"
                "Nombre Cuenta|Related To|Relacionado con"
            ),
            "contact": "Contact Name|Nombre De Contacto",
            "amount": "Amount|Importe",
            "deadline": "Expected Close Date|Fecha Estimada de Cierre",
            "stage": "Sales Stage|Fase de Venta",
            "probability": "Probability|Probabilidad",
            "origination": SOURCE,
            "campaign": "Campaign Source|Campaña Origen",
            "next_step": "Next Step|Siguiente Paso",
            "lost_reason": (
                "Lost Reason|Motivo de pérdida|Loss Reason|Reason Lost|"
                "Reason for Loss|Motivo perdida|Razón de pérdida|"
                "Causa de pérdida|Motivo de rechazo"
            ),
        },
        ("Type|Tipo",),
        ("Weighted Revenue|Ingresos ponderado|Forecast Amount|Forecast Category"),
    ),
    "Campaigns": Module(
        "campaign",
        RECORD
        | {
            "name": "Campaign Name|Nombre Campaña",
            "ref": "Campaign No|Número Campaña",
            "campaign_type": "Campaign Type|Tipo Campaña",
            "date_to": "Expected Close Date|Fecha Estimada de Cierre",
            "budget": "Budget Cost|Coste Estimado|Presupuesto",
            "cost": "Actual Cost|Coste Real",
        },
        (
            "Campaign Status|Estado Campaña",
            "Product|Producto",
            "Target Audience|Público Objetivo",
            "Sponsor|Patrocinador",
            "TargetSize|Cantidad Objetivo",
            "Num Sent|Número de Envíos",
            "Expected Response|Respuesta Estimada",
            "Expected Revenue|Beneficio Estimado",
            "Expected Sales Count|Estimación de Ventas",
            "Actual Sales Count|Ventas",
            "Expected Response Count|Estimación de Respuestas",
            "Actual Response Count|Respuestas",
            "Expected ROI|Estimación Retorno Inversión",
            "Actual ROI|Retorno de Inversión",
        ),
    ),
    "HelpDesk": Module(
        "incident",
        RECORD
        | {
            "name": "Title|Título",
            "ref": "Ticket Number|Número Incidencia|Ticket No",
            "organization": (
                "Organization Name|En relación con|Related To|"
                "Relacionado con|Nombre de la Organización"
            ),
            "contact": "Contact Name|Nombre De Contacto",
            "product": "Product Name|Nombre Producto",
            "severity": "Severity|Urgencia|Gravedad",
            "incident_type": "Category|Categoría",
            "incident_stage": STATUS,
            "hours": "Hours|Horas",
            "solution": "Solution|Solución",
        },
        (PRIORITY, "Days|Días"),
        "From Portal|Proviene del Portal",
    ),
    "Products": Module(
        "product",
        RECORD
        | {
            "owner": "Handler|Responsable|" + OWNER,
            "name": "Product Name|Nombre Producto",
            "ref": "Product Number|Número Producto|Product No",
            "code": "Part Number|Código de Producto",
            "active": "Product Active|Producto Activo|discontinued",
            "price": "Unit Price|Precio Unitario",
            "cost": "Purchase Cost|Costo de Compra",
            "category": "Product Category|Categoría Producto",
        },
        (
            "Manufacturer|Fabricante",
            "Vendor Name|Nombre Proveedor",
            "Vendor Part No|Nº de Pieza del Proveedor",
            "Mfr PartNo|Nº de Pieza del Fabricante",
            "Serial No|Nº de serie",
            "Usage Unit|Unidad de Uso",
            "Commission Rate|Comisión",
            "Website|Página Web",
            "Sales Start Date|Fecha de salida al mercado",
            "Sales End Date|Fecha de retirada del mercado",
            "Support Start Date|Fecha de inicio de soporte",
            "Support Expiry Date|Fecha de fin de soporte",
        ),
        (
            "Product Sheet|Hoja del Producto|GL Account|"
            "Cuenta contable|Taxes|VAT|Sales|Service|Qty/Unit|"
            "Cantidad/Unidad|Qty. in Stock|Cantidad en Stock|"
            "Reorder Level|Nivel de pedido|Qty. in Demand|"
            "Cantidad Pedida|Product Image|Imagen del Producto"
        ),
    ),
    # a row is a gestión, a step or a comment: `vtiger.activity`
    "Calendar": Module(
        "gestion",
        RECORD
        | {
            "name": "Subject|Asunto",
            "_start": (
                "Start Date & Time|Fecha y Hora Inicio|Start Date|Fecha de Inicio"
            ),
            "_start_time": "Time Start|Start Time|Hora Inicio",
            "_end": "End Date & Time|Fecha y Hora Fin|Due Date|End Date",
            "_end_time": "End Time|Hora Fin",
            "related": "Related To|En relación con|Relacionado con",
            "_status": STATUS,
            "activity_type": "Activity Type|Tipo Actividad",
            "_visibility": "Visibility|Visibilidad",
            "_location": "Location|Localización|Lugar|Ubicación",
            "contacts": "Contact Name|Nombre de contacto",
        },
        (PRIORITY,),
        ("Send Notification|Enviar notificación|No Time|Recurrence|Send Reminder"),
    ),
    "ModComments": Module(
        "comment",
        {
            "_author": "Creator|Autor|Creador",
            "owner": OWNER,
            "date": RECORD["created"],
            "_modified": RECORD["_modified"],
            "related": "Related To",
            "answers": "Relacionado con|Parent Comment|Comentario Padre",
            "description": "Comment|Comentario",
        },
        ("Customer|Customer", "ReasonToEdit|ReasonToEdit"),
        "UserId|Is Private|Attachment|Related Email Id",
    ),
    "Users": Module(
        "user",
        {
            "name": "User Name|Nombre Usuario",
            "first_name": NAMES["first_name"],
            "last_name": NAMES["last_name"],
            "email": "Primary Email|Email Trabajo|Email",
            "_other": "Other Email|Email Alternativo",
        },
        (),
        (
            "Title|Cargo|Secondary Email|Email Particular|Office Phone|"
            "Tel. Oficina|Mobile Phone|Móvil|Fax|Street|Dirección|City|"
            "Población|State|Provincia|Country|País|Postal Code|"
            "Código Postal"
        ),
    ),
}
# The entity of what a relation names, by the module before its ``::::``.
ENTITIES = {name: module.entity for name, module in MODULES.items()} | {
    "Events": "gestion"
}
