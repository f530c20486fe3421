# Headwater: every target does its own set-up, and is quick when nothing changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.locked
WORKERS ?= 3
PYTEST := $(BIN)/python -m pytest -n $(WORKERS)
FAST := tests/catalog tests/core tests/frameworks tests/kit tests/languages tests/readers tests/suite tests/bench

# Without bytecode, each process would compile what it imports: fifteen seconds for a worker of the tests.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test affected fast long durations check bench docs lock ui ui-dev wire-types browser setup clean

help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Headwater needs Python 3.11 or newer; name one with PYTHON=…" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	HEADWATER_SKIP_UI=1 $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup: $(STAMP) ## Install the locked Python packages into .venv

ui: $(STAMP) ## Build the web UI into the package (skipped when nothing changed)
	@$(BIN)/python hatch_build.py

run: ui ## Start Headwater on http://127.0.0.1:7717 (Ctrl-C stops it)
	@$(BIN)/headwater up

browser: $(STAMP) ## Get Chromium for the browser tests where it can be had
	@$(BIN)/python tests/browser.py

test: ui browser ## Run the whole test suite
	$(PYTEST) $(ARGS)
	@$(BIN)/python hatch_build.py npm run test
	@PYTHONPATH=tests $(BIN)/python -m suite.durations check

affected: $(STAMP) ## Run the tests that your change affects, within a minute (BASE=commit to compare with)
	@PYTHONPATH=tests $(BIN)/python -m suite.affected $(if $(BASE),--base $(BASE)) $(ARGS)

fast: $(STAMP) ## Run the tests that need neither server nor browser
	$(PYTEST) -m "not server" $(FAST) $(ARGS)

long: ui browser ## Run the whole suite with every example, kill and version
	HEADWATER_TEST_PROFILE=long $(PYTEST) $(ARGS)

durations: ui browser ## Run the suite and record how long each test file takes
	$(PYTEST) $(ARGS)
	@PYTHONPATH=tests $(BIN)/python -m suite.durations record

check: ui ## Lint, types, import contracts, sizes, docs
	$(BIN)/ruff check src tests bench hatch_build.py
	$(BIN)/ruff format --check src tests bench hatch_build.py
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q --no-header --durations=0 tests/test_house.py tests/test_docs.py
	@$(BIN)/python hatch_build.py npm run lint
	@$(BIN)/python hatch_build.py npm run typecheck

bench: $(STAMP) ## Measure against named peers: make bench PART=lineage ARGS="--ctfd … --polar … --umami …"
	PYTHONPATH=tests $(BIN)/python -m bench.$(or $(PART),lineage) $(ARGS)
	$(BIN)/python -m bench.render

docs: $(STAMP) ## Write the reference pages anew from the code
	@$(BIN)/python -m docs.generate

lock: ## Resolve pyproject.toml anew into requirements.lock
	$(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install --quiet uv
	$(VENV)/lock/bin/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-header --output-file requirements.lock --upgrade

wire-types: $(STAMP) ## Write the UI's types anew from the server's API description
	@$(BIN)/headwater openapi | $(BIN)/python hatch_build.py npm run api

ui-dev: $(STAMP) ## Serve the UI with hot reload beside a running Headwater
	@$(BIN)/python hatch_build.py npm run dev

clean: ## Remove what was built
	rm -rf $(VENV) ui/node_modules src/headwater/web dist build .pytest_cache .mypy_cache .ruff_cache test-artifacts
