# What happens to clients when something fails: docs/chaos.md.
.PHONY: test-chaos

test-chaos: ## See what clients get while something that the services need is slow, failing or gone
	@$(RUN) pytest tests/chaos
