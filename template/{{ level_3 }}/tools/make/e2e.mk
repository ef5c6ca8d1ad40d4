# Journeys of clients: docs/e2e.md.
.PHONY: test-e2e

export TEST_BASE_URL := $(or $(value url),$(value TEST_BASE_URL))
unexport url

test-e2e: ## Go the journeys of clients: url=https://localhost:8443 of a system that runs, else through one of its own
	@$(RUN) pytest tests/e2e
