# shellcheck shell=bash
# Sourced by the benchmarks, which share one database. See README.md.
. "$(dirname "$0")/../dev/lib.sh"
prepare
db=bench

# Fills the database, once, and brings it up to date with the add-on as it stands now.
fill() {
    if ! exists "$db"; then
        copy_database "$(template plain)" "${db}_new"
        odoo -d "${db}_new" -i "$module" --stop-after-init --log-level=warn
        python "$checkout/bench/fill.py" "${db}_new"
        psql -X -q -d "${db}_new" -f "$checkout/bench/fill.sql"
        rename_database "${db}_new" "$db"
    fi
    odoo -d "$db" -u "$module" --stop-after-init --log-level=warn
}

# Adds what is sold, once.
fill_sales() {
    local filled="SELECT 1 FROM utm_campaign WHERE name = 'bench_campaign_0'"
    if [ -z "$(psql -X -d "$db" -Atc "$filled")" ]; then
        psql -X -q -d "$db" -f "$checkout/bench/fill_sales.sql"
    fi
}

# Adds what dashboards and reports tell, once.
fill_method() {
    local filled="SELECT 1 FROM crm_opportunity_forecast_log LIMIT 1"
    if [ -z "$(psql -X -d "$db" -Atc "$filled")" ]; then
        psql -X -q -d "$db" -f "$checkout/bench/fill_method.sql"
    fi
}
