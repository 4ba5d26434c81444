#!/usr/bin/env bash
# bench/objective.sh [RUNS]: measures lists of objectives; see README.md
SIZE=${SIZE:-full}
. "$(dirname "$0")/lib.sh"
make_pair
python "$checkout/bench/objective.py" "$ours" "${1:-5}"
