"""What people want to get: consent to marketing, and when they do not want to be disturbed."""

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from chassis.schemas import Answer, Exact, ListQuery, Schema
from chassis_communications.addresses import Channel
from chassis_communications.messages import Hash, KnownZone, Recipient

PREFERENCES = "/api/v1/preferences"
ERASURES = "/api/v1/erasures"
CONFIRM = "confirm_consent"
"""The template that asks whether it was the owner of an address who asked for marketing."""

Consent = Literal["asked", "given", "withdrawn"]
Hours = Annotated[
    str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$", max_length=11)
]
Number = Annotated[int, Field(ge=1, le=1000), Exact()]


class Address(Schema):
    """Whom it is about."""

    channel: Channel
    recipient: Recipient


class NewPreference(Address):
    """What somebody wants; what is not said stays as it is."""

    consent: Consent | None = None
    quiet_hours: Hours | None = None
    time_zone: KnownZone | None = None
    a_day: Number | None = None


class PreferenceRead(Answer):
    """What somebody wants."""

    id: UUID
    channel: Channel | str
    address_hash: str
    consent: Consent | str | None
    """To marketing: asked until it is confirmed at the address itself."""
    consent_at: dt.datetime | None
    """Since when that is so."""
    quiet_hours: str | None
    time_zone: str | None
    a_day: int | None
    """How many messages a day, at most."""
    created_at: dt.datetime
    updated_at: dt.datetime
    version: int


class ConsentChange(Schema):
    """What somebody says to marketing."""

    consent: Consent


class PreferenceQuery(ListQuery):
    """Which of them a list shows."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    channel: Channel | None = None
    address_hash: Hash | None = None
    consent: Consent | None = None


class Erased(Answer):
    """What was erased of somebody."""

    messages: int
