# shellcheck shell=bash
# Sourced by the benchmarks: their own PostgreSQL, and the databases that they share.
#
# Variables a person may set, besides those of dev/lib.sh:
#   SIZE   small (default), medium or full: 10,000, 100,000 or 1,000,000 opportunities
#
# All of it lives in a state of its own, $STATE/bench: `make bench-drop` frees it.
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
export STATE="${STATE:-$checkout/.state}/bench"

# A quarter of the machine for PostgreSQL's buffers and half of it for the files that the
# system keeps, as on a server with Odoo beside it; at most what fits 16 GB.
memory=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
at_most() { echo $(($1 < $2 ? $1 : $2))MB; }
export POSTGRES_SETTINGS="shared_buffers=$(at_most $((memory / 4)) 4096) \
    effective_cache_size=$(at_most $((memory / 2)) 12288) work_mem=16MB \
    maintenance_work_mem=512MB random_page_cost=1.1 effective_io_concurrency=200 jit=off \
    max_connections=200 max_wal_size=8GB checkpoint_timeout=30min wal_compression=on"
. "$checkout/dev/lib.sh"
prepare

SIZE=${SIZE:-small}
case $SIZE in
    small) opportunities=10000 sellers=20 teams=2 ;;
    medium) opportunities=100000 sellers=60 teams=6 ;;
    full) opportunities=1000000 sellers=200 teams=20 ;;
    *) die "SIZE is small, medium or full, not $SIZE." ;;
esac
export SIZE
plain=bench_plain_$SIZE ours=bench_ours_$SIZE

# Seconds that a step takes, in a line of their own: `timed WHAT COMMAND...`
timed() {
    local start=$SECONDS
    "${@:2}"
    say "$1: $((SECONDS - start)) s"
}

# what the installed add-on is made of
addon_digest() {
    (
        cd "$checkout"
        find ./*.py controllers data demo hooks.py models reports security tools views wizards \
            static/src i18n migrations -type f -not -name '*.pyc' -print0 |
            sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16
    )
}

parameter() { psql -X -At -d "$1" -c "SELECT value FROM ir_config_parameter WHERE key = '$2'"; }
set_parameter() {
    psql -X -q -d "$1" -v ON_ERROR_STOP=1 << SQL
INSERT INTO ir_config_parameter (key, value) VALUES ('$2', '$3')
    ON CONFLICT (key) DO UPDATE SET value = excluded.value;
SQL
}

# The two databases of this SIZE, made once; ours with the add-on as it stands now.
make_pair() {
    make_plain
    make_ours
}

make_plain() {
    if exists "$plain"; then return; fi
    say "$plain: $opportunities opportunities, as of $(date -u +%F)"
    copy_database "$(template plain)" "${plain}_new"
    timed "users, teams, products" python "$checkout/bench/fill.py" plain "${plain}_new" \
        "$sellers" "$teams" "$opportunities"
    timed "native data" fill_by_sql "${plain}_new" native
    timed "predictions, checks" python "$checkout/bench/fill.py" finish-plain "${plain}_new"
    rename_database "${plain}_new" "$plain"
}

make_ours() {
    if exists "$ours"; then
        update_ours
        return
    fi
    say "$ours: the same with the add-on"
    copy_database "$plain" "${ours}_new"
    timed "installation" install_addon "${ours}_new"
    timed "roles and the method" python "$checkout/bench/fill.py" ours "${ours}_new"
    timed "data of the method" fill_by_sql "${ours}_new" method
    timed "crons, checks" python "$checkout/bench/fill.py" finish-ours "${ours}_new"
    rename_database "${ours}_new" "$ours"
    set_parameter "$ours" bench.checkout "$(addon_digest)"
}

# measured on the way, where bench/install.py is there
install_addon() {
    if [ -f "$checkout/bench/install.py" ]; then
        python "$checkout/bench/install.py" "$1" --json "$state/install_$SIZE.json"
    else
        odoo -d "$1" -i "$module" --stop-after-init --log-level=warn
    fi
}

update_ours() {
    local digest
    digest=$(addon_digest)
    if [ "$(parameter "$ours" bench.checkout)" != "$digest" ]; then
        say "$ours: the add-on has changed"
        odoo -d "$ours" -u "$module" --stop-after-init --log-level=warn
        set_parameter "$ours" bench.checkout "$digest"
    fi
}

# the day of the database comes from the database: a second file may run on another day
fill_by_sql() {  # DATABASE native | method
    psql -X -q -d "$1" -v ON_ERROR_STOP=1 -v opportunities="$opportunities" -v sellers="$sellers" \
        -v teams="$teams" -v day="$(parameter "$1" bench.today)" -f "$checkout/bench/data/$2.sql"
}

drop_pairs() {
    local name
    for name in $(sql "SELECT datname FROM pg_database WHERE datname LIKE 'bench\\_%'"); do
        say "dropping $name"
        drop_database "$name"
    done
}
