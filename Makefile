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
ROUNDS ?= 15
RELEASE_SEEDS ?= 10000000
ENDURANCE_SEED ?= 1
MINUTES ?= 60
FUZZ_INPUTS ?= 1000000
FUZZ_SEED ?= 1
FUZZ_FIRST_ROUND ?= 0
ROTATE ?= push
WORKERS ?= auto
# In several processes (tests/workers.py); at the end stand the tests that took longest.
SIDE_BY_SIDE = --numprocesses $(WORKERS) --dist loadscope --no-loadscope-reorder --durations 10
QUICK := $(addprefix tests/,core record flow twilio operators settings house contract log/test_journal.py)

VENV := .venv
PY := $(VENV)/bin/python
# The Python that makes the environment, and that runs what needs no package: the one that is named, or the first that will do.
FIND_PYTHON := new_enough() { [ "$$("$$1" -c 'import sys; print(sys.version_info >= (3, 11))' 2>/dev/null)" = True ]; }; \
	if [ -n "$${PYTHON:-}" ]; then \
		if new_enough "$$PYTHON"; then echo "$$PYTHON"; exit; fi; \
		echo "PYTHON=$$PYTHON is no Python, or one before 3.11: name another one, or none." >&2; exit 1; \
	fi; \
	for p in python3 python3.13 python3.12 python3.11; do if new_enough "$$p"; then echo "$$p"; exit; fi; done; \
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
test: $(VENV)/.all ## Test everything this machine can test; what it cannot is skipped with one line each (WORKERS=n)
	@$(MAKE) --no-print-directory --jobs=3 lint types whole-suite

.PHONY: whole-suite
whole-suite: $(VENV)/.all
	$(PY) -m pytest $(SIDE_BY_SIDE)

.PHONY: quick
quick: export QUICK_TESTS := 1
quick: $(VENV)/.all ## Only the fast tests: the core, and the contracts without the emulators, with a fifth of the made-up cases
	$(PY) -m pytest $(SIDE_BY_SIDE) $(QUICK)

.PHONY: lint
lint: $(VENV)/.all ## ruff: style, common mistakes, formatting; import-linter: which room may know which
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	PYTHONPATH=functions $(VENV)/bin/lint-imports --no-cache

.PHONY: types
types: $(VENV)/.all ## mypy, strict on the relay, the scripts and the tests
	$(PY) -m mypy functions/relay functions/main.py scripts tests

.PHONY: simulate
simulate: $(VENV)/.all ## Survive made-up disasters (SEEDS=20000 runs, SEED=1 the first; SEEDS=1 SEED=n replays one)
	$(PY) -m tests.simulator --seeds $(SEEDS) --seed $(SEED)

##@ Endure

# The long runs of a release: `make simulate-release endurance fuzz-release`. The suite has small ones of the same kind.

.PHONY: endurance
endurance: $(VENV)/.all ## Kill the relay 50 times under 2,000 texts, then the google home under 300 (some six minutes)
	$(PY) -m tests.endurance embedded --texts 2000 --kills 50 --seed $(ENDURANCE_SEED)
	$(PY) -m tests.endurance google --texts 300 --kills 6 --pause-seconds 20 --seed $(ENDURANCE_SEED)

.PHONY: soak
soak: $(VENV)/.all ## One small machine for an hour: full disk, clock set, log unread, slow peers, kills (MINUTES=60; goes on where it was stopped)
	@mkdir -p .local
	$(PY) -m tests.endurance.soak --minutes $(MINUTES) --seed $(ENDURANCE_SEED) --resume .local/soak.json

.PHONY: simulate-release
simulate-release: $(VENV)/.all ## All exhaustive cases, then ten million made-up disasters (an hour and more; goes on where it was stopped)
	$(PY) -m tests.simulator --exhaustive
	@mkdir -p .local
	$(PY) -m tests.simulator --seeds $(RELEASE_SEEDS) --resume .local/simulate-release.json

.PHONY: fuzz-release
fuzz-release: $(VENV)/.all ## Send a million made-up requests to the entry points (FUZZ_SEED=1; FUZZ_FIRST_ROUND=n goes on)
	$(PY) -m tests.endurance.fuzz --inputs $(FUZZ_INPUTS) --seed $(FUZZ_SEED) --first-round $(FUZZ_FIRST_ROUND)

##@ Measure

# Times are compared within one run, never with another machine's.

.PHONY: bench
bench: $(VENV)/.all ## Measure against baselines in the same run and write docs/performance.md (ROUNDS=15, half an hour and more)
	@$(PY) -m scripts.bench --rounds $(ROUNDS) --write

.PHONY: bench-quick
bench-quick: $(VENV)/.all ## The same with three small rounds, only printed: does everything still run, what is the order of magnitude
	@$(PY) -m scripts.bench --quick

.PHONY: cost
cost: $(VENV)/.all ## What a million relays cost, beside the obvious design and Twilio's bill (scripts.cost bill takes options)
	@$(PY) -m scripts.cost bill

.PHONY: costs
costs: $(VENV)/.all ## Write what a deployment costs each month into terraform/README.md
	@$(PY) -m scripts.cost month --write

.PHONY: scale
scale: $(VENV)/.all ## Simulate 10,000 texts a second on paper and write docs/scale.md
	@$(PY) -m scripts.cost scale --write

##@ Deploy

# Each says what it will do before it does it, and stops early with one sentence when a tool, a login or a variable is
# missing. PROJECT and REGION name where; YES=1 does not ask. The exports are for these targets alone: tests and the
# local stack must not see them.
plan deploy destroy secrets smoke configure-number: export PROJECT := $(PROJECT)
plan deploy destroy secrets smoke configure-number: export REGION := $(REGION)
configure-number: export DRY_RUN := $(DRY_RUN)
smoke: export NO_SMS := $(NO_SMS)
smoke: export STACK := $(STACK)
smoke: export BACKEND := $(BACKEND)
DEPLOY_OPTIONS = $(if $(YES),--yes)

.PHONY: plan
plan: $(VENV)/.run ## Show what a deployment would change (PROJECT=my-project REGION=us-central1)
	@$(PY) -m scripts.deployment.deploy plan

.PHONY: deploy
deploy: $(VENV)/.run ## Deploy to Google Cloud: shows one Terraform plan, asks, applies that plan (PROJECT=… REGION=…, YES=1 does not ask)
	@$(PY) -m scripts.deployment.deploy deploy $(DEPLOY_OPTIONS)

.PHONY: destroy
destroy: $(VENV)/.run ## Take the deployment down; says what protection keeps (PROJECT=… REGION=…)
	@$(PY) -m scripts.deployment.deploy destroy $(DEPLOY_OPTIONS)

.PHONY: secrets
secrets: $(VENV)/.run ## Push changes of repos.env to Secret Manager (PROJECT=… REGION=…; ROTATE=add|promote|retire rotates the token)
	@$(PY) -m scripts.deployment.manage_secrets $(ROTATE)

.PHONY: smoke
smoke: $(VENV)/.run ## Send a synthetic text through the relay of .env, or of PROJECT=…, and clean up (NO_SMS=1, HELP=1)
	@$(PY) -m scripts.deployment.smoke $(if $(HELP),--help)

.PHONY: configure-number
configure-number: $(VENV)/.run ## Point the Twilio number at the relay of .env, or of PROJECT=… (DRY_RUN=1 only shows the difference, HELP=1 says more)
	@$(PY) -m scripts.deployment.configure_number $(if $(HELP),--help) $(DEPLOY_OPTIONS)

##@ Maintain

.PHONY: docs
docs: $(VENV)/.all ## Regenerate the documents that are made from the code
	$(PY) -m scripts.make_states_doc
	$(PY) -m scripts.make_log_table
	$(PY) -m scripts.make_handlers_doc

.PHONY: terraform-docs
terraform-docs: $(VENV)/.run ## Regenerate the tables of inputs and outputs in terraform/README.md
	@$(PY) -m scripts.deployment.terraform_docs

.PHONY: pins
pins: $(VENV)/.all ## Pin what the packages we name (in the requirements.in) bring along, each file by its hash
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

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-zA-Z_-]+:.*## / {printf "  \033[36m%-18s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Installation, done by the targets above when it is needed.

.PHONY: $(VENV)/.run $(VENV)/.all
$(VENV)/.run $(VENV)/.all:
	@python=$$($(FIND_PYTHON)); "$$python" -B -m scripts.install $(@:$(VENV)/.%=%)
