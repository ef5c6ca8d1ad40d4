"""Addresses that nothing is sent to, and why."""

import datetime as dt
from typing import Literal
from uuid import UUID

from chassis.schemas import Answer, ListQuery, Schema
from chassis_communications.addresses import Channel
from chassis_communications.messages import Hash, Recipient

SUPPRESSIONS = "/api/v1/suppressions"

Cause = Literal["bounce", "complaint", "opt_out", "manual"]


class NewSuppression(Schema):
    """An address that nothing is to be sent to any more."""

    channel: Channel
    recipient: Recipient
    cause: Cause = "manual"


class SuppressionCause(Schema):
    """Why nothing is to be sent to an address any more."""

    cause: Cause


class SuppressionRead(Answer):
    """An address that nothing is sent to; what stands for it, for nobody needs to read it."""

    id: UUID
    channel: Channel | str
    address_hash: str
    cause: Cause | str
    created_at: dt.datetime
    updated_at: dt.datetime


class SuppressionQuery(ListQuery):
    """Which of them a list shows."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    channel: Channel | None = None
    address_hash: Hash | None = None
