#!/usr/bin/env bash
# bench/campaign.sh [RUNS]: measures lists of campaigns; see README.md
. "$(dirname "$0")/fill.sh"
fill
fill_sales
python "$checkout/bench/campaign.py" "$db" "${1:-5}"
