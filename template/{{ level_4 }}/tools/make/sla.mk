# What was promised, at the load that is expected: docs/service-levels.md.
.PHONY: sla

sla: ## Ask as often as in the busiest hour, against the targets: url=https://... of one that runs, time=60 (seconds)
	@$(RUN) pytest tests/sla --capture=no
