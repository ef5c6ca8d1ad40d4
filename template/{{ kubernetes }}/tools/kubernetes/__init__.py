"""Production in Kubernetes: what the Compose files say, as a base of Kustomize: docs/kubernetes.md."""
