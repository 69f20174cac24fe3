# Everything is installed into .venv at this folder's root; nothing else is touched but the user's
# cache and state folders. `make up` and `make test` need git, make and python3 with venv.

VENV  := .venv
APPS  := backend-api ml-engine data-pipeline
PY    := $(VENV)/bin/python
READY := $(VENV)/.ready
PYTHON ?= python3


.PHONY: up down test applications unit check format docs interrupts docker bench lock clean
.DEFAULT_GOAL := up

up: $(READY)
	$(VENV)/bin/envcheck up --wave 2

down: $(READY)
	$(VENV)/bin/envcheck down

test: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(PY) -m pytest
	$(MAKE) applications

# The applications' own tests, each in an environment of its own.
applications: $(APPS:%=$(VENV)/apps/%/.ready)
	for app in $(APPS); do \
	  (cd compose/recommender/$$app && $(CURDIR)/$(VENV)/apps/$$app/bin/python -m pytest -q) || exit 1; \
	done

unit: $(READY)
	$(PY) -m pytest tests/unit tests/functional -m "not real and not scenario and not install"

check: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

format: $(READY)
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

# What is written from the kinds: the reference, and the schemas editors use.
docs: $(READY)
	$(PY) -m envcheck.config.reference docs
	$(PY) -m envcheck.config.schema schema

# Thirty kills at random moments instead of the three of `make test`.
interrupts: $(READY)
	ENVCHECK_KILLS=30 $(PY) -m pytest tests/scenarios/test_kill.py -s

# Containers: on the engine the docker command reaches, else on a private one (Debian, as root).
docker: $(READY)
	ENVCHECK_DOCKER=1 $(PY) -m pytest -m docker

bench: $(READY)
	$(PY) -m tests.bench

# Pins with hashes, and without naming where they come from.
lock: $(READY)
	$(VENV)/bin/uv pip compile --quiet pyproject.toml --extra embedded --extra seed --group dev \
	  --universal --python-version 3.11 --generate-hashes --no-emit-index-url -o constraints.txt

clean:
	rm -rf $(VENV) build dist

$(VENV)/apps/%/.ready: compose/recommender/%/requirements-dev.txt compose/recommender/%/requirements.txt $(READY)
	$(VENV)/bin/uv venv --quiet --clear --python $(PY) $(VENV)/apps/$*
	VIRTUAL_ENV=$(VENV)/apps/$* $(VENV)/bin/uv pip install --quiet --compile-bytecode -r $<
	touch $@

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check uv
	VIRTUAL_ENV=$(VENV) $(VENV)/bin/uv pip install --quiet --compile-bytecode --constraint constraints.txt \
	  --editable '.[embedded,seed]' --group dev
	touch $@
