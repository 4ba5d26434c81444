#!/usr/bin/env bash
# bench/doppler.sh: pushes a large segment to a stand-in of Doppler; see README.md
. "$(dirname "$0")/../dev/lib.sh"
prepare
db=bench_doppler
copy_database "$(template plain)" "$db"
trap 'drop_database "$db"' EXIT
odoo -d "$db" -i "$module" --stop-after-init --log-level=warn
python "$checkout/bench/doppler.py" "$db"
