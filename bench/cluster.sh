#!/usr/bin/env bash
# bench/cluster.sh: two Odoo servers, PostgreSQL with a replica, nginx; what happens when each
# fails. MINUTES=2 is how long people work meanwhile. See README.md.
. "$(dirname "$0")/../dev/lib.sh"
prepare test
db=bench_cluster

# the database, made once and kept as a dump; anew with each change of the add-on
stamp=$(cat "$checkout/bench/cluster/fill.py" "$checkout/__manifest__.py" | cksum | cut -d' ' -f1)
dump=$state/cluster_$stamp.dump
if [ ! -f "$dump" ] || ! exists "$db"; then
    copy_database "$(template plain)" "$db"
    odoo -d "$db" -i "$module" --stop-after-init --log-level=warn
    python "$checkout/bench/cluster/fill.py" "$db"
    rm -f "$state"/cluster_*.dump
else
    odoo -d "$db" -u "$module" --stop-after-init --log-level=warn
fi
pg_dump -Fc -Z1 -f "$dump" "$db"

unset PGHOST PGPORT PGUSER
python "$checkout/bench/cluster" --folder "$state/cluster" --database "$db" --dump "$dump" \
    --programs "$(POSTGRES_WHEEL=$cache/postgres "$checkout/dev/postgres" bin "$state/pg")" \
    --nginx "$(has_nginx)" --filestore "$filestore/$db" --addons "$state/addons" \
    --results "$checkout/bench/results/cluster.json" --minutes "${MINUTES:-2}"
