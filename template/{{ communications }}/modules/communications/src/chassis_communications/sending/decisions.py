"""Before a message is sent, everything that may speak against it is asked, in this order."""

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from chassis_communications.declared import Template
from chassis_communications.kept_messages import KeptMessages
from chassis_communications.messages import StoredMessageRead
from chassis_communications.sending.settings import Settings

DAY = dt.timedelta(days=1)
QUIET = "It is night where the recipient lives."
TOO_MANY = "The address has had as many messages as it gets in a day."


class Withheld(Exception):  # noqa: N818  # what is decided, and no error
    """A message is not sent, now or later; the text says why."""


class PutOff(Exception):  # noqa: N818  # what is decided, and no error
    """A message is sent later."""

    def __init__(self, reason: str, until: dt.datetime) -> None:
        super().__init__(reason)
        self.until = until


type Decision = Callable[[StoredMessageRead, Template], Awaitable[None]]
"""Raises Withheld or PutOff for a message that is not sent now."""


@dataclass(frozen=True, slots=True)
class NotSuppressed:
    """Nothing is sent to an address that bounced, complained or opted out."""

    kept: KeptMessages

    async def __call__(self, message: StoredMessageRead, _template: Template) -> None:
        """Raise Withheld."""
        found = await self.kept.suppression_of(message.channel, message.address_hash)
        if found:
            raise Withheld(f"Nothing is sent to this address: {found.cause}.")


@dataclass(frozen=True, slots=True)
class NotAtNight:
    """Nobody is disturbed in quiet hours but for the security of an account."""

    settings: Settings

    async def __call__(self, message: StoredMessageRead, template: Template) -> None:
        """Raise PutOff."""
        hours = self.settings.messages_quiet_hours
        if not hours or template.category == "security":
            return
        zone = zone_of(message.time_zone or self.settings.messages_time_zone)
        until = quiet_until(hours, dt.datetime.now(zone))
        if until:
            raise PutOff(QUIET, until)


@dataclass(frozen=True, slots=True)
class NotTooMany:
    """No address is flooded, whatever goes wrong in the project."""

    kept: KeptMessages
    settings: Settings

    async def __call__(self, message: StoredMessageRead, _template: Template) -> None:
        """Raise Withheld."""
        since = dt.datetime.now(dt.UTC) - DAY
        number = await self.kept.sent_to(message.address_hash, since)
        if number >= self.settings.messages_a_day:
            raise Withheld(TOO_MANY)


def decisions(kept: KeptMessages, settings: Settings) -> Sequence[Decision]:
    """Give what is asked of every message, in order."""
    return [NotSuppressed(kept), NotAtNight(settings), NotTooMany(kept, settings)]


def quiet_until(hours: str, now: dt.datetime) -> dt.datetime | None:
    """Say when quiet hours end, as 22:00-07:00; None if it is another time of the day."""
    begin, end = (dt.time.fromisoformat(part) for part in hours.split("-"))
    time = now.time().replace(tzinfo=None)
    is_quiet = begin <= time < end if begin <= end else time >= begin or time < end
    if not is_quiet:
        return None
    day = now.date() if time < end else now.date() + DAY
    return dt.datetime.combine(day, end, now.tzinfo).astimezone(dt.UTC)


def zone_of(name: str) -> dt.tzinfo:
    """Give a time zone; UTC for a name that nobody knows."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return dt.UTC
