"""The policy, applied to the routes of an application as the router finds them."""

from collections import defaultdict
from functools import cached_property

from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts
from starlette._utils import get_route_path
from starlette.routing import Match, WebSocketRoute
from starlette.types import Scope

from chassis.access.policy import Policy, PolicyError
from chassis.identity.principal import Principal
from chassis.identity.rules import ALL, PUBLIC, is_open

_PARTS = 3
"""The first parts of a path, by which routes are told apart before any pattern is tried."""


class PolicyRules:
    """Says what a request takes: what its route takes."""

    def __init__(self, app: FastAPI, policy: Policy) -> None:
        self.policy = policy
        self.signed: set[str] = set()
        """Routes for everybody: they check a signature of what they are sent (``POST /x``)."""
        self._app = app

    def check(self) -> None:
        """Raise PolicyError for an entry that no route has: nobody knows what it should protect."""
        if not self.policy.routes:
            return
        offered = {name for route in self._routes() for name in _names(route)}
        if unknown := sorted(self.policy.routes.keys() - offered):
            raise PolicyError(
                f"{self.policy.place}: routes: there is no route {unknown[0]!r};"
                " `make policy` lists those that there are"
            )

    def permission_of(self, scope: Scope) -> str | None:
        """Give what the route of a request takes."""
        if is_open(scope["path"]) or scope["path"] in self._app.state.public:
            return PUBLIC
        method = scope.get("method", "GET")  # a WebSocket begins as a GET
        method = "GET" if method == "HEAD" else method
        asked = {**scope, "method": method}
        found = None
        for route in self._candidates(get_route_path(scope)):
            match, _ = route.matches(asked)
            if match is Match.FULL:
                return self._permission_at(route, method)
            if match is Match.PARTIAL:
                found = found or route
        # The router says which methods a path has, and does nothing else.
        return None if found is None else self._permission_at(found, "GET")

    def permission_for(self, method: str, template: str) -> str:
        """Give what a route takes."""
        if f"{method} {template}" in self.signed:
            return PUBLIC
        return self.policy.permission_of(method, template)

    def allows(self, principal: Principal, permission: str) -> bool:
        """Say whether one of the roles has the permission."""
        return self.policy.allows(principal.roles, permission)

    def offered(self) -> list[tuple[str, str]]:
        """Give every route that is not open, by its method and path."""
        names = [name for route in self._routes() for name in _names(route)]
        split = [(method, path) for method, _, path in (name.partition(" ") for name in names)]
        return [(method, path) for method, path in dict.fromkeys(split) if not is_open(path)]

    def _permission_at(self, route: RouteContext, method: str) -> str:
        # What is told apart by something else than its path, such as a host, cannot be named.
        return self.permission_for(method, route.path_format) if route.path_format else ALL

    def _candidates(self, path: str) -> list[RouteContext]:
        """Give every route that a path may have, in the order in which the router asks them."""
        return self._by_begin.get(_begin(path), self._by_begin[""])

    @cached_property
    def _by_begin(self) -> dict[str, list[RouteContext]]:
        """Every route by the first parts of its path; those where they vary are in each list."""
        found: dict[str, list[RouteContext]] = defaultdict(list)
        routes = [(_begin(route.path_format or ""), route) for route in self._routes()]
        for begin in {begin for begin, _ in routes} | {""}:
            found[begin] = [route for own, route in routes if own in {"", begin}]
        return dict(found)

    def _routes(self) -> list[RouteContext]:
        return list(iter_route_contexts(self._app.routes))


def _begin(path: str) -> str:
    # The pattern of a route lets a line end after it.
    parts = path.removesuffix("\n").split("/", _PARTS + 1)[1 : _PARTS + 1]
    return "" if len(parts) < _PARTS or any("{" in part for part in parts) else "/".join(parts)


def _names(route: RouteContext) -> list[str]:
    methods = {"GET"} if isinstance(route.original_route, WebSocketRoute) else route.methods or ()
    return [f"{method} {route.path_format}" for method in sorted(methods)]
