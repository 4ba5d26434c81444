#!/usr/bin/env bash
# bench/import_file.sh [ROWS]: a spreadsheet of so many rows (100,000) through the import,
# step by step as its cron does it; see README.md
. "$(dirname "$0")/../dev/lib.sh"
prepare
db=bench_import
copy_database "$(template plain)" "$db"
trap 'drop_database "$db"' EXIT
odoo -d "$db" -i "$module" --stop-after-init --log-level=warn
python "$checkout/bench/import_file.py" "$db" "${1:-100000}"
