"""Origins: which pages may open a WebSocket; CORS, which browsers ask for the rest, covers none."""

from collections.abc import Collection

from starlette.requests import HTTPConnection

ANY = "*"


def is_allowed(client: HTTPConnection, origins: Collection[str]) -> bool:
    """Allow the pages of this host and of these origins, and who is no page at all."""
    origin = client.headers.get("origin")
    if origin is None or ANY in origins or origin in origins:
        return True
    _scheme, _, host = origin.partition("://")  # no path: whatever is none is no host, either
    return bool(host) and host == client.headers.get("host")
