#!/usr/bin/env bash
# bench/rules.sh [RUNS]: measures the record rules; see README.md
. "$(dirname "$0")/fill.sh"
fill
python "$checkout/bench/rules.py" "$db" "${1:-15}"
