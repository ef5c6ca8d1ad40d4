"""Database: what data services stand on besides; it needs the extra ``postgres``."""

from chassis.database.app import build_data_app
from chassis.database.engine import Change, Database, Recorder
from chassis.database.features import DataSettings
from chassis.database.models import Base, Record, VersionedRecord
from chassis.database.repository import Repository
from chassis.database.settings import DatabaseSettings

__all__ = [
    "Base",
    "Change",
    "DataSettings",
    "Database",
    "DatabaseSettings",
    "Record",
    "Recorder",
    "Repository",
    "VersionedRecord",
    "build_data_app",
]
