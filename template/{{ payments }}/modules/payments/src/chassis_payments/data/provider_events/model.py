from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database.models import Base
from chassis.webhooks.inbox import InboxRecord


class ProviderEvent(InboxRecord, Base):
    """What a webhook said: that it is worth asking about its subjects."""

    __tablename__ = "provider_events"
    __table_args__ = (
        UniqueConstraint("provider", "event_id", name="uq_provider_events_event"),
        # Nearly all are done: the index of the others stays small.
        Index("ix_provider_events_due", "provider", "due_at", postgresql_where="state = 'new'"),
        Index("ix_provider_events_done", "created_at", postgresql_where="state = 'done'"),
    )

    kind: Mapped[str] = mapped_column(String(100))
    subjects: Mapped[list[str]] = mapped_column(ARRAY(String(255)))
