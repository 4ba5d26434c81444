#!/usr/bin/env bash
# bench/rules.sh [RUNS]: measures the record rules; see README.md
SIZE=${SIZE:-full}
. "$(dirname "$0")/lib.sh"
make_pair
python "$checkout/bench/rules.py" "$ours" "${1:-15}"
