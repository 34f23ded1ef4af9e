# Two commands do it all: `make demo` shows the program at work, `make test` passes the tests.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# Most tests wait for servers, timers and other programs: three at a time do not yet fill two processors.
PYTEST_ARGS ?= -n 3 --dist worksteal

.PHONY: test-windows frozen frozen-windows install demo test check format coverage bench catalogue pictures clean

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt tools/make-venv
	PYTHON="$(PYTHON)" sh tools/make-venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[demo,develop,plot]'
	@touch $@

demo: install
	$(BIN)/heitz-service demo

test: install
	sh tools/test-packages
	$(BIN)/pytest $(PYTEST_ARGS)

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

coverage: install
	$(BIN)/pytest --cov --cov-report=term-missing:skip-covered $(PYTEST_ARGS)

test-windows: install
	sh tools/test-windows

frozen: install
	sh tools/frozen

frozen-windows: install
	sh tools/frozen-windows

bench: install
	sh benchmarks/run

catalogue: install
	$(BIN)/python tools/catalogue.py

pictures: install
	sh tools/test-packages
	$(BIN)/python tools/pictures.py
	$(BIN)/python tools/window_pictures.py

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .coverage build *.egg-info
