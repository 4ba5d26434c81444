# `make` lists what can be done; the variables are described in dev/lib.sh
.DEFAULT_GOAL := help
.PHONY: help run test test-beside test-native bench bench-campaigns bench-cluster bench-dashboards bench-data bench-doppler bench-drop bench-handover bench-load bench-objectives bench-reports bench-rules bench-timeline lint format translations manual screenshots shell stop reset clean distclean

help: ## this list
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'

run: ## Odoo with demo data at http://localhost:8069 (PORT=8070 for another port, DOPPLER=1 with a stand-in of Doppler)
	@dev/run $(ARGS)

test: ## all tests (ARGS='-k gestion' passes options to pytest, COVERAGE=1 measures coverage)
	@dev/test $(ARGS)

test-native: ## Odoo's own CRM and sales tests, with the add-on and without it, compared
	@dev/test_native

test-beside: ## with OCA's and Odoo's own add-ons of the CRM in one database; writes docs/beside.md (an hour)
	@dev/test_beside $(ARGS)

bench-data: ## the databases of the benchmark, with and without the add-on (SIZE=small, medium or full)
	@bench/fill.sh

bench-drop: ## drop the databases of the benchmark, of every size
	@bench/drop.sh

bench: ## against plain Odoo over HTTP, one table (SIZE=full: the figures of docs/performance.md, hours)
	@bench/run.sh $(ARGS)

bench-campaigns: ## 500 campaigns with their figures over one million opportunities (ARGS=9: medians of 9 runs)
	@bench/campaign.sh $(ARGS)

bench-dashboards: ## the dashboards over one million opportunities (ARGS=9: medians of 9 runs)
	@bench/dashboard.sh $(ARGS)

bench-reports: ## the reports against SQL by hand over five million gestiones (ARGS=9: medians of 9 runs)
	@bench/report.sh $(ARGS)

bench-objectives: ## 2,000 objectives with their figures over one million opportunities (ARGS=9: medians of 9 runs)
	@bench/objective.sh $(ARGS)

bench-doppler: ## 100,000 contacts pushed to a stand-in of Doppler
	@bench/doppler.sh

bench-cluster: ## two servers, a replica, and what happens when each fails (MINUTES=2: how long people work)
	@bench/cluster.sh

bench-load: ## a hundred sellers at their daily screens (SIZE=full, WORKERS=4, MINUTES=2)
	@bench/load.sh $(ARGS)

bench-handover: ## handing 25,000 rows over, against Odoo's own mass edit
	@bench/handover.sh

bench-timeline: ## a customer's history among five million gestiones (ARGS=30: medians of 30 runs)
	@bench/timeline.sh $(ARGS)

bench-rules: ## the record rules among one million opportunities (ARGS=30: medians of 30 runs)
	@bench/rules.sh $(ARGS)

lint: ## style and common mistakes: Python, XML, Odoo's own checks
	@dev/lint

format: ## rewrite Python and XML files in the project's style
	@dev/lint --fix

translations: ## refresh i18n/crm_gestion.pot and es.po, list what has no Spanish yet
	@dev/translations

manual: ## the pages that the program shows, from docs/manual
	@dev/manual

screenshots: ## take the screenshots of docs/ from a running program
	@test -x dev/screenshots || { echo "error: dev/screenshots does not exist" >&2; exit 1; }
	@dev/screenshots $(ARGS)

shell: ## a Python shell in the database of `make run`
	@dev/odoo shell -d $(or $(DB),crm_gestion)

stop: ## stop Odoo and the private PostgreSQL
	@dev/clean stop

reset: ## drop the database of `make run`; the next start makes it anew
	@dev/clean reset

clean: ## remove everything made in this checkout; downloads stay
	@dev/clean

distclean: ## remove the downloads of all checkouts too
	@dev/clean all
