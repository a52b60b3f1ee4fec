# Each target makes .venv when it is missing. Needed: Python 3.11 or newer, and a package index.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

.PHONY: demo test check bench study simulate chaos fuzz clean

demo: $(READY)
	$(BIN)/signal-tracker demo --out build/demo

test: $(READY)
	$(BIN)/python -m pytest

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -n 2 -m "not slow" tests/unit tests/agents tests/test_architecture.py

# QUICK=1, PEERS=1; more by BENCH="--only latency --merge"
bench: $(READY)
	$(BIN)/python -m benchmarks.run $(BENCH)

study: $(READY)
	$(BIN)/python -m studies.run

# worlds with crashes and pauses at random points, without a broker
SEEDS ?= 200
simulate: $(READY)
	$(BIN)/python -m tests.topology.simulate --seeds $(SEEDS)

# brokers, processes and disks that fail; needs Docker. SHORT=1; CHAOS="--scenario outage"
SEED ?= 1
chaos: $(READY)
	$(BIN)/python -m chaos.run --seed $(SEED) $(CHAOS)

# what reads bytes of others, with inputs of its own; FUZZ="--target wire" for one
INPUTS ?= 1000000
fuzz: $(READY)
	$(BIN)/python -m tests.fuzz --inputs $(INPUTS) $(FUZZ)

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The build tools come first: avro-python3 is source only, and nothing is built with unlocked tools.
$(READY): requirements-build.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, was " + sys.version.split()[0] + ": make PYTHON=python3.11 ...")'
	@echo "making .venv; this takes about a minute, once"
	$(PYTHON) -m venv --clear .venv
	$(PIP) install --quiet --require-hashes -r requirements-build.txt
	$(PIP) install --quiet --require-hashes --no-build-isolation -r requirements-dev.txt
	$(PIP) install --quiet --no-deps --no-index --no-build-isolation --editable .
	@touch $@
