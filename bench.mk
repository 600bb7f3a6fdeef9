# Benchmark targets; the Makefile includes this file. Times are compared within one run, never with another machine's.

ROUNDS ?= 15

##@ Measure

.PHONY: bench
bench: $(VENV)/.all ## Measure against baselines in the same run and write docs/performance.md (ROUNDS=15, some ten minutes)
	@$(PY) -m scripts.bench --rounds $(ROUNDS) --write

.PHONY: bench-quick
bench-quick: $(VENV)/.all ## The same with three small rounds, only printed: does everything still run, what is the order of magnitude
	@$(PY) -m scripts.bench --quick

.PHONY: cost
cost: $(VENV)/.all ## What a million relays cost, beside the obvious design and Twilio's bill (scripts.cost takes options)
	@$(PY) -m scripts.cost

.PHONY: scale
scale: $(VENV)/.all ## Simulate 10,000 texts a second on paper and write docs/scale.md
	@$(PY) -m scripts.scale --write
