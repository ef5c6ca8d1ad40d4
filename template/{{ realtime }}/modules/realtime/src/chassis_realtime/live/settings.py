from typing import Protocol

from pydantic import NonNegativeInt, PositiveFloat, PositiveInt
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Settings of real-time communication."""

    realtime_log_length: PositiveInt = 10_000
    """Entries that the log of an audience keeps, or a few more."""
    realtime_log_time: PositiveInt = 86_400
    """Seconds for which a log is kept after its last entry."""
    realtime_repeat_time: PositiveInt = 3600
    """Seconds for which an event that comes again is left out."""
    realtime_queue: PositiveInt = 100
    """Entries that wait for a client; one that reads too slowly for that is let go."""
    realtime_heartbeat: PositiveFloat = 15
    """Seconds after which a client of a stream hears that it is still connected."""
    realtime_send_timeout: PositiveFloat = 10
    """Seconds that a client of a WebSocket may take to read a message."""
    realtime_connections: PositiveInt = 500
    """Clients that one instance takes; below MAX_CONNECTIONS, or nobody else is answered."""
    realtime_per_user: NonNegativeInt = 20
    """Connections that one user may have at an instance; 0: as many as there are."""
    realtime_per_address: NonNegativeInt = 20
    """Connections that may come from one address; 0 where a gateway stands before all clients."""


class LiveSettings(Protocol):
    """The settings of the features that count here."""

    cors_origins: list[str]
    realtime_connections: int
    realtime_heartbeat: float
    realtime_log_length: int
    realtime_log_time: int
    realtime_per_address: int
    realtime_per_user: int
    realtime_queue: int
    realtime_repeat_time: int
    realtime_send_timeout: float
    redis_namespace: str
