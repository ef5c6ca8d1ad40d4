# Commands for a team: containers for development and for tests, and what the gates run.
.PHONY: up-dev up-test down-test test-integration security hooks

# Values of one environment: make up APP_ENV=staging reads .env.staging on top of .env.
ifeq ($(origin APP_ENV),undefined)
APP_ENV := $(or $(shell sed -n 's/^APP_ENV=//p' .env 2>/dev/null),local)
endif
export APP_ENV
ENVIRONMENTS := local test staging production
# Looked at before anything expands it or hands it to a shell.
UNKNOWN_ENV = $(filter-out 1,$(words $(value APP_ENV)))$(filter-out $(ENVIRONMENTS),$(value APP_ENV))
ENV_FILES = $(if $(UNKNOWN_ENV),$(error APP_ENV is one of: $(ENVIRONMENTS); got: $(value APP_ENV)))\
	$(foreach file,$(wildcard .env .env.$(APP_ENV)),--env-file $(file))
COMPOSE = docker compose $(ENV_FILES)
FILE = --file docker-compose.yml --file
up-test down-test: APP_ENV = test

up-dev: has-compose env ## Run everything under Docker Compose, with reload and debuggers
	@$(COMPOSE) $(FILE) docker-compose.dev.yml up --build

up-test: has-compose env ## Run a second, empty system under Docker Compose until all of it is healthy
	@$(COMPOSE) $(FILE) docker-compose.test.yml up --build --detach --wait

down-test: has-compose ## Stop what `make up-test` started; nothing stays
	@$(COMPOSE) $(FILE) docker-compose.test.yml down --volumes

test-integration: ## Run the integration tests on a real PostgreSQL
	@$(RUN) pytest tests/integration

security: ## Look for insecure code
	@$(RUN) bandit --quiet --recursive . --configfile pyproject.toml --severity-level medium --confidence-level medium

hooks: ## Run quick checks before each commit (uses pre-commit)
	@$(call quoted,$(UV)) tool run pre-commit install
