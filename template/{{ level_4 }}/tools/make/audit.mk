# Who did what: docs/audit.md.
.PHONY: audit-verify

# What is given as known=... is data, as m=... is.
export AUDIT_KNOWN := $(value known)
unexport known

audit-verify: ## Check that the audit log is as it was written: known=FILE with the log of the service
	@DATABASE_URL="$$($(RUN) python -m tools.db psql-url)" \
		$(RUN) python -m chassis.audit.log.verify $(if $(value known),--known="$$AUDIT_KNOWN")
