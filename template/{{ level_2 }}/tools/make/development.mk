# Commands for a team: containers for development and for tests, and what the gates run.
.PHONY: up-dev up-test down-test test-integration security hooks

# Values of one environment: make up APP_ENV=staging reads .env.staging on top of .env.
export APP_ENV ?= $(or $(shell sed -n 's/^APP_ENV=//p' .env 2>/dev/null),local)
ENV_FILES = $(foreach file,$(shell ls .env .env.$(APP_ENV) 2>/dev/null),--env-file $(file))
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
	@$(UV) tool run pre-commit install
