from pydantic import PositiveInt
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Settings of links by which files are given out."""

    files_access_seconds: PositiveInt = 86_400
    """How long a link may be good at most."""
