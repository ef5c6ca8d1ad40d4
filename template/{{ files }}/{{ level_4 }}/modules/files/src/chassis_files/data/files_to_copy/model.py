from sqlalchemy import Index

from chassis.database.models import Base, Record


class FileToCopy(Record, Base):
    """A file that has to be copied: its id is that of the file."""

    __tablename__ = "files_to_copy"
    __table_args__ = (Index("ix_files_to_copy_created_at", "created_at", "id"),)
