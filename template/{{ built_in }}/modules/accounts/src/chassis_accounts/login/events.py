"""What happens where people log in, for those who are to hear of it."""

from collections.abc import Callable
from enum import StrEnum
from uuid import UUID


class LoginEvent(StrEnum):
    """Something that the audit log and the metrics tell of."""

    ADMITTED = "login"
    REFUSED = "login refused"
    THROTTLED = "login throttled"
    REUSED = "refresh token reused"


type LoginObserver = Callable[[LoginEvent, UUID | None], None]
"""Hears of an event and of the account, where there is one."""
