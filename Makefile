# Each target works on a fresh clone: it makes .venv/ and installs what is pinned into it.
PYTHON ?= python3
SEEDS ?= 30
VENV := .venv
BIN := $(VENV)/bin
# Markers of the tests that have targets of their own (minutes to hours, or a special machine):
SPECIAL := peers or hostile or chaos or machines or thousand or browser or journeys or bundles
# The tests of the core that are over in half a minute on 2 cores:
CORE := tests/checks tests/models tests/submission tests/report tests/test_*.py
export TF_CPP_MIN_LOG_LEVEL ?= 3
export PYTHONUTF8 := 1

.PHONY: demo test test-all lint check validate mutation-test compare calibrate peers hostile fuzz chaos machines browsers journeys bundles bench thousand coverage docs clean

$(VENV)/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "This course needs Python 3.11, 3.12 or 3.13; say which: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 2; }
	@echo "Setting up $(VENV)/ (once, a few minutes) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(VENV)/ready
	@$(BIN)/course demo

test: $(VENV)/ready
	@$(BIN)/python -m pytest -q -n 2 -m 'not slow and not ($(SPECIAL))'

test-all: test
	@$(BIN)/python -m pytest -q -n 2 -m 'slow and not ($(SPECIAL))'

lint: $(VENV)/ready
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/course build --check

check: lint
	@$(BIN)/python -m pytest -q -n 2 -m 'not slow and not ($(SPECIAL))' $(CORE)

validate: $(VENV)/ready
	@$(BIN)/course build
	@$(BIN)/course validate

mutation-test: $(VENV)/ready
	@$(BIN)/course build
	@$(BIN)/course mutation-test

compare: $(VENV)/ready
	@$(BIN)/course build
	@RNNLAB_CACHE=$(CURDIR)/var/peers $(BIN)/course compare

calibrate: $(VENV)/ready
	@$(BIN)/course calibrate lab_4_4_rnn --seeds $(SEEDS)

peers: $(VENV)/ready
	@$(BIN)/python -m pytest -q -m peers

hostile: $(VENV)/ready
	@$(BIN)/python -m pytest -q -m hostile

fuzz: $(VENV)/ready
	@FUZZ_FRAMES=200000 FUZZ_NOTEBOOKS=20000 FUZZ_NAMES=20000 FUZZ_VALUES=50000 FUZZ_MODELS=5000 \
	  $(BIN)/python -m pytest -q tests/test_fuzz.py tests/checks/test_total.py

chaos: $(VENV)/ready
	@$(BIN)/course build
	@$(BIN)/python -m pytest -q -s -m chaos

machines: $(VENV)/ready
	@$(BIN)/python -m pytest -q -m machines

browsers: $(VENV)/ready
	@$(BIN)/python -m pytest -q -m browser

journeys: $(VENV)/ready
	@$(BIN)/course build
	@$(BIN)/python -m pytest -q -m journeys

bundles: $(VENV)/ready
	@$(BIN)/course bundle gradescope
	@$(BIN)/python -m pytest -q -s -m bundles

bench: $(VENV)/ready
	@$(BIN)/course build
	@$(BIN)/python -m tools.benchmark

thousand: $(VENV)/ready
	@$(BIN)/python -m pytest -q -m thousand

coverage: $(VENV)/ready
	@$(BIN)/python -m tools.measure_coverage -q -n 2 -m 'not ($(SPECIAL))'

docs: $(VENV)/ready
	@$(BIN)/python -m sphinx -b html -n -W --keep-going -q docs var/docs
	@echo "var/docs/index.html"

clean:
	rm -rf $(VENV) var dist build *.egg-info .pytest_cache .mypy_cache .ruff_cache
