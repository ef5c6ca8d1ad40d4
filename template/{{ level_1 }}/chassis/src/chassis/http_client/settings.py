from pydantic import PositiveFloat, PositiveInt
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Settings of the HTTP client."""

    http_timeout: PositiveFloat = 10
    """Seconds that one call may take, its retries included."""
    http_connect_timeout: PositiveFloat = 2
    """Seconds that one attempt to connect may take."""
    http_pool_size: PositiveInt = 100
    """Connections that may be open at the same time."""
    http_attempts: PositiveInt = 3
    """How often a GET is tried in all."""
