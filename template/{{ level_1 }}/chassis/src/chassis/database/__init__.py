"""Database: what data services stand on besides; it needs the extra ``postgres``.

Modules build on this; what puts a service together from them is in ``chassis.database.app``.
"""

from chassis.database.engine import Change, Database, Recorder
from chassis.database.models import Base, Record, VersionedRecord
from chassis.database.repository import Repository
from chassis.database.settings import DatabaseSettings

__all__ = [
    "Base",
    "Change",
    "Database",
    "DatabaseSettings",
    "Record",
    "Recorder",
    "Repository",
    "VersionedRecord",
]
