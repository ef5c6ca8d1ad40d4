from pydantic import Field, PositiveFloat
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.database.settings import DatabaseUrl


class ReplicaSettings(BaseSettings):
    """Settings of the database that follows that of the service."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)  # the URL may hold a password

    replica_database_url: DatabaseUrl | None = Field(default=None, repr=False)
    """Where it is; lists are read from it. Its role and password are those of DATABASE_URL."""
    replica_patience: PositiveFloat = 0.3
    """Seconds that a list waits until it has all that was written before the list was asked for."""
    replica_pause: PositiveFloat = 1
    """Seconds for which it is left alone when it was away, or too far behind."""
