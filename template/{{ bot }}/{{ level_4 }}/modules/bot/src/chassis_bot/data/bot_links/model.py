import datetime as dt

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database.models import Base, VersionedRecord


class BotLink(VersionedRecord, Base):
    """A chat that acts as an account, or a link that waits for one."""

    __tablename__ = "bot_links"
    __table_args__ = (
        Index("ix_bot_links_account", "account", "created_at", "id"),
        Index("ix_bot_links_created_at", "created_at", "id"),
    )

    account: Mapped[str] = mapped_column(String(255))
    roles: Mapped[list[str]] = mapped_column(JSONB())
    chat: Mapped[int | None] = mapped_column(BigInteger(), unique=True)
    ends_at: Mapped[dt.datetime]
