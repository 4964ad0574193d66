.DEFAULT_GOAL := help
PYTHON := .venv/bin/python

.PHONY: help run demo test check bench soak lock clean

help:  ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-6s %s\n", $$1, $$2}' Makefile

run:  ## Start Vigil: environment, database, web and worker
	@tools/setup
	@$(PYTHON) manage.py run

demo:  ## Start Vigil on made-up patients, on a database of its own
	@tools/setup
	@$(PYTHON) manage.py demo

test:  ## Run every test, on SQLite and PostgreSQL, in a real browser
	@tools/setup dev
	@tools/test

check:  ## Check style, types, import directions and generated documents
	@tools/setup dev
	@tools/check

bench:  ## Measure speed and memory, each figure beside its yardstick
	@tools/setup dev
	@$(PYTHON) manage.py bench

soak:  ## Run what is too long for make test: long fault tests, ten times the random examples
	@tools/setup dev
	@EXAMPLES_TIMES=10 $(PYTHON) -m pytest tests -m "soak or hypothesis" --timeout=0 --no-header

lock:  ## Rebuild requirements.lock and requirements-dev.lock
	@tools/lock

clean:  ## Remove the environment and caches; data/ stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.* htmlcov
	find . -name __pycache__ -type d -not -path './data/*' -prune -exec rm -rf {} +
