"""OAuth 2.0 for programs: tokens for clients, and questions about tokens.

- ``POST /oauth2/token`` (RFC 6749): ``client_credentials`` for programs, ``refresh_token`` for sessions.
- ``POST /oauth2/revoke`` (RFC 7009), ``POST /oauth2/introspect`` (RFC 7662).
- ``GET /.well-known/oauth-authorization-server`` (RFC 8414) says where all of it is.

Administrators make clients at ``/api/v1/auth/clients``. There is no grant for passwords: people log in
at ``/api/v1/auth/sessions``.
"""

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis.health.services import addresses
from chassis.identity.rules import PUBLIC
from chassis_accounts.keeping import Clients
from chassis_accounts.oauth.client_routes import router as clients
from chassis_accounts.oauth.routes import router

__all__ = ["install", "lifespan"]

ROUTES = (
    "POST /oauth2/token",
    "POST /oauth2/revoke",
    "POST /oauth2/introspect",
    "GET /.well-known/oauth-authorization-server",
)


def install(app: FastAPI, _settings: object) -> None:
    """Add the routes; what they need besides is at ``app.state.login``."""
    state = app.state
    state.clients = Clients(state.http, addresses(state.settings).get("data_api", ""))
    known = getattr(state, "route_permissions", {})
    state.route_permissions = {**known, **dict.fromkeys(ROUTES, PUBLIC)}
    app.include_router(router)
    app.include_router(clients)


lifespan = no_lifespan
