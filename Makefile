# The two commands of the README, and what a developer runs. Each makes .venv when it is missing.
PYTHON ?= $(shell command -v python3.11 || command -v python3 || command -v python)
VENV := .venv
READY := $(VENV)/.ready
BIN := $(VENV)/bin
OUT ?= outputs/briefings
# A quarter of the time of pip; that comes after it where the settings of pip alone lead to an index.
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode
LOCK_OPTIONS := --generate-hashes --no-emit-index-url --no-annotate --no-header

.PHONY: help briefings test suite browser bench lint gallery docs lab calibrate package peers lock environment clean

help:
	@echo "briefings  a briefing of every bundled area"
	@echo "test       linters, type checks and all tests but the browser's"
	@echo "browser    the tests in Chromium"
	@echo "bench      the benchmarks, beside those of the last release"
	@echo "package    the wheel and the sdist, used outside the repository with each Python of the machine"
	@echo "peers      the suites of Jupyter's programs on stock and on warm kernels (half an hour; PEERS='nbclient ...')"
	@echo "docs       the site of the documentation, outputs/site/index.html"
	@echo "gallery    the page of the charts; lab: the explorer; lock, environment: after a change of dependencies"
	@echo "calibrate  fits the assumptions to the observed cases"

briefings: $(READY)
	$(BIN)/bhyt brief --out $(OUT)

test: lint suite

# A file of tests runs in one process, which makes its briefings once; the files in their order, of which the first are
# the longest. One process more than processors, since many wait.
suite: $(READY)
	workers=$$(($$($(BIN)/python -c "import os; print(os.cpu_count())") + 1)); \
	$(BIN)/python -m pytest -n $$workers --dist loadfile --no-loadscope-reorder --ignore=tests/browser

browser: $(READY)
	$(BIN)/python -m pytest tests/browser

bench: $(READY)
	$(BIN)/python -m benchmarks

# The ranges of assumptions that agree with the returns observed after Decision 861.
calibrate: $(READY)
	$(BIN)/python -m bhyt_analysis.ingest.bundled_calibration

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/nbstripout --verify notebooks/*.ipynb notebooks/recipes/*.ipynb

# The page of the charts, from the examples in their docstrings.
gallery: $(READY)
	$(BIN)/python docs/gallery/make.py

# The site of the documentation, to be read from disk: outputs/site/index.html. A broken link is an error.
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet

lab: $(READY)
	$(BIN)/bhyt explore

package: $(READY)
	$(BIN)/python -m tests.project.installed

peers: $(READY)
	$(BIN)/python -u -m tests.peers $(PEERS)

# The lock: names, versions and hashes of everything, for every system; no addresses.
lock: $(READY)
	$(BIN)/uv pip compile pyproject.toml --extra dev --extra cluster --extra explore --extra register --extra docs --universal --python-version 3.11 \
		$(LOCK_OPTIONS) --output-file requirements.txt
	$(BIN)/uv pip compile tests/peers/requirements.in --no-deps --constraint requirements.txt --universal --python-version 3.11 \
		$(LOCK_OPTIONS) --output-file tests/peers/requirements.txt

environment: $(READY)
	$(BIN)/pyproject2conda project --overwrite force

$(READY): requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	awk '/^[^ ]/ {wanted = /^uv==/} wanted' requirements.txt > $(VENV)/uv.txt
	$(BIN)/python -m pip install --quiet --require-hashes --requirement $(VENV)/uv.txt
	$(UV) --require-hashes --requirement requirements.txt || \
		$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.txt
	$(UV) --no-deps --no-build-isolation --editable .
	touch $(READY)

clean:
	rm -rf $(VENV) outputs/briefings
