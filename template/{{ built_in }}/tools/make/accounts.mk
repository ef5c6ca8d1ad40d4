# Who may log in: docs/accounts.md.
.PHONY: user

# What is given as email=... and roles=... is data, as m=... is.
export NEW_USER := $(value email)
export NEW_USER_ROLES := $(value roles)
unexport email roles

user: ## Make an account, or give it other roles and a new password: email=anna@example.com roles=reader
	@$(RUN) python -m tools.user --email="$$NEW_USER" --roles="$$NEW_USER_ROLES"
