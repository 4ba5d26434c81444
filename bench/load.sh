#!/usr/bin/env bash
# bench/load.sh: a hundred sellers on a server with WORKERS=4 workers for MINUTES=2 minutes,
# on the database of this SIZE. See README.md.
. "$(dirname "$0")/lib.sh"
make_pair
cd "$checkout/bench"
python load.py "$ours" --workers "${WORKERS:-4}" --seconds "$((${MINUTES:-2} * 60))" \
    --sellers "${SELLERS:-100}" --results "$checkout/bench/results/load.json" "$@"
