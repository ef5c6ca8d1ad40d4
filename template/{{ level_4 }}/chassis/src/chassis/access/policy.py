"""Who may do what, as policy.toml says it."""

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable

from chassis.identity.rules import ALL, PUBLIC, SIGNED_IN

KINDS: Mapping[str, str] = {
    "GET": "read",
    "HEAD": "read",
    "OPTIONS": "read",
    "POST": "create",
    "PUT": "update",
    "PATCH": "update",
    "DELETE": "delete",
}
FILE = "policy.toml"
_PERMISSION = re.compile(r"\*|(\*|[\w-]+):(\*|[\w-]+)")
_VERSION = re.compile(r"v\d+")


class PolicyError(ValueError):
    """A policy that cannot be meant; the text says what is wrong and where."""


@dataclass(frozen=True)
class Policy:
    """What each role may do, and the routes that take another permission than their own."""

    roles: Mapping[str, frozenset[str]] = field(default_factory=lambda: {"admin": frozenset({ALL})})
    routes: Mapping[str, str] = field(default_factory=dict)
    """`GET /api/v1/loans` and the permission that it takes, `public` or `signed_in`."""
    place: str = FILE

    def allows(self, roles: Collection[str], permission: str) -> bool:
        """Say whether somebody with these roles may do something."""
        if permission == SIGNED_IN:
            return True
        resource, _, kind = permission.partition(":")
        fitting = {ALL, permission, f"{resource}:{ALL}", f"{ALL}:{kind}"}
        return any(not fitting.isdisjoint(self.roles.get(role, ())) for role in roles)

    def permission_of(self, method: str, template: str) -> str:
        """Give what a route takes: `loans:read`, unless the policy names it."""
        named = self.routes.get(f"{method} {template}")
        return named or f"{resource_of(template)}:{KINDS.get(method, ALL)}"


def resource_of(template: str) -> str:
    """Give what a path is about: its first part that is no `api`, no version and no parameter."""
    for part in template.strip("/").split("/"):
        if part and part != "api" and not _VERSION.fullmatch(part) and not part.startswith("{"):
            return part
    return "root"


def policy_of(settings: object) -> Policy:
    """Read the policy beside the settings of a service; raises PolicyError."""
    package = type(settings).__module__.partition(".")[0]
    place = files(package) / FILE
    return read(place, f"{package}/{FILE}") if place.is_file() else Policy()


def read(file: Traversable, place: str) -> Policy:
    """Read a policy; raises PolicyError."""
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PolicyError(f"{place}: {error}") from error
    if unknown := content.keys() - {"roles", "routes"}:
        raise PolicyError(f"{place}: {min(unknown)!r} is unknown; there are roles and routes")
    for name, table in content.items():
        if not isinstance(table, dict):
            raise PolicyError(f"{place}: {name} must be a table, [{name}]")
    roles, routes = content.get("roles", {}), content.get("routes", {})
    for role, permissions in roles.items():
        if not isinstance(permissions, list) or not all(map(_is_permission, permissions)):
            raise PolicyError(f"{place}: roles.{role} must be a list such as ['loans:read', '*']")
    for route, permission in routes.items():
        method, _, template = route.partition(" ")
        if method not in KINDS or not template.startswith("/"):
            raise PolicyError(
                f"{place}: routes must be named as 'GET /api/v1/loans', not {route!r}"
            )
        if permission not in {PUBLIC, SIGNED_IN} and not _is_permission(permission):
            raise PolicyError(
                f"{place}: {route!r} takes 'public', 'signed_in' or a permission,"
                f" not {permission!r}"
            )
    return Policy({role: frozenset(listed) for role, listed in roles.items()}, routes, place)


def _is_permission(text: object) -> bool:
    return isinstance(text, str) and bool(_PERMISSION.fullmatch(text))
