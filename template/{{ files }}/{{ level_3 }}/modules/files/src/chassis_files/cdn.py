"""Files by way of a CDN: it asks the API once, and gives out what it got for a while."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import FastAPI
from pydantic import AfterValidator, PositiveInt
from pydantic_settings import BaseSettings

from chassis.feature import no_lifespan
from chassis_files.file_api.delivery import Delivery

__all__ = ["Settings", "install", "lifespan"]


def _base(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in {"http", "https"} or not parts.netloc or parts.query):
        msg = "must be the address before /api, such as https://cdn.example.com"
        raise ValueError(msg)
    return url.rstrip("/")


class Settings(BaseSettings):
    """Settings of the CDN."""

    files_cdn_url: Annotated[str, AfterValidator(_base)] = ""
    """Where it passes on the paths of the API; empty for no CDN."""
    files_cdn_seconds: PositiveInt = 3600
    """How long it, and clients, may keep a file: one that is deleted is given out so long."""


def install(app: FastAPI, settings: Settings) -> None:
    """Name the CDN in what is told of files, and let it keep them."""
    if settings.files_cdn_url:
        app.state.file_delivery = Delivery(settings.files_cdn_url, settings.files_cdn_seconds)


lifespan = no_lifespan
