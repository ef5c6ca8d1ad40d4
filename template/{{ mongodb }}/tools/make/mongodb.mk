# Commands for what the document service is told.
.PHONY: refused-activities
unexport again

refused-activities: ## List the activities that the document service refused; again=1 has them told again
	@DATABASE_URL="$$($(RUN) python -m tools.db psql-url)" \
		$(RUN) python -m chassis_mongodb.refused_activities $(if $(value again),--again)
