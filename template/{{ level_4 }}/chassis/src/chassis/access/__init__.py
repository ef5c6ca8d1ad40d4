"""Access: users show a token of the issuer, and the policy of the service says what they may do.

Other services of this system have the role ``service``.
What nobody has named in ``policy.toml`` is closed to all but those who may do everything. The
policy stands in the package of the service; without one, the role ``admin`` may do everything.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from fastapi import FastAPI

from chassis import http_client
from chassis.access.asking import Asking, Who
from chassis.access.callers import Callers
from chassis.access.issuer_tokens import IssuerTokens
from chassis.access.keys import Keys, published_at
from chassis.access.policy import PolicyError, policy_of
from chassis.access.rules import PolicyRules
from chassis.access.settings import Settings

__all__ = ["Asking", "Settings", "Who", "install", "lifespan"]

ISSUER_TIMEOUT_S = 5


def install(app: FastAPI, settings: Settings) -> None:
    """Take the tokens of users, and what the policy of the service says."""
    app.state.issuer = http_client.HttpClient(http_client.Settings(http_timeout=ISSUER_TIMEOUT_S))
    keys = Keys(published_at(settings.oidc_keys_url, app.state.issuer), settings.oidc_keys_age)
    users = IssuerTokens(keys, settings, app.state.settings.clock_leeway)
    app.state.tokens = Callers(users, app.state.tokens)
    try:
        policy = policy_of(settings)
        # What features have said of their routes counts, unless the policy says something else.
        said = getattr(app.state, "route_permissions", {})
        app.state.rules = PolicyRules(app, replace(policy, routes={**said, **policy.routes}))
        app.state.rules.check()
    except PolicyError as error:
        sys.exit(f"policy: {error}")


@asynccontextmanager
async def lifespan(app: FastAPI, _settings: Settings) -> AsyncIterator[None]:
    """Close the connection to the issuer when the application stops."""
    try:
        yield
    finally:
        await app.state.issuer.close()
