from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, String, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database.models import Base, Record


class Message(Record, Base):
    """A message, and what has become of it."""

    __tablename__ = "messages"
    __table_args__ = (
        Index("ix_messages_created_at", "created_at", "id"),
        Index("ix_messages_state", "state", "created_at", "id"),
        Index("ix_messages_due", "state", "channel", "due_at", "id"),
        Index("ix_messages_address_hash", "address_hash", "created_at", "id"),
        Index(
            "ix_messages_recipient",
            "recipient",
            "created_at",
            postgresql_ops={"recipient": "varchar_pattern_ops"},
        ),
        Index("ix_messages_channel", "channel", "created_at", "id"),
        Index("ix_messages_template", "template", "created_at", "id"),
    )

    template: Mapped[str] = mapped_column(String(63))
    channel: Mapped[str] = mapped_column(String(10))
    recipient: Mapped[str] = mapped_column(String(254))
    address_hash: Mapped[str] = mapped_column(String(64))
    data: Mapped[dict[str, Any]] = mapped_column(JSONB())
    time_zone: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(10), server_default="queued")
    reason: Mapped[str | None] = mapped_column(String(200))
    attempts: Mapped[int] = mapped_column(Integer(), server_default="0")
    attempt: Mapped[UUID | None]
    provider: Mapped[str | None] = mapped_column(String(63))
    provider_id: Mapped[str | None] = mapped_column(String(200))
    segments: Mapped[int | None] = mapped_column(Integer())
    cost: Mapped[int | None] = mapped_column(BigInteger())
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())
