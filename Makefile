# make help lists the targets.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONHASHSEED := 0

.PHONY: help setup setup-runtime system check test demo bench format lint types unit clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

format:  ## put the code into shape
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

lint:
	$(BIN)/ruff format --check . && $(BIN)/ruff check .

types:
	$(BIN)/mypy

unit:
	$(BIN)/pytest -q -n 2 -m "not end_to_end and not slow"
