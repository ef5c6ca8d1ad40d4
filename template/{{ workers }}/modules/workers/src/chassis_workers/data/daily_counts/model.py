import datetime as dt

from sqlalchemy import BigInteger, Date, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database.models import Base, Record


class DailyCount(Record, Base):
    """How often something happened on a day, or how much there was of it."""

    __tablename__ = "daily_counts"
    __table_args__ = (
        UniqueConstraint("name", "day"),
        Index("ix_daily_counts_day", "day", "id"),
    )

    name: Mapped[str] = mapped_column(String(100))
    day: Mapped[dt.date] = mapped_column(Date())
    number: Mapped[int] = mapped_column(BigInteger())
