#!/usr/bin/env bash
# bench/dashboard.sh [RUNS]: measures the dashboards; see README.md
SIZE=${SIZE:-full}
. "$(dirname "$0")/lib.sh"
make_pair
python "$checkout/bench/dashboard.py" "$ours" "${1:-5}"
