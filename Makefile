# Each target works on a fresh clone: it makes .venv/ and installs what is pinned into it.
PYTHON ?= python3
SEEDS ?= 30
VENV := .venv
BIN := $(VENV)/bin
export TF_CPP_MIN_LOG_LEVEL ?= 3
export PYTHONUTF8 := 1

.PHONY: demo test lint check validate mutants agreement calibrate answers peers hostile browsers bundles bench thousand clean

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
	@$(BIN)/python -m pytest -q -m 'not peers and not hostile and not browser and not bundles and not answers and not thousand'

lint: $(VENV)/ready
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/course build --check

check: lint
	@$(BIN)/python -m pytest -q -m 'not peers and not hostile and not browser and not bundles and not answers and not thousand and not training'

validate: $(VENV)/ready
	@$(BIN)/course build
	@$(BIN)/course validate

mutants: $(VENV)/ready
	@$(BIN)/course build
	@$(BIN)/course mutants

agreement: $(VENV)/ready
	@$(BIN)/course build
	@RNNLAB_CACHE=$(CURDIR)/var/peers $(BIN)/course agreement

calibrate: $(VENV)/ready
	@$(BIN)/course calibrate lab_4_4_rnn --seeds $(SEEDS)

answers: $(VENV)/ready
	@$(BIN)/python -m pytest -q tests/lab/test_solution.py tests/grade/test_lab.py tests/grade/test_diagnosis.py \
	  tests/grade/test_feedback_leaks.py

peers: $(VENV)/ready
	@$(BIN)/python -m pytest -q -m peers

hostile: $(VENV)/ready
	@$(BIN)/python -m pytest -q -m hostile

browsers: $(VENV)/ready
	@$(BIN)/python -m pytest -q -m browser

bundles: $(VENV)/ready
	@$(BIN)/course bundle gradescope
	@$(BIN)/python -m pytest -q -s -m bundles

bench: $(VENV)/ready
	@$(BIN)/course build
	@$(BIN)/course bench

thousand: $(VENV)/ready
	@$(BIN)/python -m pytest -q -m thousand

clean:
	rm -rf $(VENV) var dist build *.egg-info .pytest_cache .mypy_cache .ruff_cache
