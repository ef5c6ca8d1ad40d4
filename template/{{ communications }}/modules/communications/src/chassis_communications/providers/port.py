"""What a provider does: it sends one message, once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from chassis_communications.suppressions import Cause
from chassis_communications.templates import Rendered


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message on its way out."""

    id: UUID
    recipient: str
    content: Rendered
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of an email, besides its own."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a provider says of a message that it has taken."""

    name: str | None = None
    """What it calls the message."""
    segments: int = 1
    """How many messages it bills."""
    price: int | None = None
    """What it bills, in millionths of the account's currency; None while it does not say."""


class NotSent(Exception):  # noqa: N818  # what became of it, and no error of the code
    """The provider surely did not take a message; the text says why, without the address."""

    def __init__(
        self, reason: str, *, again: bool, after: float = 0, cause: Cause | None = None
    ) -> None:
        super().__init__(reason)
        self.again = again
        """Whether it may be taken later."""
        self.after = after
        """Seconds that the provider wants to be left alone for."""
        self.cause = cause
        """Why nothing is to be sent to this address any more."""


class NotReached(NotSent):
    """The provider itself could not be reached."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, again=True)


class Provider(Protocol):
    """Sends messages of one channel."""

    name: str
    address: str
    """The host, and the port, where it is."""

    async def send(self, message: Outgoing) -> Taken:
        """Say what the provider has taken; raises NotSent, and OutcomeUnknown if nobody can tell."""
        ...

    async def close(self) -> None:
        """Close what is open."""
        ...
