# Broadsheet: `make demo` shows what it does, `make test` runs everything that guards the code.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
REPLAY := .venv-replay

.PHONY: help demo test lint unit replay-env replay format lock clean

help:
	@echo "make demo    crawl the embedded sample news web and show what comes out"
	@echo "make test    ruff, mypy, import contracts, pytest"
	@echo "make replay-env  install pywb, with which scrapy replay opens archives"
	@echo "make replay  see an archive replay in pywb and ReplayWeb.page (installs them; wants chromium, node, npm)"
	@echo "make format  let ruff put the code in form"
	@echo "make lock    pin the dependencies of pyproject.toml anew"

demo: $(VENV)/run.done
	$(BIN)/scrapy demo

test: lint unit

lint: $(VENV)/dev.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(VENV)/dev.done
	$(BIN)/pytest -n auto --dist loadfile

# For scrapy replay pywb is enough; the tests in browsers want node's packages too.
replay-env: $(REPLAY)/done $(if $(shell command -v npm),$(REPLAY)/node.done)

replay: $(VENV)/dev.done $(REPLAY)/done $(REPLAY)/node.done
	$(BIN)/pytest tests/replay -rs

format: $(VENV)/dev.done
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Broadsheet needs Python 3.11 or newer; name it with make PYTHON=python3.x"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "Python's venv module is missing: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.done: requirements.lock | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/dev.done: requirements-dev.lock | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $(VENV)/run.done $@

$(REPLAY)/done: tests/replay/requirements.txt
	$(PYTHON) -m venv $(REPLAY)
	$(REPLAY)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r tests/replay/requirements.txt
	@touch $@

$(REPLAY)/node.done: tests/replay/package-lock.json | $(REPLAY)/done
	cp tests/replay/package.json tests/replay/package-lock.json $(REPLAY)
	npm ci --prefix $(REPLAY) --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

lock: $(VENV)/bin/python
	$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file requirements.lock pyproject.toml
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file tests/replay/requirements.txt tests/replay/requirements.in

clean:
	rm -rf $(VENV) $(REPLAY) .mypy_cache .ruff_cache .pytest_cache
