from datetime import datetime

from sqlalchemy import Index, Integer, String, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database.models import Base, Record


class ProviderEvent(Record, Base):
    """What a webhook said: that it is worth asking about its subjects."""

    __tablename__ = "provider_events"
    __table_args__ = (
        UniqueConstraint("provider", "event_id", name="uq_provider_events_event"),
        # Nearly all are done: the index of the others stays small.
        Index("ix_provider_events_due", "due_at", postgresql_where="state = 'new'"),
    )

    provider: Mapped[str] = mapped_column(String(20))
    event_id: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(100))
    subjects: Mapped[list[str]] = mapped_column(ARRAY(String(255)))
    state: Mapped[str] = mapped_column(String(10), server_default="new")
    attempts: Mapped[int] = mapped_column(Integer(), server_default=text("0"))
    due_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    error: Mapped[str | None] = mapped_column(String(500))
