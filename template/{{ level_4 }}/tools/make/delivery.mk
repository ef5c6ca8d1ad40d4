# From a commit to the machines that run it: docs/delivery.md.
.PHONY: deliver scan

# The version of what looks packages up in the lists of PyPA.
AUDIT := pip-audit==2.10.1

export DELIVERY := $(value step)
unexport step

deliver: ## Bring a release (RELEASE=...) a step further: step=publish, verify, deploy or rollback
	@$(RUN) python -m tools.delivery "$$DELIVERY"

scan: ## Look up what production installs in the lists of known vulnerabilities
	@mkdir -p .deploy
	@$(call quoted,$(UV)) export --quiet --locked --all-packages --no-dev --no-emit-workspace --output-file=.deploy/requirements.txt
	@$(call quoted,$(UV)) tool run $(AUDIT) --disable-pip --require-hashes --requirement=.deploy/requirements.txt
