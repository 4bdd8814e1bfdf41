# The two commands to know: `make app` and `make test`. Both set up everything they need in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# Kept apart from the project's own environment: what they need is no part of what is audited.
TOOLS := .tools
AUDITORS := pip-audit==2.10.1 cyclonedx-bom==7.5.0

.PHONY: help app install screenshots test test-servers lint bench audit sbom messages lock clean

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

app: install ## Open the example study in the browser
	$(BIN)/undersaid app

install: $(VENV)/.app ## Make .venv ready to run undersaid

test: $(VENV)/.dev ## Run the tests
	@# One process more than there are cores: one of them often waits for a browser or a server.
	$(BIN)/python -m pytest --numprocesses=$$(($$(getconf _NPROCESSORS_ONLN) + 1)) --dist=loadscope --no-loadscope-reorder

test-servers: $(VENV)/.dev ## Run the tests that talk to real servers on this machine (installs them into .servers)
	@tests/servers/install || echo "SERVERS: some are missing, see above; their tests are skipped" >&2
	UNDERSAID_SERVERS=1 $(BIN)/python -m pytest tests/servers -m servers -rs

lint: $(VENV)/.dev ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.dev ## Run the benchmarks that need no downloads of peers and write what they print to docs/benchmarks.md
	$(BIN)/python benchmarks/gap_worlds.py
	$(BIN)/python -m benchmarks.kill --write
	$(BIN)/python -m benchmarks.engine --posts 1000000 10000000 --write
	$(BIN)/python -m benchmarks.whole_report --posts 1000000 10000000 --write

audit: $(TOOLS)/.ready ## Ask whether any pinned version has a known vulnerability
	$(TOOLS)/bin/python tests/audit.py $(TOOLS)/bin/pip-audit constraints.txt

sbom: $(TOOLS)/.ready ## Write build/sbom.json: what an installation consists of (CycloneDX)
	rm -rf build/shipped && mkdir -p build && $(PYTHON) -m venv build/shipped
	build/shipped/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt '.[report,social]'
	$(TOOLS)/bin/cyclonedx-py environment build/shipped/bin/python --pyproject pyproject.toml --short-PURLs \
		--output-reproducible --output-format JSON --output-file build/sbom.json
	rm -rf build/shipped

screenshots: $(VENV)/.dev ## Take pictures of every page into docs/screenshots/
	$(BIN)/python -m tests.screenshots docs/screenshots --small

messages: $(VENV)/.dev ## Add new texts of the interface to the French catalogue
	$(BIN)/python tests/catalogue.py

lock: $(VENV)/.dev ## Write the versions that are installed now to constraints.txt
	$(BIN)/python -m pip freeze --exclude-editable --disable-pip-version-check | grep -v ' @ ' > constraints.txt

clean: ## Remove .venv and what tests and builds leave behind
	rm -rf $(VENV) $(TOOLS) .servers build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(TOOLS)/.ready: Makefile
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check $(AUDITORS)
	@touch $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name it with: make PYTHON=python3.11 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "Python cannot make an environment; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

$(VENV)/.app: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) -e '.[report,social]'
	@touch $@

$(VENV)/.dev: $(VENV)/.app
	$(PIP) -e '.[dev,report,social]'
	@touch $@
