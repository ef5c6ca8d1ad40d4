import datetime as dt
from uuid import UUID

from sqlalchemy import BigInteger, Identity, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database.models import Base


class OutboxEntry(Base):
    """An event that waits to be passed on."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(BigInteger(), Identity(always=True), primary_key=True)
    """Counts up: writes to one record wait for one another, so its events are in order."""
    event_id: Mapped[UUID]
    routing_key: Mapped[str] = mapped_column(String(255))
    """The event's type and version."""
    subject: Mapped[UUID]
    occurred_at: Mapped[dt.datetime]
    headers: Mapped[dict[str, str]] = mapped_column(JSONB())
    """What goes along with the event, as it goes along with calls to other services."""
    body: Mapped[str] = mapped_column(Text())
    """The event as JSON."""
    refused_at: Mapped[dt.datetime | None]
    """Since when it is put aside, for RabbitMQ does not take it."""
    refusal: Mapped[str | None] = mapped_column(Text())
    """Why not."""
