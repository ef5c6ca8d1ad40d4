from pydantic import PositiveFloat, PositiveInt
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Settings of the web server: how much a client may send, and how long it may take."""

    max_target_bytes: PositiveInt = 16_384
    """The longest path with its query, in bytes."""
    max_header_bytes: PositiveInt = 32_768
    """The largest head of a request: its first line and all headers, in bytes."""
    max_headers: PositiveInt = 100
    """Headers that one request may have."""
    max_message_bytes: PositiveInt = 65_536
    """The largest message that a client may send over a WebSocket, in bytes."""
    max_connections: PositiveInt = 1000
    """Connections that may be open; above it, the one that has been idle longest is closed."""
    header_timeout: PositiveFloat = 10
    """Seconds that the head of a request may take to arrive."""
    body_timeout: PositiveFloat = 30
    """Seconds that the body of a request may take to arrive, and more for a large one."""
    body_rate: PositiveInt = 65_536
    """Bytes that a second more is given for: a slow client may go on, one that stops may not."""
    send_timeout: PositiveFloat = 30
    """Seconds that a client may read nothing of an answer."""
    # Above what clients keep their connections for (aiohttp: 15 s): they should close first, or
    # a request is sent just when the connection is closed.
    idle_timeout: PositiveInt = 30
    """Seconds that a connection may wait for its next request."""
    shutdown_timeout: PositiveInt = 10
    """Seconds that running requests get to end when the service is stopped."""
