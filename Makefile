# make repro and make test need Python 3.11 or newer, make and git; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
export PATH := $(BIN):$(PATH)

# What `make review` compares with.
BASE ?= main
# What `make study-from` calls the study of your own recordings.
NAME ?= mine
# As modules: run as plain files, `statistics` would hide the standard library's.
BENCHMARKS := preprocess train_step heads cell_overhead busy_cores study scaling statistics descriptors_svm descriptors

.DEFAULT_GOAL := help
.PHONY: help venv repro study-from test lint format bench params review clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: $(VENV)/.installed  ## create .venv from requirements.txt (when missing or out of date)

$(VENV)/.installed: requirements.txt constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: $(PYTHON) is $$($(PYTHON) --version 2>&1); expected Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	$(BIN)/python -m tools.plots_page
	touch $@

repro: venv  ## run the pipeline: whatever has changed since the last run
	python -m tools.check
	dvc repro
	python -m tools.check

study-from: venv  ## a study of your own recordings: make study-from FOLDER=../recordings [NAME=mine]
	python -m tools.study_from "$(FOLDER)" --name "$(NAME)"

# A worker that dies is not replaced: xdist can then wait for ever (pytest-dev/pytest-xdist#784, #1378).
test: venv  ## run the tests
	OMP_NUM_THREADS=1 python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --max-worker-restart 0

lint: venv  ## check style and formatting
	ruff check .
	ruff format --check .

format: venv  ## mend style and formatting
	ruff check --fix .
	ruff format .

params: venv  ## write params.yaml as conf/ composes it
	python -m stages.compose

bench: venv  ## print the tables of benchmarks/ (long; one alone: python -m benchmarks.NAME)
	@for name in $(BENCHMARKS); do echo "== $$name"; python -m benchmarks.$$name || exit 1; done

review: venv  ## compare with another revision or experiment: make review BASE=main
	python -m stages.review --base $(BASE)

clean:  ## remove what the tests, tools and unfinished cells left (never results)
	rm -rf .ckpt .pytest_cache .ruff_cache dvc_plots *.egg-info
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
