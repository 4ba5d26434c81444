#!/usr/bin/env bash
# bench/objective.sh [RUNS]: measures lists of objectives; see README.md
. "$(dirname "$0")/fill.sh"
fill
fill_sales
python "$checkout/bench/objective.py" "$db" "${1:-5}"
