#!/usr/bin/env bash
# bench/timeline.sh [RUNS]: fills a database of its own, once, and measures it; see README.md
. "$(dirname "$0")/../dev/lib.sh"
prepare
db=bench_timeline
if ! exists "$db"; then
    copy_database "$(template plain)" "${db}_new"
    odoo -d "${db}_new" -i "$module" --stop-after-init --log-level=warn
    python "$checkout/bench/timeline.py" sellers "${db}_new"
    psql -X -q -d "${db}_new" -f "$checkout/bench/timeline_fill.sql"
    rename_database "${db}_new" "$db"
fi
odoo -d "$db" -u "$module" --stop-after-init --log-level=warn
python "$checkout/bench/timeline.py" measure "$db" "${1:-15}"
