# The commands of the README. `make run` and `make test` need nothing but Python 3.11+.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.complete
CONVERTER := .venv-tensorflow
CONVERTER_STAMP := $(CONVERTER)/.complete
# TensorFlow has no build for a newer Python; its tests are then skipped, and say so.
CONVERTER_FITS := $(shell $(PYTHON) -c 'import sys; print("yes" if (3, 11) <= sys.version_info[:2] <= (3, 12) else "")')

NODE_STAMP := node_modules/.complete

.PHONY: help run setup lock test check bench demo screenshots export-tensorflow clean

help:  ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 20

run: $(STAMP)  ## serve TPOD on http://localhost:8501
	@exec $(BIN)/streamlit run app.py

setup: $(STAMP) $(NODE_STAMP)  ## make .venv complete, development tools included

$(STAMP): requirements.txt requirements-dev.txt requirements-export-openvino.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "TPOD needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

lock: $(STAMP)  ## resolve the direct dependencies of pyproject.toml into requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra train \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		--output-file requirements.txt pyproject.toml

# Node itself comes with requirements-dev.txt.
$(NODE_STAMP): package.json $(STAMP)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm install --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

test: $(STAMP) $(NODE_STAMP) $(if $(CONVERTER_FITS),$(CONVERTER_STAMP))  ## the whole suite, browser tests included
	$(BIN)/python -m tests.install_browser
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --dist loadfile

check: $(STAMP) $(NODE_STAMP)  ## the quick part: style, types, unit and API tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --dist loadfile tests/unit tests/api tests/js -m 'not slow'

bench: $(STAMP)  ## the speeds that we promise, as ratios to a bare baseline
	$(BIN)/python -m benchmarks

demo: $(STAMP)  ## load the demo project without a browser
	$(BIN)/python -m workers.load_demo

screenshots: $(STAMP)  ## take the pictures of the README anew
	$(BIN)/python -m tests.browser.take_screenshots

export-tensorflow: $(CONVERTER_STAMP)  ## let detectors be exported to LiteRT and to TensorFlow's SavedModel

$(CONVERTER_STAMP): requirements-export-tensorflow.txt
	@test -n "$(CONVERTER_FITS)" || { echo "The converter needs Python 3.11 or 3.12: make export-tensorflow PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(CONVERTER)
	$(CONVERTER)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-export-tensorflow.txt
	@touch $@

clean:  ## remove the environment and the caches, never the data
	rm -rf $(VENV) $(CONVERTER) node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
