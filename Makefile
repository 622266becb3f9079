# Everything runs in a virtual environment of the project's own; only Python >= 3.11 with pip is needed.
PYTHON ?= python3
VENV ?= .venv
RUN = $(VENV)/bin/python

.PHONY: demo test check lint types format docs clean

demo: $(VENV)/.demo  ## fit real data by gradient descent, with a verdict and a picture
	$(RUN) examples/stopping_distances.py

test: $(VENV)/.dev  ## all tests: unit, docstrings, README, examples
	$(RUN) -m pytest

check: lint types docs test  ## what CI runs

lint: $(VENV)/.dev
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

types: $(VENV)/.dev
	$(RUN) -m mypy

docs: $(VENV)/.dev  ## the site, in build/site; a warning is an error
	$(RUN) -m sphinx -W --keep-going -E -n -q -b html docs build/site

format: $(VENV)/.dev
	$(RUN) -m ruff format .
	$(RUN) -m ruff check --fix .

clean:
	rm -rf $(VENV) build dist *.egg-info src/*.egg-info .pytest_cache .mypy_cache .ruff_cache pictures

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(VENV)/bin/python pyproject.toml
	$(RUN) -m pip install --quiet --disable-pip-version-check -e '.[plot]'
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml
	$(RUN) -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.demo
