"""What messages cost, before one more is sent.

Who earns by the SMS that a number gets has somebody's form send them to many numbers, each once: no
limit for an address sees that. The numbers are bought in ranges, and the bill is seen at the end of the month.
"""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from chassis_communications.declared import Template
from chassis_communications.kept_costs import KeptCosts
from chassis_communications.messages import StoredMessageRead
from chassis_communications.sending.decisions import DAY, PutOff, Withheld
from chassis_communications.spending import TotalQuery
from chassis_communications.spending_limits.settings import Settings

MILLION = 1_000_000
CROWDED = "Numbers of this range have had as many SMS as they get in a day."
SPENT = "Messages have cost as much as they may in a day."
WAIT = dt.timedelta(minutes=15)
KNOWN_FOR_S = 5.0
"""Seconds for which a sum counts: it goes over all messages of a day."""

type Count = Callable[[], None]


@dataclass(frozen=True, slots=True)
class NotOneRange:
    """SMS do not go to one number after the other."""

    kept: Callable[[], KeptCosts]
    settings: Settings
    told: Count

    async def __call__(self, message: StoredMessageRead, _template: Template) -> None:
        """Raise Withheld."""
        if message.channel != "sms":
            return
        beginning = message.recipient[: -self.settings.sms_range_digits]
        query = TotalQuery(
            since=dt.datetime.now(dt.UTC) - DAY, channel="sms", beginning=max(beginning, "+0")
        )
        if (await self.kept().total(query)).messages >= self.settings.sms_range_a_day:
            self.told()
            raise Withheld(CROWDED)


@dataclass(slots=True)
class WithinBudget:
    """Messages wait once a day's limit is spent, until 24 hours have less in them."""

    kept: Callable[[], KeptCosts]
    settings: Settings
    told: Count
    clock: Callable[[], float] = field(default=time.monotonic)
    _spent: int = field(default=0)
    _known_until: float = field(default=0)

    async def __call__(self, _message: StoredMessageRead, _template: Template) -> None:
        """Raise PutOff."""
        limit = self.settings.messages_cost_a_day * MILLION
        if limit and await self._cost() >= limit:
            self.told()
            raise PutOff(SPENT, dt.datetime.now(dt.UTC) + WAIT)

    async def _cost(self) -> int:
        if self.clock() >= self._known_until:
            since = dt.datetime.now(dt.UTC) - DAY
            self._spent = (await self.kept().total(TotalQuery(since=since))).cost
            self._known_until = self.clock() + KNOWN_FOR_S
        return self._spent
