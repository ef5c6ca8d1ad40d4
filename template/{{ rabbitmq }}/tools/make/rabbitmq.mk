# Commands for events.
.PHONY: contracts refused-events
unexport again

contracts: ## Note in shared/contracts.json what new events hold; refuses to change a promise
	@$(RUN) python -m chassis_rabbitmq.contracts

refused-events: ## List the events that RabbitMQ refused; again=1 has them sent again
	@DATABASE_URL="$$($(RUN) python -m tools.db psql-url)" \
		$(RUN) python -m chassis_rabbitmq.refused_events $(if $(value again),--again)
