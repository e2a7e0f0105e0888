# make help lists the targets.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
export PYTHON

.PHONY: help setup setup-runtime system system-test demo check test bench format lint types unit real \
        fuzz screenshots clean

help:  ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

demo: setup-runtime  ## play a day at a stall, in about a minute, on simulated hardware
	@$(BIN)/python -m terminal demo

test: setup  ## everything: make check, then the slow and the end-to-end tests
	@$(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory real

check:  ## format, lint, strict types, unit tests, house rules (needs make setup once)
	@$(MAKE) --no-print-directory lint types unit

setup: system-test .venv/.dev typings  ## system packages and the development environment

setup-runtime: system .venv/.runtime  ## system packages and the runtime environment

system:
	@scripts/system-packages

system-test:
	@scripts/system-packages test

.venv/.runtime: requirements.lock scripts/python-environment
	@scripts/python-environment requirements.lock
	@touch $@

.venv/.dev: requirements-dev.lock scripts/python-environment
	@scripts/python-environment requirements-dev.lock
	@touch .venv/.runtime $@

typings: requirements-typings.lock
	@rm -rf $@ && $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --require-hashes --target $@ -r $< 2> >(grep -v '^WARNING: Location' >&2) && touch $@

lint:
	@$(BIN)/ruff format --check -q . && $(BIN)/ruff check -q .

types:
	@$(BIN)/mypy

unit:
	@$(BIN)/pytest -q -n 2 -m "not end_to_end and not slow"

real:
	@$(BIN)/pytest -q -n 2 -m "end_to_end or slow"

format:  ## put the code into shape
	$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format .

bench: bench-payment  ## the figures of a payment; bench-nfc, bench-sound: those of their parts

bench-%:
	@mkdir -p build/bench
	@$(BIN)/python -m benchmarks.$*

pay-by-page:  ## time a payment by the wallet page over the virtual sound card, online and offline
	@$(BIN)/pytest -q -s tests/end_to_end/test_wallet_page.py

fuzz:  ## feed every decoder, 30 seconds each
	@for file in tests/fuzz/fuzz_*.py; do \
	  name=$${file##*/fuzz_}; name=$${name%.py}; echo "$$name"; \
	  $(BIN)/python -m tests.fuzz.runner "$$name" --seconds 30 || exit 1; done

clean:  ## remove what the targets made
	rm -rf build dist .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis typings

screenshots:  ## make the pictures of docs/images anew
	$(BIN)/python -m host_sim.world.screenshots docs/images
