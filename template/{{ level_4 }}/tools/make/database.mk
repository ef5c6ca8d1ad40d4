# The data of production: docs/backups.md, docs/replication.md.
.PHONY: backup restore-drill failover

# What is given as time=... is data, as m=... is.
export DRILL_TIME := $(value time)
unexport time

backup: ## Make a full backup of production now
	@$(RUN) python -m tools.production.database backup

restore-drill: ## Restore production beside itself, and check it: time="2026-01-31 12:00:00+00"
	@$(RUN) python -m tools.production.database drill --time="$$DRILL_TIME"

failover: ## Have the second PostgreSQL of production lead
	@$(RUN) python -m tools.production.database failover
