from pydantic import Field, PositiveFloat, PositiveInt
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Settings of the HTTP client."""

    http_timeout: PositiveFloat = 10
    """Seconds that one call may take, its retries included."""
    http_connect_timeout: PositiveFloat = 2
    """Seconds that it may take to get a connection: to wait for a free one, and to open it."""
    http_pool_size: PositiveInt = 100
    """Connections that may be open at the same time."""
    http_attempts: PositiveInt = 3
    """How often a GET is tried in all."""
    http_retry_share: float = Field(default=0.1, ge=0, le=1)
    """How many of all calls may be tried again, as a part of 1; a few always may after a quiet time."""
    http_max_answer_bytes: PositiveInt = 16 * 1024 * 1024
    """The largest answer of another service that is read, in bytes."""
