"""Entries of the audit log, as services exchange them."""

import datetime as dt
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from chassis.schemas import Answer, Exact, ListQuery, Schema

AUDIT = "/api/v1/audit"
LONGEST: Final = 255
MOST: Final = 100
"""Events that are entered together."""

Name = Annotated[str, Field(min_length=1, max_length=LONGEST)]
Sought = Annotated[Name, Exact()]
Moment = Annotated[AwareDatetime, Exact()]


class AuditRead(Answer):
    """One thing that was done to one record."""

    place: int
    """Counts up in the order in which things were done."""
    at: dt.datetime
    actor: str
    """Who asked for it, as the token names it; a service where no user did."""
    service: str | None
    """The service that asked the data service."""
    action: str
    subject: str
    """The table of the record; of other events, what they are about."""
    subject_id: UUID | None
    changed: list[str]
    """The names of the fields that were given, not what they hold."""
    request_id: str | None


class AuditNew(Schema):
    """Something to be entered that no write tells of: who was refused, who logged in."""

    actor: Name
    service: Name
    action: Name
    subject: Name
    request_id: Name | None = None


class AuditNews(Schema):
    """Some of these, entered together."""

    entries: list[AuditNew] = Field(min_length=1, max_length=MOST)


class AuditQuery(ListQuery):
    """Which entries a list shows, the latest first."""

    sort: Literal["-place"] = "-place"
    actor: Sought | None = None
    action: Sought | None = None
    subject: Sought | None = None
    subject_id: UUID | None = None
    request_id: Sought | None = None
    at_min: Moment | None = None
    at_max: Moment | None = None
