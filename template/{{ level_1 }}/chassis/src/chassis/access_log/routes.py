from collections import defaultdict

from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import Match
from starlette.types import Scope

UNKNOWN = "(no route)"

type _Contexts = dict[int, list[RouteContext]]


def route_of(scope: Scope) -> str:
    """Tell a path as its route has it: what stands in its place may be a name or an address."""
    if route := scope.get("route"):
        return _whole_path(route, scope)
    if scope.get("endpoint") and not scope.get("path_params"):
        return str(scope["path"])  # nothing in it varies
    if "router" not in scope:  # answered before it was looked for
        found = foreseen(scope)
        return str(found.path_format) if found else UNKNOWN
    return UNKNOWN


def foreseen(scope: Scope) -> RouteContext | None:
    """Find the route that a request will come to, or would have come to."""
    app = scope.get("app")
    contexts = iter_route_contexts(app.routes) if isinstance(app, FastAPI) else ()
    found = [(one.matches(scope)[0], one) for one in contexts if one.path_regex]
    best = [one for kind in (Match.FULL, Match.PARTIAL) for match, one in found if match is kind]
    return next(iter(best), None)


def _whole_path(route: object, scope: Scope) -> str:
    """Give the path of a route with the prefixes under which its router is included."""
    found = _contexts(scope.get("app"), route)
    if len(found) > 1:  # one router, included twice
        path = _path(scope)
        found = [one for one in found if one.path_regex and one.path_regex.match(path)]
    own = getattr(route, "path", UNKNOWN)
    return str(found[0].path_format or own) if found else str(own)


def _path(scope: Scope) -> str:
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))


def _contexts(app: object, route: object) -> list[RouteContext]:
    if not isinstance(app, FastAPI):
        return []
    known: _Contexts = getattr(app.state, "route_contexts", {})
    if id(route) not in known:  # it may have been added since
        known = app.state.route_contexts = defaultdict(list)
        for context in iter_route_contexts(app.routes):
            known[id(context.original_route)].append(context)
    return known.get(id(route), [])
