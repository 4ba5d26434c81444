"""Many records like one: made through Odoo once, then copied by SQL, since what is
prepared need not be waited for."""

from psycopg2 import sql

ARRAYS = {int: "bigint", str: "text"}


def copies(side, table, template, count, **columns):
    """Copy a row ``count`` times.

    :param int template: id of the row
    :param dict columns: name of a column -> list of as many values, or one for all
    :return: list of the new ids, in the order of the values
    """
    (names,) = side.rows(
        """SELECT array_agg(attname::text) FROM pg_attribute
            WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
              AND attgenerated = '' AND attname <> 'id'""",
        table,
    )[0]
    lists = {
        name: values if isinstance(values, list) else [values] * count
        for name, values in columns.items()
    }
    new_ids = side.ids(
        "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
        table,
        count,
    )
    arrays = [sql.SQL("%s::bigint[]")]
    arrays += [sql.SQL(f"%s::{ARRAYS[type(values[0])]}[]") for values in lists.values()]
    aliases = [sql.Identifier(f"new_{name}") for name in ("id", *lists)]
    chosen = [
        sql.Identifier("new", f"new_{name}")
        if name in lists
        else sql.Identifier("t", name)
        for name in names
    ]
    query = sql.SQL(
        "INSERT INTO {table} (id, {names}) SELECT new.new_id, {chosen}"
        " FROM {table} t, unnest({arrays}) AS new({aliases}) WHERE t.id = %s"
    ).format(
        table=sql.Identifier(table),
        names=sql.SQL(", ").join(map(sql.Identifier, names)),
        chosen=sql.SQL(", ").join(chosen),
        arrays=sql.SQL(", ").join(arrays),
        aliases=sql.SQL(", ").join(aliases),
    )
    side.rows(query, new_ids, *lists.values(), template)
    return new_ids


def copy_leads(side, template, count, **columns):
    """Opportunities like one, each with its followers, activities and passages, and
    its closures where it has some.

    :return: list of their ids
    """
    names = [f"Bench {template}.{n}" for n in range(count)]
    leads = copies(side, "crm_lead", template, count, name=names, **columns)
    belonging = [("mail_followers", "res_model = 'crm.lead' AND res_id", "res_id")]
    belonging.append(("mail_activity", "res_model = 'crm.lead' AND res_id", "res_id"))
    if side.ours:
        belonging.append(("crm_opportunity_stage", "lead_id", "lead_id"))
        belonging.append(("crm_opportunity_closure", "lead_id", "lead_id"))
    for table, condition, column in belonging:
        for row in side.ids(f"SELECT id FROM {table} WHERE {condition} = %s", template):
            copies(side, table, row, count, **{column: leads})
    for table in ("crm_lead", *(table for table, _c, _n in belonging)):
        side.rows(sql.SQL("ANALYZE {}").format(sql.Identifier(table)))
    return leads
