# Push to browsers: docs/realtime-push.md.
.PHONY: push-key

push-key: ## Make a key by which push services of browsers know this system: two lines for .env
	@$(RUN) python -m chassis_realtime.push_key
