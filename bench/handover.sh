#!/usr/bin/env bash
# bench/handover.sh: fills a database of its own, once, and measures it; see README.md
. "$(dirname "$0")/../dev/lib.sh"
prepare
db=bench_handover
if ! exists "$db"; then
    copy_database "$(template plain)" "${db}_new"
    odoo -d "${db}_new" -i "$module" --stop-after-init --log-level=warn
    python "$checkout/bench/handover.py" fill "${db}_new"
    rename_database "${db}_new" "$db"
fi
odoo -d "$db" -u "$module" --stop-after-init --log-level=warn
copy_database "$db" "${db}_run"
trap 'drop_database "${db}_run"' EXIT
python "$checkout/bench/handover.py" measure "${db}_run"
