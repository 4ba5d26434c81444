#!/usr/bin/env bash
# bench/fill.sh: makes the two databases of SIZE, or brings ours up to date; see README.md
. "$(dirname "$0")/lib.sh"
make_pair
say "they are in the PostgreSQL of PGHOST=$PGHOST"
