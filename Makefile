# Every target does its own set-up; `make demo` and `make test` work on a fresh machine.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help setup demo demo-serve demo-models test test-slow fuzz chaos check fmt lint types contracts audit bench clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: .venv/ready ## create .venv and install everything into it

.venv/ready: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[worker,finetune,backoffice,demo,dev]'
	touch $@

demo: setup ## restyle a small drawn catalogue with real parts; ends with a contact sheet
	$(BIN)/restyle-demo

demo-serve: setup ## the same, kept up with its back office until Ctrl-C (PORT=8787)
	$(BIN)/restyle-demo --serve --port $(or $(PORT),8787)

demo-models: setup ## train the demo models anew (under two hours on 2 CPU cores)
	$(BIN)/python -m infra.demo.train

test: setup ## everything but the slow and the gpu tests
	$(BIN)/pytest --numprocesses 4 -m 'not slow and not gpu'

test-slow: setup ## the rest: full-size models, and CUDA where there is a device
	$(BIN)/pytest -m 'slow or gpu' --timeout 1200

fuzz: setup ## mangled manifests, styles, pictures and masks by the ten thousand
	$(BIN)/python -m tests.fuzz

chaos: setup ## a catalogue under kills, hangs, lost messages and a failing S3 (SEED=, PLANT=)
	$(BIN)/python -m infra.chaos $(if $(SEED),--seed $(SEED)) $(if $(PLANT),--plant $(PLANT))

check: fmt lint types contracts ## format, lint, types, import contracts

fmt: setup
	$(BIN)/ruff format --check --quiet .

lint: setup
	$(BIN)/ruff check --quiet .

types: setup
	$(BIN)/mypy

contracts: setup
	$(BIN)/lint-imports

audit: setup ## known vulnerabilities of what is installed; asks PyPI, and says so where it cannot
	$(BIN)/python -m infra.audit

bench: setup ## ratios against a baseline run beside it; fails where a target is missed
	$(BIN)/python -m infra.bench

clean: ## remove what the targets made, but .venv
	rm -rf demo-out bench-out train-out .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
