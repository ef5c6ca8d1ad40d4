from pydantic import Field
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Settings of the audit log."""

    audit_seal_interval: float = Field(default=60, gt=0, le=3600)
    """Seconds between two seals: for so long an entry can be changed by whoever owns the table."""
