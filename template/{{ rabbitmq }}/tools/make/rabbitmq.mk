# Commands for events.
.PHONY: contracts

contracts: ## Note in shared/contracts.json what new events hold; refuses to change a promise
	@$(RUN) python -m chassis_rabbitmq.contracts
