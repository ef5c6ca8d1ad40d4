import datetime as dt

from sqlalchemy import BigInteger, Boolean, DateTime, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database.models import Base, Record


class BotChat(Record, Base):
    """A chat that a bot is in, or was."""

    __tablename__ = "bot_chats"
    __table_args__ = (
        Index("ix_bot_chats_created_at", "created_at", "id"),
        Index("ix_bot_chats_subscribed", "subscribed", "created_at", "id"),
    )

    chat: Mapped[int] = mapped_column(BigInteger(), unique=True)
    language: Mapped[str | None] = mapped_column(String(10))
    subscribed: Mapped[bool] = mapped_column(Boolean())
    blocked_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
