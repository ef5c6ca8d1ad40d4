"""Versions: a write counts on the record that its sender saw, or is refused.

Each record has a version, and every write moves it on. An answer with one record gives it as its
``ETag``; a PATCH or DELETE with that in ``If-Match`` is refused with 412 once there is another one.
"""

from fastapi import FastAPI
from pydantic_settings import BaseSettings

from chassis.feature import no_lifespan
from chassis.versions.deciding import decides_again
from chassis.versions.etags import IfMatch, etag_of, tagged

__all__ = [
    "IfMatch",
    "Settings",
    "decides_again",
    "etag_of",
    "install",
    "lifespan",
    "tagged",
]


class Settings(BaseSettings):
    """Settings of versions."""

    require_if_match: bool = False
    """Whether a PATCH or DELETE without ``If-Match`` is refused (428)."""


def install(app: FastAPI, settings: Settings) -> None:
    """Tell the routes whether they need ``If-Match``."""
    app.state.require_if_match = settings.require_if_match


lifespan = no_lifespan
