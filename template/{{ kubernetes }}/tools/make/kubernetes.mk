# Production in Kubernetes: docs/kubernetes.md.
.PHONY: manifests

ORCHESTRATOR := tools.kubernetes

manifests: ## Write the manifests of a release (RELEASE=...) for ENVIRONMENT=production, and apply nothing
	@$(RUN) python -m tools.kubernetes manifests
