"""Identity: who asks is known, or nothing is done.

A call to a service has a token. One of another service of this system is signed with SERVICE_KEY
and tells on whose behalf it calls; those of users are the business of `chassis.access`.
``current()`` is who asks. Probes, metrics and the documentation need no token.
"""

from fastapi import FastAPI, Request

from chassis.feature import no_lifespan
from chassis.identity.document import describe
from chassis.identity.errors import InvalidToken, KeysUnknown
from chassis.identity.guard import Guard, away
from chassis.identity.principal import Principal, acting_as, current
from chassis.identity.rules import PUBLIC, EveryService
from chassis.identity.service_tokens import ServiceTokens
from chassis.identity.settings import Settings
from chassis.problems import ProblemResponse

__all__ = [
    "PUBLIC",
    "InvalidToken",
    "KeysUnknown",
    "Principal",
    "Settings",
    "acting_as",
    "current",
    "install",
    "lifespan",
]


def install(app: FastAPI, settings: Settings) -> None:
    """Let other services of this system in, and nobody else.

    What comes later in the list of features may replace ``state.tokens`` and ``state.rules``.
    """
    app.state.tokens = ServiceTokens(
        settings.service_key.get_secret_value(),
        settings.clock_leeway,
        also=settings.service_key_also.get_secret_value(),
    )
    app.state.rules = EveryService()
    app.state.refused = []  # what is told of each who may not, and where
    app.add_middleware(
        Guard,
        state=app.state,
        reports=settings.auth_mode == "report",
        every=settings.connection_checked,
    )
    app.add_exception_handler(KeysUnknown, _away)
    describe(app)


lifespan = no_lifespan


async def _away(request: Request, _error: Exception) -> ProblemResponse:
    """Answer for a route that checks a token of its own accord."""
    return away(request.scope)
