# Load: docs/load.md.
.PHONY: load

export TEST_LOAD_USERS := $(or $(value users),$(value TEST_LOAD_USERS))
export TEST_LOAD_TIME := $(or $(value time),$(value TEST_LOAD_TIME))
unexport users time

load: ## Load the system: users=20 time=60 (seconds) url=https://... of one that runs, else one of its own
	@$(RUN) python -m tests.load
