#!/usr/bin/env bash
# bench/run.sh [OPTIONS of run.py]: the benchmark against plain Odoo; see README.md
set -euo pipefail
folder=$(dirname "$0")

options=()
if [ "${SIZE:-small}" = full ]; then
    # what an opportunity costs must not grow: the small pair is measured beside it
    SIZE=small "$folder/fill.sh"
    options=(--flat small)
fi
. "$folder/lib.sh"
make_pair
python "$folder/run.py" "$SIZE" "$folder/results/$SIZE.json" \
    --logs "$STATE/logs" --install "$STATE/install_$SIZE.json" "${options[@]}" "$@"
