# Two commands matter: `make serve` and `make test`. Each sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
STAMP := $(VENV)/.ready
FRONTEND := $(wildcard frontend/*.py frontend/*.json frontend/*.mjs frontend/src/*.js frontend/src/*/*.js)

.PHONY: serve setup test test-faults test-faults-full check format conformance conformance-full bench eval-linking clean
.DEFAULT_GOAL := serve

serve: $(STAMP) ## build the graph if its inputs changed, then serve it
	@$(BIN)/ess-graph build
	@$(BIN)/ess-graph serve --port $(PORT)

setup: $(STAMP) ## .venv with the ess-graph program

$(STAMP): pyproject.toml constraints.txt $(FRONTEND)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "ess-graph needs Python 3.11 or later: install it, or run make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.dev-ready: $(STAMP) constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,browser,clients]'
	@touch $@

test: $(VENV)/.dev-ready ## every test, the browser tests included; two processes share the files among them
	@sh tests/install-browser.sh
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-faults: $(VENV)/.dev-ready ## kill -9 of every kind of process, 20 times at moments that a seed chooses
	$(BIN)/python -m pytest -q tests/web/test_faults.py

test-faults-full: $(VENV)/.dev-ready ## the same, 100 times
	ESS_GRAPH_FAULTS=100 $(BIN)/python -m pytest -q tests/web/test_faults.py

check: $(VENV)/.dev-ready ## formatter, linter, types, fast tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q -m 'not slow and not browser'

eval-linking: $(STAMP) ## names against the national registry of official codes; LISTS="mine.csv" tries others
	@sh bench/linking/run.sh $(BIN) $(LISTS)

format: $(VENV)/.dev-ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

conformance: $(VENV)/.dev-ready ## the W3C suites of ../shared/w3c, beside the figures of peers
	$(BIN)/python -m bench.conformance

conformance-full: $(VENV)/.dev-ready ## the same in every format, by every method, in both modes; and SHACL
	$(BIN)/python -m bench.conformance --full

bench: $(VENV)/.dev-ready ## the endpoint over HTTP, beside peers (needs wrk; some minutes)
	$(BIN)/python -m bench.http

clean: ## what a build made; .venv stays
	rm -rf .ess-graph build dist
