# USC-PIS. Two commands matter: `make run` and `make test`. Each sets up what it needs.

PYTHON := .venv/bin/python
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev assets browser nginx run test test-rules lint types contracts db-check bench docs screenshots lock sbom clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Virtual environment and front-end files for running
	@.ci/setup run
	@.ci/assets

setup-dev:
	@.ci/setup dev
	@.ci/assets

assets: setup ## Front-end files from npm, checked

browser: ## A system Chromium for the browser tests, installed if possible
	@.ci/browser

nginx: ## A system nginx for the tests of the production guide, installed if possible
	@.ci/nginx

run: setup ## Start everything here: database, queue, worker, web
	@exec $(PYTHON) -m app.infra.local

test: setup-dev browser nginx ## Every check and every test
	@.ci/test

test-rules: ## The pure rules only; needs nothing but Python, pytest and hypothesis
	@python=$(PYTHON); [ -x $$python ] || python=python3; \
	exec $$python -m pytest tests/rules --confcutdir=tests/rules -o addopts= -q

lint: setup-dev ## Style and format (ruff)
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .

types: setup-dev ## Types (mypy)
	@$(PYTHON) -m mypy

contracts: setup-dev ## Who may import whom (import-linter)
	@.venv/bin/lint-imports --no-logo

db-check: setup-dev ## Do the migrations match the models?
	@$(PYTHON) -m app.infra.local.testing sh -ec \
	  '$(PYTHON) -m flask --app wsgi db upgrade && $(PYTHON) -m flask --app wsgi db check'

bench: setup-dev ## Speed and memory, as ratios to a control (minutes; not part of the tests)
	@$(PYTHON) -m bench

docs: setup-dev ## Write the generated pages of docs/ anew
	@$(PYTHON) -m app.infra.local.testing $(PYTHON) -m flask --app wsgi clinic docs

screenshots: setup-dev ## Take the README's pictures from a running `make run`
	@$(PYTHON) -m tests.browser.take_screenshots

lock: setup-dev ## Pin the packages anew, with hashes
	@.venv/bin/uv pip compile --upgrade --generate-hashes --python-version 3.11 requirements.in -o requirements.txt
	@.venv/bin/uv pip compile --upgrade --generate-hashes --python-version 3.11 requirements-dev.in -o requirements-dev.txt

sbom: setup-dev ## Bill of materials of what runs in production (CycloneDX), and known holes in it
	@mkdir -p test-results
	@$(PYTHON) .ci/sbom.py requirements.txt test-results/sbom.json
	@echo "test-results/sbom.json was written"
	@.venv/bin/pip-audit --disable-pip --require-hashes -r requirements.txt

clean: ## Remove what was installed or generated; the data folder stays
	@rm -rf .venv node_modules app/static/vendor portal/static/vendor test-results \
	  .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage .coverage.*
	@find app config migrations portal tests worker -name __pycache__ -type d -prune -exec rm -rf {} +
