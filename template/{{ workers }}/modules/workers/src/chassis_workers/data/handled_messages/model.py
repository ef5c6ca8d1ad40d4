from datetime import datetime

from sqlalchemy import LargeBinary, SmallInteger, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database.models import Base


class HandledMessage(Base):
    """A write that was made for a message, and what it stored as JSON."""

    __tablename__ = "handled_messages"

    key: Mapped[str] = mapped_column(Text(), primary_key=True)
    request: Mapped[str] = mapped_column(Text(), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary())
    """Of query and body: the key of one write must not pass for that of another."""
    status: Mapped[int] = mapped_column(SmallInteger())
    stored: Mapped[str] = mapped_column(Text())
    handled_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
