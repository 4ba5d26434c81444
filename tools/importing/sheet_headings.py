"""The headings by which people name the columns of their spreadsheets, in Spanish and
English, and what each of them fills.

A field of another entity is written ``contact.email``: one row then tells of several.
"""

from .vtiger_headings import key

# What a heading means whoever the row is about.
SHARED = {
    "ref": "Referencia externa|Referencia|Ref|Código externo|ID externo|Id|External "
    "Reference|External ID|Reference",
    "owner": "Comercial|Vendedor|Vendedora|Responsable|Propietario|Asignado a|Agente|"
    "Ejecutivo|Ejecutivo de cuenta|Usuario|Salesperson|Seller|Owner|Assigned To|"
    "Account Manager|Sales Rep",
    "description": "Notas|Nota|Observaciones|Comentarios|Comentario|Descripción|"
    "Detalle|"
    "Notes|Comments|Description|Remarks",
    "created": "Fecha de alta|Alta|Fecha de creación|Creado el|Fecha creación|"
    "Fecha alta|"
    "Created On|Created|Creation Date",
}
PLACE = {
    "street": "Dirección|Domicilio|Calle|Calle y número|Domicilio fiscal|Address|"
    "Street",
    "street2": "Dirección 2|Calle 2|Piso|Street 2|Street2|Address 2",
    "zip": "CP|C P|Código postal|Cód postal|C Postal|ZIP|ZIP Code|Postal Code|Postcode",
    "city": "Ciudad|Población|Localidad|Municipio|Poblacion|City|Town",
    "state": "Provincia|Estado o provincia|Departamento provincia|State|Province|"
    "County",
    "country": "País|Country",
}
REACHED = {
    "email": "Correo electrónico|Correo|Email|E mail|Mail|Correo e|Email address",
    "email2": "Correo 2|Email 2|Segundo correo|Otro correo|E mail 2|Other Email",
    "phone": "Teléfono|Tel|Tfno|Tlf|Telf|Tel fijo|Teléfono fijo|Telefono 1|Phone|"
    "Telephone|Phone Number",
    "phone2": "Teléfono 2|Tel 2|Otro teléfono|Phone 2|Other Phone",
    "mobile": "Móvil|Celular|Teléfono móvil|Cel|Whatsapp|Mobile|Cell|Mobile Phone",
}
COMPANY = (
    "Empresa|Compañía|Organización|Razón social|Cliente|Cuenta|Nombre de la empresa|"
    "Nombre empresa|Nombre cliente|Nombre del cliente|Nombre fiscal|Nombre comercial|"
    "Compañía relacionada|Empresa relacionada|Sociedad|Company|Company Name|"
    "Organization|Organisation|Account|Customer|Related Company|Client"
)
PERSON_NAME = (
    "Contacto|Persona de contacto|Nombre del contacto|Nombre contacto|"
    "Nombre y apellidos|"
    "Nombre completo|Persona|Interlocutor|Contact|Contact Name|Contact Person|Full Name"
)
ORIGINATION = (
    "Originación|Origen|Procedencia|Fuente|Canal|Cómo nos conoció|Origination|Source|"
    "Lead Source|Origin"
)
MARKET = "Mercado|Sector|Actividad|Rubro|Industria|Giro|Ramo|Market|Industry|Sector"
NAME = "Nombre|Name"

HEADINGS = {
    "origination": {
        "name": f"{NAME}|{ORIGINATION}",
        "code": "Código|Code",
        "has_referrer": "Pregunta quién refirió|Asks Who Referred",
    },
    "market": {
        "name": f"{NAME}|{MARKET}",
        "code": "Código|Code",
        "parent": "Mercado superior|Sector superior|Mercado padre|Pertenece a|Parent "
        "Market|Parent",
    },
    "cargo": {
        "name": f"{NAME}|Cargo|Puesto|Position|Job Position",
        "code": "Código|Code",
        "influence": "Influencia|Influence",
    },
    "organization": SHARED
    | PLACE
    | REACHED
    | {
        "name": f"{COMPANY}|{NAME}",
        "vat": "NIF|CIF|NIF CIF|CIF NIF|CUIT|RUC|RFC|RUT|NIT|CUIT CUIL|Identificación "
        "fiscal|Número de identificación fiscal|VAT|Tax ID|VAT Number|Id fiscal",
        "website": "Web|Página web|Sitio web|Url|Enlace del sitio web|Website|Website "
        "Link|Web site",
        "parent": "Empresa matriz|Matriz|Grupo|Parent Company",
        "market": MARKET,
        "origination": ORIGINATION,
        "opt_out": "No enviar correos|Baja de correos|Email Opt Out|Opt Out",
        "is_company": "Es una compañía|Es una empresa|Es empresa|Is a Company",
        "contact.name": PERSON_NAME,
        "contact.last_name": "Apellidos del contacto|Apellidos contacto",
        "contact.email": "Correo del contacto|Email contacto|Email del contacto|"
        "Correo contacto|Contact Email",
        "contact.phone": "Teléfono del contacto|Teléfono contacto|Tel contacto|"
        "Contact Phone",
        "contact.mobile": "Móvil del contacto|Móvil contacto|Celular contacto|"
        "Contact Mobile",
        "contact.cargo": "Cargo|Puesto|Cargo del contacto|Cargo contacto|Posición|"
        "Función|"
        "Position|Job Position|Job Title|Title",
    },
    "contact": SHARED
    | PLACE
    | REACHED
    | {
        "name": f"{PERSON_NAME}|{NAME}",
        "first_name": "Nombre de pila|Primer nombre|First Name",
        "last_name": "Apellidos|Apellido|Last Name|Surname",
        "title": "Tratamiento|Salutation",
        "cargo": "Cargo|Puesto|Posición|Función|Position|Job Position|Job Title|Title|"
        "Role",
        "department": "Departamento|Área|Department",
        "origination": ORIGINATION,
        "reports_to": "Depende de|Reporta a|Reports To",
        "opt_out": "No enviar correos|Baja de correos|Email Opt Out|Opt Out",
        "do_not_call": "No llamar|Do Not Call",
        "is_company": "Es una compañía|Es una empresa|Es empresa|Is a Company",
        "organization.name": COMPANY,
        "organization.vat": "NIF|CIF|NIF CIF|CIF NIF|CUIT|RUC|RFC|RUT|NIT|VAT|Tax ID",
        "organization.website": "Web|Página web|Sitio web|Website",
        "organization.market": MARKET,
    },
    "opportunity": SHARED
    | {
        "name": "Oportunidad|Nombre de la oportunidad|Nombre oportunidad|Asunto|Título|"
        f"Negocio|Proyecto|Opportunity|Deal|Subject|{NAME}",
        "organization": COMPANY,
        "contact": PERSON_NAME,
        "amount": "Importe|Monto|Valor|Ingreso esperado|Ingresos esperados|Importe "
        "estimado|Importe previsto|Total|Amount|Value|Expected Revenue|Revenue",
        "probability": "Probabilidad|Prob|Probability",
        "deadline": "Fecha de cierre|Fecha cierre|Cierre previsto|Fecha prevista de "
        "cierre|Cierre esperado|Fecha estimada de cierre|Expected Closing|Close "
        "Date|Closing Date|Deadline",
        "stage": "Etapa|Fase|Estado|Etapa de venta|Stage|Status",
        "lost_reason": "Motivo de pérdida|Motivo pérdida|Lost Reason",
        "closed": "Cerrada el|Fecha de cierre real|Closed On",
        "origination": ORIGINATION,
        "campaign": "Campaña|Campaign",
        "next_step": "Próximo paso|Siguiente paso|Next Step",
    },
    "gestion": SHARED
    | {
        "name": "Asunto|Gestión|Título|Subject",
        "date": "Fecha|Fecha y hora|Fecha de la gestión|Día|Fecha gestión|Date|"
        "Date and "
        "Time",
        "duration": "Duración|Horas|Duration|Hours",
        "activity_type": "Tipo|Tipo de gestión|Tipo de actividad|Actividad|Medio|Type|"
        "Activity Type|Activity",
        "direction": "Sentido|Dirección de la llamada|Direction",
        "result": "Resultado|Result|Outcome",
        "organization": COMPANY,
        "contact": PERSON_NAME,
        "opportunity": "Oportunidad|Opportunity",
    },
    "lead": SHARED
    | PLACE
    | REACHED
    | {
        "name": f"{PERSON_NAME}|{NAME}",
        "last_name": "Apellidos|Last Name",
        "organization_name": COMPANY,
        "website": "Web|Website",
        "market": MARKET,
        "origination": ORIGINATION,
        "cargo": "Cargo|Puesto|Job Title",
        "lead_status": "Estado del prospecto|Lead Status",
    },
    "product": {
        "name": f"Producto|Artículo|Product|{NAME}",
        "code": "Código|Referencia interna|Sku|Code|Internal Reference",
        "price": "Precio|Precio de venta|Pvp|Price|Sales Price",
        "cost": "Coste|Costo|Cost",
        "category": "Categoría|Familia|Category",
        "description": "Descripción|Description",
    },
    "campaign": SHARED
    | {
        "name": f"Campaña|Campaign|{NAME}",
        "campaign_type": "Tipo de campaña|Campaign Type",
        "date_to": "Fecha de fin|Hasta|End Date",
        "budget": "Presupuesto|Budget",
        "cost": "Coste|Costo|Cost",
    },
    "incident": SHARED
    | {
        "name": f"Incidencia|Asunto|Ticket|Título|Subject|Incident|{NAME}",
        "organization": COMPANY,
        "contact": PERSON_NAME,
        "product": "Producto|Artículo|Product",
        "severity": "Gravedad|Prioridad|Severity|Priority",
        "incident_type": "Tipo de incidencia|Categoría|Tipo|Category|Incident Type",
        "incident_stage": "Estado|Etapa|Situación|Status|Stage",
        "hours": "Horas|Hours",
        "solution": "Solución|Solution|Resolución",
    },
    "step": SHARED
    | {
        "name": "Tarea|Próximo paso|Paso|Asunto|Task|Next Step|Subject",
        "date": "Fecha|Inicio|Date|Start",
        "date_to": "Fin|End",
        "deadline": "Fecha límite|Vencimiento|Vence|Due Date|Deadline",
        "activity_type": "Tipo|Tipo de actividad|Type",
        "location": "Lugar|Location",
    },
    "comment": SHARED
    | {"date": "Fecha|Date", "description": "Comentario|Texto|Comment"},
    "user": {
        "name": "Usuario|User|Nombre|Name",
        "first_name": "First Name",
        "last_name": "Apellidos|Last Name",
        "email": "Correo|Correo electrónico|Email",
    },
}

# Headings that tell what the rows are; the first entity that has one of its own.
TELLING = {
    "opportunity": {"amount", "deadline", "stage", "probability", "lost_reason"},
    "gestion": {"date", "result", "direction", "activity_type"},
    "contact": {"last_name", "first_name", "name", "cargo", "organization.name"},
    "organization": {"name", "vat", "website", "market", "is_company"},
}
MASTERS = {
    "origination": {"has_referrer"},
    "market": {"parent"},
    "cargo": {"influence"},
}
FIELDS = {
    entity: {
        key(word): field
        for field, words in reversed(fields.items())
        for word in words.split("|")
    }
    for entity, fields in HEADINGS.items()
}
KNOWN = {word for fields in FIELDS.values() for word in fields}
# What a column fills of who was named last to its left, where it does not say whose.
REACHING = ("email", "phone", "mobile")
PERSON = {key(word) for word in PERSON_NAME.split("|")}
ORGANIZATION = {key(word) for word in COMPANY.split("|")}


def score(cells):
    """
    :return: how many of these cells are headings of any table

    >>> score(["Clientes", "", "2026"]), score(["Empresa", "Tel.", "Ruta"])
    (0, 2)
    """
    return sum(key(cell) in KNOWN for cell in cells if cell.strip())


def recognize(headings):
    """
    :return: the entity of the rows below these headings, or None

    >>> recognize(["Razón social", "CIF", "Contacto", "Cargo", "Correo"])
    'organization'
    >>> recognize(["Nombre", "Apellidos", "Empresa", "Cargo"])
    'contact'
    >>> recognize(["Oportunidad", "Cliente", "Importe", "Fecha de cierre"])
    'opportunity'
    >>> recognize(["Fecha", "Tipo", "Cliente", "Resultado"])
    'gestion'
    >>> recognize(["Nombre", "Código", "Mercado superior"])
    'market'
    >>> recognize(["Incidencia", "Cliente", "Gravedad", "Estado"])
    'incident'
    >>> recognize(["Uno", "Dos"]), recognize(["Nombre"])
    (None, None)
    """
    words = [key(heading) for heading in headings]
    if len(words) == 1:
        names = {key(MARKET.split("|")[0]): "market", "originacion": "origination"}
        return (names | {"cargo": "cargo", "market": "market"}).get(words[0])
    scores = {}
    for entity, fields in FIELDS.items():
        found = {fields[word] for word in words if word in fields}
        own = found - set(SHARED) - set(PLACE)
        if "name" not in found and not found & {"date", "last_name"}:
            continue
        if entity in MASTERS and not found & MASTERS[entity]:
            continue  # a name and a code are what any list has
        telling = len(found & TELLING.get(entity, set()))
        scores[entity] = (len(found) + telling, len(own))
    if not scores:
        return None
    best = max(scores, key=scores.get)
    if best in ("organization", "contact"):
        best = _company_or_person(words)
    return best if scores[best][0] > 1 else None


def _company_or_person(words):
    """A row is about whom it names first; a bare name is a company's, but beside the
    company that it belongs to."""
    for word in words:
        if word in ORGANIZATION:
            return "organization"
        if word in PERSON or word in ("apellidos", "apellido", "last name", "surname"):
            return "contact"
        if word in ("nombre", "name", "first name"):
            rest = set(words)
            persons = {"apellidos", "apellido", "last name", "surname", "cargo"}
            persons |= {"puesto", "position", "job position", "compania relacionada"}
            return "contact" if rest & persons else "organization"
    return "organization"


def columns(entity, headings):
    """
    :return: list, for each heading the field that it fills or None; a field once

    >>> columns("organization", ["Empresa", "Tel.", "Contacto", "Tel. 2", "Email"])
    ['name', 'phone', 'contact.name', 'phone2', 'contact.email']
    >>> columns("contact", ["Nombre", "Apellidos", "Empresa", "Nombre", "Color"])
    ['first_name', 'last_name', 'organization.name', None, None]
    >>> columns("organization", ["Contacto", "Razón social", "CIF", "Nombre comercial"])
    ['contact.name', 'name', 'vat', None]
    """
    fields = FIELDS.get(entity, {})
    found, person = [], False
    words = [key(heading) for heading in headings]
    surnames = any(fields.get(word) == "last_name" for word in words)
    for word in words:
        field = fields.get(word)
        if entity == "organization":
            person = field in ("contact.name", "contact.last_name") or (
                person and field != "name"
            )
            if person and field in REACHING:
                field = f"contact.{field}"
        elif field == "name" and surnames and "first_name" in HEADINGS[entity]:
            field = "first_name"
        found.append(None if field in found else field)
    return found
