# The commands of this repository; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all lint proof bench docs clean

VENV := .venv
BIN := $(VENV)/bin
DEMO := build/demo
PYENV := $${PYENV_ROOT:-$$HOME/.pyenv}/versions

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)$$/  \1\t\2/' | expand -t 12

setup: $(VENV)/.synced ## Install everything into .venv (again: fast)

# The newest Python there is, also one that pyenv keeps off the PATH.
$(BIN)/python:
	@for python in $(foreach minor,14 13 12 11,python3.$(minor) $(PYENV)/3.$(minor).*/bin/python3) python3; do \
	  if "$$python" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "using $$("$$python" --version)"; \
	    "$$python" -m venv --clear $(VENV) && exit 0; \
	  fi; \
	done; \
	rm -rf $(VENV); \
	echo 'setup: no Python >= 3.11 with venv found; install one (Debian and Ubuntu: also python3-venv)' >&2; exit 1

$(VENV)/.synced: pyproject.toml uv.lock | $(BIN)/python
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@VIRTUAL_ENV= UV_PROJECT_ENVIRONMENT=$(CURDIR)/$(VENV) $(BIN)/uv sync --quiet --frozen
	@touch $@

demo: setup ## Generate the example task_manager into build/demo, with green gates
	@rm -rf $(DEMO).old; if [ -e $(DEMO)/.copier-answers.yml ]; then mv $(DEMO) $(DEMO).old && rm -rf $(DEMO).old; fi
	@$(BIN)/ferrata new $(DEMO) --answers examples/task_manager/answers.yml
	@echo
	@echo 'Start it without Docker: make -C $(DEMO) dev'

test: setup ## Run the everyday tests, on all cores
	@$(BIN)/pytest -q -n auto --dist worksteal

test-all: setup ## Run every test: the long ones too, those with Docker where an engine answers
	@$(BIN)/pytest -q -m 'not docker'
	@if docker compose version >/dev/null 2>&1 && docker info >/dev/null 2>&1; \
	then $(BIN)/pytest -q -m docker; \
	else echo 'tests with Docker: NOT RUN, no Docker engine with Compose answers'; fi

lint: setup ## Lint, format and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/bandit --quiet --recursive --configfile pyproject.toml src hooks extensions

proof: setup ## Render and check every combination, and write docs/reference/proof.md
	@$(BIN)/python -m tests.matrix

bench: setup ## Measure everything and write docs/reference/benchmarks.md (minutes; needs wrk)
	@$(BIN)/python tests/bench

docs: setup ## Write the generated pages and build the site into site/
	@$(BIN)/python docs/generate.py
	@$(BIN)/zensical build --strict

clean: ## Remove what was made
	rm -rf $(VENV) build dist site .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
