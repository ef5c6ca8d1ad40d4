from uuid import UUID

from sqlalchemy import Boolean, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database.models import Base, Record


class MessageEvent(Record, Base):
    """Something that a provider told of a message."""

    __tablename__ = "message_events"
    __table_args__ = (
        Index("ix_message_events_created_at", "created_at", "id"),
        Index("ix_message_events_handled", "handled", "created_at", "id"),
        Index("uq_message_events_event", "provider", "event", unique=True),
    )

    provider: Mapped[str] = mapped_column(String(20))
    event: Mapped[str] = mapped_column(String(200))
    message: Mapped[UUID]
    state: Mapped[str | None] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(200))
    cause: Mapped[str | None] = mapped_column(String(20))
    handled: Mapped[bool] = mapped_column(Boolean(), server_default=false())
