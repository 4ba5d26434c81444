#!/usr/bin/env bash
# bench/report.sh [RUNS]: measures the reports; see README.md
. "$(dirname "$0")/fill.sh"
fill
fill_sales
fill_method
python "$checkout/bench/report.py" "$db" "${1:-5}"
