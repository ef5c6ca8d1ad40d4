# Production under Docker Compose: docs/production.md.
.PHONY: secrets certificate images deploy rollback

# What brings a release, and takes one back.
ifneq ($(origin ORCHESTRATOR),file)
ORCHESTRATOR := tools.production
endif

# What is given as name=... and email=... is data, as m=... is.
export CERTIFICATE_NAME := $(value name)
export CERTIFICATE_EMAIL := $(value email)
unexport name email

secrets: ## Make the secrets of production that are missing, in secrets/
	@$(RUN) python -m tools.production secrets

certificate: ## Get a certificate: name=api.example.com email=you@example.com; without, one for tests
	@$(RUN) python -m tools.production certificate --name="$$CERTIFICATE_NAME" --email="$$CERTIFICATE_EMAIL"

images: ## Build the images of a release: RELEASE=1.4.0, else the commit
	@$(RUN) python -m tools.production images

deploy: ## Replace what runs in production by a release, without a lost request
	@$(RUN) python -m $(call quoted,$(ORCHESTRATOR)) deploy

rollback: ## Go back to the release that ran before
	@$(RUN) python -m $(call quoted,$(ORCHESTRATOR)) rollback
