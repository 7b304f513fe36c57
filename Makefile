# Parley. `make run` is all it takes; `make help` lists the rest.

VENV ?= .venv
export VENV
UV = $(shell command -v uv || echo $(VENV)/bin/uv)
COMPILE = $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-annotate --no-header

.DEFAULT_GOAL := help
.PHONY: help run setup test check lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## start Parley (PORT=9000 make run for another port)
	@scripts/setup requirements.lock
	@exec $(VENV)/bin/parley serve

setup: ## everything for running and rehearsing, with the parley command in .venv/bin
	@scripts/setup requirements-rehearse.lock
	@scripts/chromium
	@echo "parley: ready; try  $(VENV)/bin/parley --help"

test: ## every check and every test
	@scripts/setup requirements-dev.lock
	@scripts/chromium
	@$(MAKE) --no-print-directory check
	scripts/page-tests
	$(VENV)/bin/python -m pytest -q --hypothesis-profile=ci

check: ## the checks that take seconds: ruff and mypy
	@scripts/setup requirements-dev.lock
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

lock: ## write the requirements*.lock files anew from pyproject.toml
	@scripts/setup requirements.lock
	$(COMPILE) --extra voice --extra fast pyproject.toml -o requirements.lock
	$(COMPILE) --extra voice --extra fast --extra rehearse pyproject.toml -o requirements-rehearse.lock
	$(COMPILE) --extra voice --extra fast --extra rehearse --group dev pyproject.toml -o requirements-dev.lock

clean: ## remove .venv and what the tools leave behind
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis dist
