"""Places: how many clients there may be, in all and of one kind."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from starlette.requests import HTTPConnection

from chassis.client_address import address_of
from chassis_realtime.live.settings import LiveSettings


class NoPlace(Exception):  # noqa: N818  # an answer, not an error of the code
    """There are too many connections already."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class Places:
    """Counts the clients that are connected."""

    def __init__(self, settings: LiveSettings) -> None:
        self._settings = settings
        self._taken: Counter[tuple[str, str]] = Counter()
        self.open = 0
        """Clients that are connected."""

    @contextmanager
    def taken(self, client: HTTPConnection) -> Iterator[None]:
        """Take a place for as long as this is entered; raises NoPlace."""
        names = _names(client)
        self._check(names)
        self._taken.update(names)
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1
            self._taken.subtract(names)
            for name in names:
                if not self._taken[name]:
                    del self._taken[name]

    def _check(self, names: list[tuple[str, str]]) -> None:
        settings = self._settings
        if self.open >= settings.realtime_connections:
            raise NoPlace(HTTPStatus.SERVICE_UNAVAILABLE, "All places are taken.")
        bounds = {"user": settings.realtime_per_user, "address": settings.realtime_per_address}
        for kind, name in names:
            bound = bounds[kind]
            if bound and self._taken[kind, name] >= bound:
                raise NoPlace(
                    HTTPStatus.TOO_MANY_REQUESTS,
                    f"One {kind} may have {bound} connections, and has them already.",
                )


def _names(client: HTTPConnection) -> list[tuple[str, str]]:
    """Say who it is that takes a place, as far as that is known."""
    user = getattr(client.scope.get("user"), "identity", None)
    known = {"user": user, "address": address_of(client)}
    return [(kind, name) for kind, name in known.items() if name]
