from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database.models import Base
from chassis.webhooks.inbox import InboxRecord


class MessageEvent(InboxRecord, Base):
    """Something that a provider told of a message."""

    __tablename__ = "message_events"
    __table_args__ = (
        Index("uq_message_events_event", "provider", "event_id", unique=True),
        # Nearly all are done: the index of the others stays small.
        Index("ix_message_events_due", "due_at", postgresql_where="state = 'new'"),
        Index("ix_message_events_done", "created_at", postgresql_where="state = 'done'"),
    )

    message: Mapped[UUID]
    told: Mapped[str | None] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(200))
    cause: Mapped[str | None] = mapped_column(String(20))
