# Everything here needs no more than make, sh and Python 3.11 or newer (Debian: python3, python3-venv).
# The environment goes through untouched: a certificate authority or a proxy of your own keeps working.

PYTHON ?= python3
PORT ?= 8000
ARGS ?=

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
UV_COMPILE := $(BIN)/uv pip compile -q --generate-hashes --universal --no-emit-index-url --python-version 3.11
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard volunteer/translations/*/LC_MESSAGES/*.po))
ASSETS := static/dist/manifest.json
BROWSER_NEEDED := $(if $(wildcard tests/e2e),browser)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help run test coverage test-slow check format translations assets bench bench-decoder lock browser clean

help: ## show this list
	@echo "Volunteer: the targets of this Makefile"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)$$/\1\t\2/p' Makefile | awk -F '\t' '{ printf "  make %-13s %s\n", $$1, $$2 }'

run: .venv/.service $(CATALOGUES) $(ASSETS) ## install, migrate, load the demo once and serve it on PORT (8000)
	$(BIN)/volunteer demo serve --port $(PORT)

test: .venv/.dev $(CATALOGUES) $(ASSETS) $(BROWSER_NEEDED) ## every test that is not slow, on 2 cores; one of the 3 workers mostly waits for the acceptance script (ARGS=… goes to pytest)
	$(BIN)/python -m pytest -n 3 --dist worksteal -m "not slow" $(ARGS)

coverage: ## the same, with branch coverage: half as long again
	@$(MAKE) test ARGS='--cov --cov-branch --cov-report=term $(ARGS)'

test-slow: .venv/.dev $(CATALOGUES) $(ASSETS) $(BROWSER_NEEDED) ## faults, drills, large data, the fuzz, desks in a browser: minutes, not seconds
	$(BIN)/python -m pytest -n 2 --dist worksteal -m slow $(ARGS)

check: .venv/.dev ## style, types, import floors, layout, translations: all that needs no running service
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/architecture
	$(BIN)/python tools/check_translations.py

format: .venv/.dev ## put the source into the one format, and mend what ruff can mend
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

translations: .venv/.dev ## bring the catalogue of translations up to date with the source
	$(BIN)/python tools/check_translations.py --update

assets: $(ASSETS) ## build the pages' style sheet and scripts into static/dist (run and test do it by themselves)

bench: .venv/.dev $(CATALOGUES) ## measure, on this machine
	$(BIN)/python -m tools.bench $(ARGS)

bench-decoder: .venv/.dev $(ASSETS) browser ## compare decoders of QR codes on hard frames, in Chromium
	$(BIN)/python -m tools.bench.decoders

lock: .venv/.dev ## pin *.in into *.lock, with hashes (ARGS=--upgrade for newer versions)
	$(UV_COMPILE) $(ARGS) requirements.in -o requirements.lock
	$(UV_COMPILE) $(ARGS) -c requirements.lock requirements-dev.in -o requirements-dev.lock
	$(UV_COMPILE) $(ARGS) requirements-assets.in -o requirements-assets.lock

browser: ## Chromium for the browser tests, by apt where there is none (BROWSER=0: do without)
	@sh tools/need_chromium.sh

clean: ## remove what make made; the data in var/ stay
	rm -rf .venv .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.*
	rm -rf static/dist assets/node_modules
	rm -f $(CATALOGUES)
	find volunteer tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- stamps: a step is done again only when what it reads has changed ------------------------------------------

# A working .venv is kept as it is; a broken or half-made one is made anew.
.venv/.made:
	@if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
	    command -v $(PYTHON) >/dev/null 2>&1 || \
	        { echo "No $(PYTHON) here. As root: apt-get install python3 python3-venv" >&2; exit 1; }; \
	    $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	        { echo "Python 3.11 or newer is needed, and $(PYTHON) is `$(PYTHON) -V 2>&1`. Name another: make PYTHON=python3.12 …" >&2; exit 1; }; \
	    $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	        { echo "This Python cannot make virtual environments. As root: apt-get install python3-venv" >&2; exit 1; }; \
	    echo "Making .venv …"; \
	    $(PYTHON) -m venv --clear .venv; \
	fi
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "The Python in .venv is older than 3.11: run make clean, then again with PYTHON=python3.11 or newer" >&2; exit 1; }
	@touch $@

.venv/.service: requirements.lock pyproject.toml | .venv/.made
	@echo "Installing what the service needs …"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-build-isolation --no-deps -e .
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.service
	@echo "Installing what tests and checks need …"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

%.mo: %.po | .venv/.service
	@$(BIN)/pybabel -q compile -i $< -o $@

# Without npm's registry the service still starts, with its plain sheet; the next run tries again.
$(ASSETS): $(shell find assets -name node_modules -prune -o -type f -print) tools/build_assets.py requirements-assets.lock | .venv/.service
	@echo "Building the pages' assets …"
	@if ! { command -v npm && node -e 'process.exit(+(parseInt(process.versions.node) < 20))'; } >/dev/null 2>&1; then \
	    $(PIP) install --require-hashes -r requirements-assets.lock; \
	fi
	@$(BIN)/python tools/build_assets.py || \
	    { rm -f $@; echo "The pages' assets could not be built (is npm's registry within reach?): the plain sheet is used" >&2; }
