from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database.models import Base, Record


class Suppression(Record, Base):
    """An address that nothing is sent to."""

    __tablename__ = "suppressions"
    __table_args__ = (
        Index("ix_suppressions_created_at", "created_at", "id"),
        Index("uq_suppressions_address", "channel", "address_hash", unique=True),
    )

    channel: Mapped[str] = mapped_column(String(10))
    address_hash: Mapped[str] = mapped_column(String(64))
    cause: Mapped[str] = mapped_column(String(20))
