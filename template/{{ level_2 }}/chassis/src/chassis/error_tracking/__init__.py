"""Error tracking: unexpected errors are reported to Sentry; off without a DSN."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, ClassVar

import sentry_sdk
from pydantic import BeforeValidator, Field, HttpUrl
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.environment import Service
from chassis.error_tracking.privacy import before_send
from chassis.feature import Host

FLUSH_TIMEOUT = 2
"""Seconds that reports get to be sent when the application stops."""


class Settings(BaseSettings):
    """Settings of the error tracking."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)  # the DSN is a key

    shell_variables: ClassVar[tuple[str, ...]] = ("SENTRY_*",)

    sentry_dsn: Annotated[HttpUrl | None, BeforeValidator(lambda value: value or None)] = Field(
        default=None, repr=False
    )
    """Where errors are reported to; nothing is reported without it."""


def install(host: Host, settings: Settings) -> None:
    """Report errors of the whole process, if there is somewhere to report them to."""
    if settings.sentry_dsn is not None:
        start(str(settings.sentry_dsn), host.state.service)


@asynccontextmanager
async def lifespan(_host: Host, _settings: Settings) -> AsyncIterator[None]:
    """Send what has not been sent when the application stops."""
    try:
        yield
    finally:
        sentry_sdk.flush(FLUSH_TIMEOUT)


def start(dsn: str, service: Service, transport: type[sentry_sdk.Transport] | None = None) -> None:
    """Report errors, and nothing that people sent: no bodies, headers, queries or variables."""
    sentry_sdk.init(
        dsn,
        release=f"{service.name}@{service.version}",
        environment=service.environment,
        server_name=service.name,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        # Calls are followed by other means; its headers would go to everybody who is called.
        trace_propagation_targets=[],
        before_send=before_send,
        transport=transport,
    )
