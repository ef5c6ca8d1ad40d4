"""What a service asks of those who call it."""

from typing import Protocol

from starlette.types import Scope

from chassis.identity.principal import Principal

PUBLIC = "public"
"""What a route takes that is for everybody."""
SIGNED_IN = "signed_in"
"""What a route takes that is for everybody whose token is right, whatever their roles."""
ALL = "*"
"""The permission to do everything."""

_PLATFORM = frozenset({"/health", "/ready", "/metrics"})
_DOCUMENTATION = frozenset({"/docs", "/redoc", "/openapi.json"})
_ASSETS = "/docs/assets/"


class Rules(Protocol):
    """Says what a request takes, and who has it."""

    def permission_of(self, scope: Scope) -> str | None:
        """Give the permission that a request takes, or ``public``; None where no route is."""

    def permission_for(self, method: str, template: str) -> str:
        """Give what a route takes, by its path as it is written in the code."""

    def allows(self, principal: Principal, permission: str) -> bool:
        """Say whether somebody has a permission."""


class EveryService:
    """Lets in every service of the system, for anything: these look at who asks them."""

    def permission_of(self, scope: Scope) -> str | None:
        """Open what the platform and the readers of the documentation ask for."""
        return PUBLIC if is_open(scope["path"]) else ALL

    def permission_for(self, _method: str, _template: str) -> str:
        """Take the same for every route."""
        return ALL

    def allows(self, _principal: Principal, _permission: str) -> bool:
        """Allow everything."""
        return True


def is_open(path: str) -> bool:
    """Say whether a path is for everybody: the gateway passes none of these on."""
    return path in _PLATFORM or path in _DOCUMENTATION or path.startswith(_ASSETS)
