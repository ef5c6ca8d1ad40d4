import re
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from structlog.contextvars import bound_contextvars, get_contextvars

HEADER = "X-Request-ID"

_NAME = "request_id"
# Nothing that could break a log line or a header, and no more than fits on one.
_ACCEPTED = re.compile(r"[A-Za-z0-9._~-]{1,128}")


@contextmanager
def bound(given: str | None = None) -> Iterator[str]:
    """Work under the given id, or under a new one if there is none that is fit to be used."""
    request_id = given if given and _ACCEPTED.fullmatch(given) else uuid4().hex
    with bound_contextvars(**{_NAME: request_id}):
        yield request_id


def current() -> str | None:
    """Give the id under which this runs, if any."""
    request_id: str | None = get_contextvars().get(_NAME)
    return request_id


def headers() -> dict[str, str]:
    """Give the headers that pass the id on, of a request or of a message."""
    request_id = current()
    return {} if request_id is None else {HEADER: request_id}
