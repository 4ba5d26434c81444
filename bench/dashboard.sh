#!/usr/bin/env bash
# bench/dashboard.sh [RUNS]: measures the dashboards; see README.md
. "$(dirname "$0")/fill.sh"
fill
fill_sales
fill_method
python "$checkout/bench/dashboard.py" "$db" "${1:-5}"
