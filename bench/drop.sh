#!/usr/bin/env bash
# bench/drop.sh: drops the databases of the benchmark, of every size
. "$(dirname "$0")/lib.sh"
drop_pairs
