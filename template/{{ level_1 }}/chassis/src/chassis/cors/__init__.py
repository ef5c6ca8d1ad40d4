"""CORS: which pages of other origins may call this service from a browser; none by default."""

from typing import Annotated, Self

from fastapi import FastAPI
from pydantic import BeforeValidator, PositiveInt, model_validator
from pydantic_settings import BaseSettings, NoDecode
from starlette.middleware.cors import CORSMiddleware

from chassis.feature import no_lifespan

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
ANY = "*"


def _listed(value: object) -> object:
    if not isinstance(value, str):
        return value
    return [item.strip() for item in value.split(",") if item.strip()]


type Names = Annotated[list[str], NoDecode, BeforeValidator(_listed)]


class Settings(BaseSettings):
    """Settings of CORS; lists are written with commas."""

    cors_origins: Names = []
    """Origins that may call, such as https://app.example.com; * for any."""
    cors_headers: Names = [ANY]
    """Headers that they may send."""
    cors_exposed_headers: Names = []
    """Headers of answers that they may read, besides those of the service's own features."""
    cors_credentials: bool = False
    """Whether browsers send cookies and logins along; not with any origin."""
    cors_max_age: PositiveInt = 600
    """Seconds that browsers remember this."""

    @model_validator(mode="after")
    def check_origins(self) -> Self:
        """Refuse what browsers refuse, or what would open the service to everybody's pages."""
        for origin in self.cors_origins:
            if origin != ANY and not _is_origin(origin):
                msg = f"cors_origins: {origin!r} must look like https://app.example.com"
                raise ValueError(msg)
        if self.cors_credentials and ANY in self.cors_origins:
            msg = "cors_credentials needs origins by name in cors_origins, not *"
            raise ValueError(msg)
        return self


def install(app: FastAPI, settings: Settings) -> None:
    """Let the pages of these origins call, if there are any."""
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=METHODS,
            allow_headers=settings.cors_headers,
            expose_headers=[*app.state.exposed_headers, *settings.cors_exposed_headers],
            allow_credentials=settings.cors_credentials,
            max_age=settings.cors_max_age,
        )


lifespan = no_lifespan


def _is_origin(text: str) -> bool:
    """Tell whether a browser could send this: a scheme and a host, no path, not even a slash."""
    scheme, _, host = text.partition("://")
    return bool(scheme) and bool(host) and not set(host) & set("/?#@* ")
