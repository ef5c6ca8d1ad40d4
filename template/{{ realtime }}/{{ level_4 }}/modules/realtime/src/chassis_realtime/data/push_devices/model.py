import datetime as dt

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database.models import Base, VersionedRecord


class PushDevice(VersionedRecord, Base):
    """A device that is told what happens to one collection."""

    __tablename__ = "push_devices"
    __table_args__ = (
        # One person at a device: whoever registers it last, as two would be told the same twice.
        UniqueConstraint("address_hash", "kind", "audience", name="uq_push_devices_device"),
        Index("ix_push_devices_account", "account", "created_at", "id"),
        Index("ix_push_devices_audience", "audience", "created_at", "id"),
        Index("ix_push_devices_created_at", "created_at", "id"),
    )

    account: Mapped[str] = mapped_column(String(255))
    audience: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(Text())
    address_hash: Mapped[str] = mapped_column(String(64))
    p256dh: Mapped[str | None] = mapped_column(String(100))
    auth: Mapped[str | None] = mapped_column(String(100))
    roles: Mapped[list[str]] = mapped_column(JSONB())
    ends_at: Mapped[dt.datetime]
