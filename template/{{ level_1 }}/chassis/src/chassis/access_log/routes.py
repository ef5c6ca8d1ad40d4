from starlette.types import Scope

UNKNOWN = "(no route)"


def route_of(scope: Scope) -> str:
    """Tell a path as its route has it: what stands in its place may be a name or an address."""
    if path := getattr(scope.get("route"), "path", ""):
        return str(path)
    if scope.get("endpoint") and not scope.get("path_params"):
        return str(scope["path"])  # nothing in it varies
    return UNKNOWN
