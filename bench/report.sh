#!/usr/bin/env bash
# bench/report.sh [RUNS]: measures the reports; see README.md
SIZE=${SIZE:-full}
. "$(dirname "$0")/lib.sh"
make_pair
python "$checkout/bench/report.py" "$ours" "${1:-5}"
