"""Login: accounts with passwords and second factors, and the sessions that begin with them.

Everything is below ``/api/v1/auth``. What it needs is at ``app.state.login``.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from uuid import UUID

from fastapi import FastAPI
from starlette.datastructures import State

from chassis.identity.rules import PUBLIC, SIGNED_IN
from chassis_accounts.keeping import Accounts, KeptKeys
from chassis_accounts.login.counter import Counter
from chassis_accounts.login.events import LoginEvent
from chassis_accounts.login.own import router as own
from chassis_accounts.login.sessions import router as sessions
from chassis_accounts.login.users import router as users
from chassis_accounts.passwords import Passwords
from chassis_accounts.sessions import Sessions
from chassis_accounts.settings import Settings
from chassis_accounts.signing import SigningKeys
from chassis_accounts.throttle import Throttle
from chassis_accounts.tokens import AccessTokens

__all__ = ["Settings", "install", "lifespan"]

logger = logging.getLogger(__name__)

PUBLIC_ROUTES = (
    "POST /api/v1/auth/sessions",
    "POST /api/v1/auth/sessions/refresh",
    "GET /api/v1/auth/keys",
    "POST /api/v1/auth/me",
)
OWN_ROUTES = (
    "GET /api/v1/auth/sessions",
    "DELETE /api/v1/auth/sessions",
    "DELETE /api/v1/auth/sessions/current",
    "DELETE /api/v1/auth/sessions/{session_id}",
    "GET /api/v1/auth/me",
    "PUT /api/v1/auth/me/password",
    "POST /api/v1/auth/me/second-factor",
    "PUT /api/v1/auth/me/second-factor",
    "POST /api/v1/auth/me/second-factor/removal",
)
TAKEN = {**dict.fromkeys(PUBLIC_ROUTES, PUBLIC), **dict.fromkeys(OWN_ROUTES, SIGNED_IN)}
"""What the routes take; all others take `auth:read` and so on, which is for those who may do all."""
PRODUCTION = "production"
CLOSED = "ACCOUNTS_KEY is not set: nobody can log in; see docs/accounts.md"
TABLE = "auth_users"
NOBODY = "nobody"


def install(app: FastAPI, settings: Settings) -> None:
    """Add the routes."""
    given, state = app.state.settings, app.state
    # The client of other services as it is here, without the cache that comes later.
    data = str(getattr(given, "data_api_url", ""))
    keys = SigningKeys(KeptKeys(state.http, data), settings)
    state.login = Counter(
        accounts=Accounts(state.http, data),
        keys=keys,
        sessions=Sessions(state.redis, given.redis_namespace, settings),
        throttle=Throttle(state.redis, given.redis_namespace, settings),
        passwords=Passwords(settings),
        tokens=AccessTokens(keys, settings, given.oidc_audience),
        settings=settings,
        title=app.title,
        redis=state.redis,
        observers=[partial(_entered, state)],
    )
    state.route_permissions = {**getattr(state, "route_permissions", {}), **TAKEN}
    for router in (sessions, own, users):
        app.include_router(router)


@asynccontextmanager
async def lifespan(app: FastAPI, settings: Settings) -> AsyncIterator[None]:
    """Log what is missing in production."""
    if not settings.accounts_key.get_secret_value() and app.state.settings.app_env == PRODUCTION:
        logger.error(CLOSED)
    yield


def _entered(state: State, event: LoginEvent, account: UUID | None) -> None:
    """Enter an event in the audit log, where there is one; who shows no account is not named."""
    if hasattr(state, "security_events"):
        state.security_events.tell(event, TABLE, str(account) if account else NOBODY)
