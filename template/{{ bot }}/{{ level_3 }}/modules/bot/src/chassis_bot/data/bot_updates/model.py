import datetime as dt

from sqlalchemy import BigInteger, Index, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database.models import Base


class BotUpdate(Base):
    """Something that happened in a chat; once it is done, only its number is known."""

    __tablename__ = "bot_updates"
    __table_args__ = (
        # Nearly all are done: the index of the others stays small.
        Index("ix_bot_updates_waiting", "update_id", postgresql_where="done_at IS NULL"),
        Index("ix_bot_updates_done", "done_at", postgresql_where="done_at IS NOT NULL"),
    )

    update_id: Mapped[int] = mapped_column(BigInteger(), primary_key=True, autoincrement=False)
    body: Mapped[str | None] = mapped_column(Text())
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    done_at: Mapped[dt.datetime | None]
