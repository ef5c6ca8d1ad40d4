from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, HttpUrl, TypeAdapter
from pydantic_settings import BaseSettings

_urls = TypeAdapter(HttpUrl)


def _address(url: str) -> str:
    if url:
        _urls.validate_python(url)
    return url


class Settings(BaseSettings):
    """Settings of the traces."""

    shell_variables: ClassVar[tuple[str, ...]] = ("OTEL_*",)

    traces_url: Annotated[str, AfterValidator(_address)] = ""
    """Where spans are sent by OTLP over HTTP: http://jaeger:4318/v1/traces. Empty: nowhere."""
    traces_share: float = Field(default=0.1, ge=0, le=1)
    """The share of all traces that is sent, as a part of 1; of one, every service sends its part."""
    traces_continued: bool = False
    """Whether a trace that a client began goes on here: only where all clients are trusted, as one
    who is not could have every request sent."""
