#!/usr/bin/env bash
# bench/run.sh [OPTIONS of run.py]: the benchmark against plain Odoo; see README.md
. "$(dirname "$0")/lib.sh"

options=()
if [ "$SIZE" = full ]; then
    # what an opportunity costs must not grow: the small pair is measured beside it
    (SIZE=small && . "$(dirname "$0")/lib.sh" && make_pair)
    options=(--flat small)
fi
make_pair
python "$checkout/bench/run.py" "$SIZE" "$checkout/bench/results/$SIZE.json" \
    --logs "$STATE/logs" --install "$STATE/install_$SIZE.json" "${options[@]}" "$@"
