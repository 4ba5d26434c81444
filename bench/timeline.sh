#!/usr/bin/env bash
# bench/timeline.sh [RUNS]: measures the timeline of a large account; see README.md
SIZE=${SIZE:-full}
. "$(dirname "$0")/lib.sh"
make_pair
python "$checkout/bench/timeline.py" "$ours" "${1:-15}"
