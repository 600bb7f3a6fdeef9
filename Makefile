# `make` lists the targets. Everything a target needs is installed into .venv by the target itself.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

# Compiled bytecode makes every start several times faster; some environments switch it off.
export PYTHONDONTWRITEBYTECODE :=
export PORT ?= 8080
BACKEND ?= embedded
TARGET ?= sms_inbound
SEEDS ?= 20000
SEED ?= 1
QUICK := $(addprefix tests/,core record flow twilio operators settings house contract test_log.py)

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check install --no-input
FIND_PYTHON := for p in $${PYTHON:-} python3 python3.13 python3.12 python3.11; do \
	if "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo "$$p"; exit; fi; done; \
	echo "Python 3.11 or later is needed and was not found. Install it, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1

##@ Run

.PHONY: run
run: $(VENV)/.run ## Start the whole relay on this machine and watch a text cascade (PORT=8080 BACKEND=embedded|google)
	@exec $(PY) -m scripts.local_stack run --backend $(BACKEND) --port $(PORT)

.PHONY: demo
demo: $(VENV)/.run ## Play the same scenario once, print the timeline and the record; fails unless tier 3 got the text
	@$(PY) -m scripts.local_stack demo --backend $(BACKEND)

.PHONY: serve
serve: $(VENV)/.run ## Run one function exactly as it is deployed (TARGET=sms_inbound, PORT=8080)
	@exec $(PY) -m scripts.local_stack serve $(TARGET) --port $(PORT)

##@ Test

.PHONY: test
test: lint types ## Test everything this machine can test; what it cannot is skipped with one line each
	$(PY) -m pytest

.PHONY: quick
quick: $(VENV)/.all ## Only the fast tests: the core, and the contracts (on the emulators too, where there are some)
	$(PY) -m pytest $(QUICK)

.PHONY: lint
lint: $(VENV)/.all ## ruff: style, common mistakes, formatting; import-linter: which room may know which
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	PYTHONPATH=functions $(VENV)/bin/lint-imports --no-cache

.PHONY: types
types: $(VENV)/.all ## mypy, strict on the relay itself
	$(PY) -m mypy functions/relay functions/main.py scripts

.PHONY: simulate
simulate: $(VENV)/.all ## Survive made-up disasters (SEEDS=20000 runs, SEED=1 the first; SEEDS=1 SEED=n replays one)
	$(PY) -m tests.simulator --seeds $(SEEDS) --seed $(SEED)

##@ Maintain

.PHONY: docs
docs: $(VENV)/.all ## Regenerate the documents that are made from the code
	$(PY) -m scripts.make_states_doc
	$(PY) -m scripts.make_log_table

.PHONY: pins
pins: $(VENV)/.all ## Pin what the packages we name bring along, as installed here
	$(PY) -m scripts.pin_requirements

.PHONY: format
format: $(VENV)/.all ## Let ruff format the code and sort its imports
	$(PY) -m ruff check --fix-only --quiet . && $(PY) -m ruff format .

.PHONY: clean
clean: ## Remove the virtual environment, caches and made-up relays; never real ones, and nothing while a relay runs
	@python=$$($(FIND_PYTHON)); "$$python" -B -m scripts.local_stack.clean

.PHONY: forget-relays
forget-relays: ## Delete the database of real relays for good; says what is in it and asks (RELAY_DATABASE=…, YES=1 does not ask)
	@python=$$($(FIND_PYTHON)); "$$python" -B -m scripts.local_stack.forget $(if $(YES),--yes)

-include bench.mk deploy.mk endurance.mk

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-zA-Z_-]+:.*## / {printf "  \033[36m%-18s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Installation, done by the targets above when it is needed.

# One that was made only halfway (Debian packs venv separately) must not be taken for a whole one the next time.
$(VENV)/bin/python:
	@python=$$($(FIND_PYTHON)); echo "Making the virtual environment $(VENV) with $$python"; \
		"$$python" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.run: functions/requirements.txt scripts/requirements.txt | $(VENV)/bin/python
	@echo "Installing what the relay needs (once; about a minute)"
	@$(PIP) -r scripts/requirements.txt
	@touch $@

$(VENV)/.all: functions/requirements.txt scripts/requirements.txt requirements.txt | $(VENV)/bin/python
	@echo "Installing what the tests need (once; a minute or two)"
	@$(PIP) -r requirements.txt
	@touch $(VENV)/.run $@
