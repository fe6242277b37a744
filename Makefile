# Everything works from a fresh clone with Python >= 3.11 and make. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One process a core for the suite; four are enough for it.
JOBS ?= $(shell $(PYTHON) -c 'import os; print(min(4, os.cpu_count() or 1))')

.DEFAULT_GOAL := help
.PHONY: help run test check bench faults eval lint lock clean

help:
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run: $(VENV)/run.installed ## install, migrate, load demo data on the first start, serve on PORT (8000)
	@exec $(BIN)/python -m config.supervisor

test: $(VENV)/dev.installed ## the whole suite, on a real PostgreSQL and Redis
	@$(BIN)/python -m tests $(JOBS)

check: $(VENV)/dev.installed lint test ## format, lint, types, imports, migrations, settings, then the tests

lint: $(VENV)/dev.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	SECRET_KEY=lint DEBUG=1 $(BIN)/mypy
	SECRET_KEY=lint DEBUG=1 $(BIN)/python -m config.embedded --throwaway -- $(BIN)/python manage.py makemigrations --check --dry-run
	SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(60))') ANTHROPIC_API_KEY=unused \
	ALLOWED_HOSTS=triage.example.com DEBUG=0 TRIAGE_SIMULATOR=0 $(BIN)/python -m django check --deploy --fail-level WARNING --settings config.settings

bench: $(VENV)/dev.installed ## the figures of the README, measured side by side on this machine
	@$(BIN)/python -m bench

faults: $(VENV)/dev.installed ## every way Claude can fail, simulated, with the real timers: what comes of it
	@$(BIN)/python -m faults

eval: $(VENV)/dev.installed ## what the evaluation's figures are worth: its rules put to the test, as tables
	@$(BIN)/python -m eval

lock: $(VENV)/dev.installed ## write requirements/*.txt anew from pyproject.toml
	for set in "base" "run --extra embedded" "dev --extra embedded --extra dev"; do \
	  set -- $$set; name=$$1; shift; \
	  $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-header --quiet "$$@" -o requirements/$$name.txt || exit 1; \
	done

clean: ## remove the virtual environment and all local state
	@case "$$(cat var/postgres-location 2>/dev/null)" in /var/tmp/triage-*/postgres) rm -rf "$$(dirname "$$(cat var/postgres-location)")";; esac
	rm -rf $(VENV) var

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("error: Python 3.11 or newer is needed; this is %s.%s. Try make PYTHON=python3.12" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)

# The stamp is newer than the pins once they are installed; an interrupted install starts again.
$(VENV)/%.installed: requirements/%.txt | $(BIN)/python
	@echo "installing requirements/$*.txt (a minute on the first run)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@
