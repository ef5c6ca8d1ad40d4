"""Who asks."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Principal:
    """A person, or a program, as its token names it; ``scope["user"]``, as Starlette has it."""

    identity: str
    """The subject of the token: the id that the issuer has given it, which never changes, and which
    nobody of another issuer has."""
    roles: frozenset[str] = frozenset()
    service: str | None = None
    """The service that asks on behalf of the subject; None where it asks by itself."""
    session: str | None = None
    """The session that the token belongs to (`sid`), where its issuer says so."""
    issuer: str | None = None
    """Who has given the token (`iss`); None where a service of this system says who asks."""
    is_authenticated: ClassVar[bool] = True

    @property
    def display_name(self) -> str:
        """Give what to call it: no more than the id is known here."""
        return self.identity


_current: ContextVar[Principal | None] = ContextVar("principal", default=None)


def current() -> Principal | None:
    """Give who asks for what is being worked on; None where nobody has to say who it is."""
    return _current.get()


@contextmanager
def acting_as(principal: Principal | None) -> Iterator[None]:
    """Work on behalf of somebody."""
    token = _current.set(principal)
    try:
        yield
    finally:
        _current.reset(token)
