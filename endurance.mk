# The long runs of a release: `make simulate-release endurance fuzz-release`. The suite has small ones of the same kind.

RELEASE_SEEDS ?= 10000000
ENDURANCE_SEED ?= 1
FUZZ_INPUTS ?= 1000000
FUZZ_SEED ?= 1
FUZZ_FIRST_ROUND ?= 0

##@ Endure

.PHONY: endurance
endurance: $(VENV)/.all ## Kill the relay 50 times under 2,000 texts, then the google home under 300 (some six minutes)
	$(PY) -m tests.endurance embedded --texts 2000 --kills 50 --seed $(ENDURANCE_SEED)
	$(PY) -m tests.endurance google --texts 300 --kills 6 --pause-seconds 20 --seed $(ENDURANCE_SEED)

.PHONY: simulate-release
simulate-release: $(VENV)/.all ## All exhaustive cases, then ten million made-up disasters (an hour and more; goes on where it was stopped)
	$(PY) -m tests.simulator --exhaustive
	@mkdir -p .local
	$(PY) -m tests.simulator --seeds $(RELEASE_SEEDS) --resume .local/simulate-release.json

.PHONY: fuzz-release
fuzz-release: $(VENV)/.all ## Send a million made-up requests to the entry points (FUZZ_SEED=1; FUZZ_FIRST_ROUND=n goes on)
	$(PY) -m tests.endurance.fuzz --inputs $(FUZZ_INPUTS) --seed $(FUZZ_SEED) --first-round $(FUZZ_FIRST_ROUND)
