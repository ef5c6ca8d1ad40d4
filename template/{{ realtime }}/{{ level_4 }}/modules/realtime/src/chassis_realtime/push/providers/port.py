"""What a provider does: it passes one notice on to one device."""

import datetime as dt
import json
from dataclasses import dataclass
from enum import Enum
from typing import Protocol
from uuid import UUID

from chassis_realtime.devices import Kind, PushDeviceRead


@dataclass(frozen=True, slots=True)
class Notice:
    """That something has happened to a record, and nothing of what is in it: providers read along."""

    id: UUID
    """Of the event: whoever is told twice can tell by this."""
    type: str
    record: UUID
    happened_at: dt.datetime

    def said(self, audience: str) -> dict[str, str]:
        """Give all that a device is told."""
        return {
            "id": str(self.id),
            "type": self.type,
            "collection": audience,
            "record": str(self.record),
        }

    def as_json(self, audience: str) -> bytes:
        """Give it as one text."""
        return json.dumps(self.said(audience), separators=(",", ":")).encode()


class Outcome(Enum):
    """What a push has come to."""

    DELIVERED = "delivered"
    """The provider has it."""
    GONE = "gone"
    """The device is there no more, or wants nothing any more."""
    LATER = "later"
    """The provider takes no more for this device just now."""
    REFUSED = "refused"
    """The provider will never take this."""
    AWAY = "away"
    """The provider does not answer, fails, or does not let this system in."""
    EXPIRED = "expired"
    """It was given up: what it tells has happened too long ago."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider says."""

    outcome: Outcome
    after: float = 0
    """Seconds that it wants to be left alone for, where it is to be tried again."""
    reason: str = ""
    """A word of the provider's, without the address."""


DELIVERED = Answer(Outcome.DELIVERED)


class ProviderAway(Exception):  # noqa: N818  # what became of it, and no error of the code
    """The provider itself fails; the text says how, without the address."""

    def __init__(self, reason: str, *, after: float = 0) -> None:
        super().__init__(reason)
        self.after = after


class Provider(Protocol):
    """Passes notices on."""

    kind: Kind

    @property
    def only_host(self) -> str | None:
        """The host that all devices are reached by; None where each has its own."""
        ...

    def host(self, device: PushDeviceRead) -> str:
        """Name the host that a device is reached by."""
        ...

    async def send(self, device: PushDeviceRead, notice: Notice, life: int) -> Answer:
        """Pass a notice on, to be kept for so many seconds while the device is off.

        Raises ProviderAway. The same notice again does not disturb twice.
        """
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...
