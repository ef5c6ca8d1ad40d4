"""Webhooks, one shape for all providers.

The bytes are verified as they came. Each event is one row of an inbox (``chassis.webhooks.inbox``), however
often it is told, and then the provider is answered. A worker acts on it: what fails is tried again later
and later, and what was forged leaves nothing behind.
"""

from chassis.webhooks.acting import ActOnEvents
from chassis.webhooks.bodies import ANY_BODY, body_of, json_of
from chassis.webhooks.events import LONGEST_ERROR, DueEvent, EventOutcome
from chassis.webhooks.forged import FORGED, NOT_EXPECTED, OLDEST, Forged, check_age

__all__ = [
    "ANY_BODY",
    "FORGED",
    "LONGEST_ERROR",
    "NOT_EXPECTED",
    "OLDEST",
    "ActOnEvents",
    "DueEvent",
    "EventOutcome",
    "Forged",
    "body_of",
    "check_age",
    "json_of",
]
