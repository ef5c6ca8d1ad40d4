"""Idempotency: a POST with the header ``Idempotency-Key`` is carried out once.

A repeat gets the first answer. What becomes of a key:

- An answer below 400 is kept, and so is a refusal that came after something had been written. Of one that
  asks not to be kept (``Cache-Control: no-store``) only that it was given: repeats are refused with 409.
- A refusal (4xx), and a 503 before anything was written: nothing was done, the key is free again.
- Otherwise (5xx, or a process that died) nobody knows what was done: repeats are refused with 409.

Of a request Redis keeps digests alone, made with ``idempotency_secret``: bodies hold passwords, too, and
whoever reads Redis could try them out on a digest that anybody can make.

A route that knows its keys itself (``openapi_extra={"x-knows-keys": True}``) is left to do so.

What was written is known from the calls of ``app.state.http``. While Redis is away, requests with
a key are refused with 503 and not carried out.
"""

from fastapi import FastAPI
from pydantic import PositiveInt, SecretStr
from pydantic_settings import BaseSettings

from chassis.feature import no_lifespan
from chassis_redis.idempotency.middleware import HEADER, REPLAYED, Idempotency
from chassis_redis.idempotency.records import KeySettings, Records

__all__ = ["HEADER", "REPLAYED", "Settings", "install", "lifespan"]


class Settings(BaseSettings):
    """Settings of the idempotency keys."""

    idempotency_retention: PositiveInt = 24 * 60 * 60
    """Seconds for which a key is remembered."""
    idempotency_patience: PositiveInt = 60
    """Seconds after which a request without an answer counts as lost."""
    idempotency_max_bytes: PositiveInt = 1_048_576
    """The largest body of a request with a key, in bytes: it is held in memory."""
    idempotency_secret: SecretStr | None = None
    """What the digests of requests in Redis are made with, besides the key of each. With another one,
    keys that were used before are new ones."""
    idempotency_scope: frozenset[str] = frozenset(
        {"authorization", "proxy-authorization", "x-api-key"}
    )
    """Headers that say who asks: the same key with another value is another key. Add what tells your
    tenants apart."""


def install(app: FastAPI, settings: KeySettings) -> None:
    """Look at every POST."""
    service = "-".join(app.title.lower().split())
    records = Records(app.state.redis, settings, service)
    secret = settings.idempotency_secret
    app.add_middleware(
        Idempotency,
        records=records,
        secret=secret.get_secret_value().encode() if secret else b"",
        scope=settings.idempotency_scope,
        max_bytes=settings.idempotency_max_bytes,
    )


lifespan = no_lifespan
