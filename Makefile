.PHONY: up test check
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.ready

up: $(STAMP)
	$(VENV)/bin/envcheck up --wave 2

test: $(STAMP)
	$(PY) -m pytest

check: $(STAMP)
	$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check . && $(VENV)/bin/mypy && $(VENV)/bin/lint-imports

$(STAMP): pyproject.toml constraints.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check uv
	VIRTUAL_ENV=$(VENV) $(VENV)/bin/uv pip install --quiet --constraint constraints.txt --editable '.[embedded,seed]' --group dev
	touch $(STAMP)
