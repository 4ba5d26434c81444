#!/usr/bin/env bash
# bench/timeline.sh [RUNS]: measures the timeline of a large account; see README.md
. "$(dirname "$0")/fill.sh"
fill
python "$checkout/bench/timeline.py" "$db" "${1:-15}"
