#!/usr/bin/env bash
# bench/campaign.sh [RUNS]: measures lists of campaigns; see README.md
SIZE=${SIZE:-full}
. "$(dirname "$0")/lib.sh"
make_pair
python "$checkout/bench/campaign.py" "$ours" "${1:-5}"
