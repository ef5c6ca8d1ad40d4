# Commands for messages.
.PHONY: preview-messages

preview-messages: ## Write every message as its recipient sees it, into .dev/messages
	@$(RUN) python -m chassis_communications.preview .dev/messages
