from datetime import datetime

from sqlalchemy import Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database.models import Base, VersionedRecord


class Preference(VersionedRecord, Base):
    """What the owner of an address wants."""

    __tablename__ = "preferences"
    __table_args__ = (
        Index("ix_preferences_created_at", "created_at", "id"),
        Index("ix_preferences_consent", "consent", "created_at", "id"),
        Index("uq_preferences_address", "channel", "address_hash", unique=True),
    )

    channel: Mapped[str] = mapped_column(String(10))
    address_hash: Mapped[str] = mapped_column(String(64))
    consent: Mapped[str | None] = mapped_column(String(10))
    consent_at: Mapped[datetime | None]
    quiet_hours: Mapped[str | None] = mapped_column(String(11))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    a_day: Mapped[int | None] = mapped_column(Integer())
