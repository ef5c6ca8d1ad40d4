from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database.models import Base, Record


class StoredFile(Record, Base):
    """A file: what is in it is in the store, under its id."""

    __tablename__ = "stored_files"
    __table_args__ = (
        Index("ix_stored_files_created_at", "created_at", "id"),
        Index("ix_stored_files_owner", "entity", "entity_id", "created_at", "id"),
        Index("ix_stored_files_state", "state", "created_at", "id"),
        # Nearly every file is wanted: the index of the few that are not stays small.
        Index("ix_stored_files_released", "created_at", "id", postgresql_where="released"),
    )

    name: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(10), server_default="pending")
    content_type: Mapped[str | None] = mapped_column(String(100))
    size: Mapped[int | None] = mapped_column(BigInteger())
    sha256: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(String(200))
    entity: Mapped[str | None] = mapped_column(String(63))
    entity_id: Mapped[UUID | None]
    replaces: Mapped[UUID | None]
    part_size: Mapped[int | None] = mapped_column(BigInteger())
    upload_id: Mapped[str | None] = mapped_column(String(1024))
    made_by: Mapped[str | None] = mapped_column(String(32))
    released: Mapped[bool] = mapped_column(Boolean(), server_default=false())
