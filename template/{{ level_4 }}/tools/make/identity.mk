# Who may do what: docs/authentication.md, docs/authorisation.md.
.PHONY: token policy

# What is given as user=... and roles=... is data, as m=... is.
export TOKEN_USER := $(or $(value user),developer)
export TOKEN_USER_ROLES := $(or $(value roles),admin)
unexport user roles

token: ## Print a token for what `make dev` runs: user=anna roles=reader,editor
	@$(RUN) python -m tools.dev.identity --user="$$TOKEN_USER" --roles="$$TOKEN_USER_ROLES"

policy: ## Print who may do what: every route, what it takes, and the roles that have it
	@$(RUN) python -m tools.policy

# Containers read the keys of `make token`, unless OIDC_KEYS_URL names those of an issuer.
up up-dev up-test: .dev/identity/keys.json

.dev/identity/keys.json:
	@$(RUN) python -m tools.dev.identity >/dev/null
