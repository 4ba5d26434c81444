"""A large import and its undoing: seconds, rows per second, peak memory, and whether
anybody is told.

bench/import_file.py DATABASE ROWS, started by import_file.sh. Four files: a fifth of
the rows are organizations, two fifths contacts, a fifth opportunities and a fifth
gestiones. Invented, and the same in each run. All is committed as by the cron, in its
steps.
"""

import base64
import csv
import io
import resource
import sys
import time

import odoo
from odoo.modules.registry import Registry

FIRST, LAST = 2015, 2025
STAGES = ("Generar Interés", "Presentar Productos", "Dimensionar Propuesta")
CITIES = ("Badajoz", "Sevilla", "Rosario", "Córdoba", "Valparaíso")


def day(number):
    return (
        f"{number % 28 + 1:02}/{number % 12 + 1:02}/{FIRST + number % (LAST - FIRST)}"
    )


def files(rows):
    """Return name -> (headings, rows) of the files."""
    fifth = rows // 5
    organizations = (
        (
            f"Empresa {number} S.A.",
            f"info@empresa{number}.example",
            f"+34 924 {number % 1000000:06}",
            CITIES[number % len(CITIES)],
            "España",
            "Cliente de toda la vida" if number % 7 == 0 else "",
        )
        for number in range(fifth)
    )
    contacts = (
        (
            f"Persona {number}",
            f"Empresa {number % fifth} S.A.",
            f"persona{number}@empresa{number % fifth}.example",
            f"+34 600 {number % 1000000:06}",
        )
        for number in range(2 * fifth)
    )
    opportunities = (
        (
            f"Oportunidad {number}",
            f"Empresa {number} S.A.",
            f"Persona {number}",
            f"{number * 37 % 90000 + 500},{number % 100:02}",
            day(number),
            STAGES[number % len(STAGES)],
            f"OPO-{number}",
        )
        for number in range(fifth)
    )
    gestiones = (
        (f"GES-{number}", f"{day(number)} 10:30", "Llamada", f"Empresa {number} S.A.",
         f"Persona {number}", "Hablamos de precios.")
        for number in range(fifth)
    )  # fmt: skip
    return {
        "organizaciones.csv": (
            ("Empresa", "Correo electrónico", "Teléfono", "Ciudad", "País", "Notas"),
            organizations,
        ),
        "contactos.csv": (
            ("Nombre completo", "Empresa", "Correo electrónico", "Teléfono"),
            contacts,
        ),
        "oportunidades.csv": (
            ("Oportunidad", "Organización", "Contacto", "Importe", "Fecha de cierre",
             "Etapa", "Referencia externa"),
            opportunities,
        ),
        "gestiones.csv": (
            ("Referencia externa", "Fecha", "Tipo de gestión", "Organización",
             "Contacto", "Notas"),
            gestiones,
        ),
    }  # fmt: skip


def content(headings, rows):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(headings)
    writer.writerows(rows)
    return base64.b64encode(text.getvalue().encode("cp1252"))


def prepare(env, rows):
    director = env.ref("base.user_admin")
    director.group_ids |= env.ref("crm_gestion.group_sales_director")
    director.lang = "es_ES"
    jobs = env["crm.import"].with_user(director).with_context(lang="es_ES")
    job = jobs.create({"name": "Large", "source": "sheet", "tz": "Europe/Madrid"})
    job.env["crm.import.file"].create(
        [
            {"import_id": job.id, "name": name, "data": content(*file)}
            for name, file in files(rows).items()
        ]
    )
    return job


def counts(env):
    models = ("mail.mail", "mail.message", "mail.notification")
    return {model: env[model].search_count([]) for model in models}


def work(env, job, button):
    """Do a work of the import in the steps of its cron; return its seconds."""
    begin = time.monotonic()
    getattr(job, button)()
    env.cr.commit()
    for _done in env["crm.import.worker"]._steps(job.sudo(False)) if job.work else ():
        env.cr.commit()
        env.invalidate_all()
    return time.monotonic() - begin


def measured(env, job, button):
    """Do a work of the import, print what it took, return its seconds."""
    cpu = time.process_time()
    seconds = work(env, job, button)
    cpu = time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{button:14} {seconds:7.1f} s, of Python {cpu:6.1f} s,"
        f" peak memory {peak:5.0f} MB"
    )
    return seconds


def print_rows(env, job):
    states = env["crm.import.row"]._read_group(
        [("import_id", "=", job.id)], ["entity", "state"], ["__count"]
    )
    print(
        "\n".join(f"{entity:14} {state:8} {count}" for entity, state, count in states)
    )


def main(database, rows):
    odoo.tools.config.parse_config(["--database", database, "--log-level", "error"])
    with Registry(database).cursor() as cr:
        env = odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {})
        job = prepare(env, rows)
        cr.commit()
        before = counts(env)
        print(f"{rows} rows")
        buttons = ("action_read", "action_check", "action_run")
        total = sum(measured(env, job, button) for button in buttons)
        print(f"{'together':14} {total:7.1f} s, {rows / total:.0f} rows a second")
        print_rows(env, job)
        print("told:", {key: counts(env)[key] - before[key] for key in before})
        if job.state != "done" or job.error:
            sys.exit(f"the import stopped: {job.error or job.state}")
        measured(env, job, "action_undo")
        print_rows(env, job)
        if job.state != "undone" or job.error:
            sys.exit(f"taking back stopped: {job.error or job.state}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
