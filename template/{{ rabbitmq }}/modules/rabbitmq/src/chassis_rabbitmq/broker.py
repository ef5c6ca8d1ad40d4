"""The connection to RabbitMQ."""

import logging
from collections.abc import Sequence
from typing import Any

from aio_pika import Connection
from aio_pika.abc import AbstractConnection
from faststream.rabbit import Channel, RabbitBroker
from faststream.types import BrokerMiddleware
from yarl import URL

from chassis_rabbitmq.rabbitmq_settings import Settings

logger = logging.getLogger(__name__)
# Both tell of every attempt to connect: once is enough, and only if it fails.
logging.getLogger("aiormq").setLevel(logging.CRITICAL)
logging.getLogger("aio_pika").setLevel(logging.WARNING)


def make_broker(
    settings: Settings,
    *,
    prefetch_count: int | None = None,
    middlewares: Sequence[BrokerMiddleware[Any, Any]] = (),
) -> RabbitBroker:
    """Make a broker, which connects when it is told to.

    ``prefetch_count`` is how many messages its consumers may have in hand at once. To publish what
    no queue takes is an error, unless it is published with ``mandatory=False``.
    """
    return RabbitBroker(
        address(settings),
        timeout=settings.rabbitmq_timeout,
        default_channel=Channel(prefetch_count=prefetch_count, on_return_raises=True),
        middlewares=middlewares,
        logger=logger,
        log_level=logging.DEBUG,  # of each message that comes and goes; errors are told as such
    )


async def connect(settings: Settings) -> AbstractConnection:
    """Connect, once: it does not come back by itself; raises AMQPError or OSError."""
    connection = Connection(address(settings))
    try:
        await connection.connect(timeout=settings.rabbitmq_timeout)
    except BaseException:
        # Or it would close itself whenever it is collected, on a loop that may be over by then.
        await connection.close()
        raise
    return connection


def address(settings: Settings) -> URL:
    """Give the URL with the password; a URL that names no user is for the user "guest"."""
    url = URL(settings.rabbitmq_url)
    if settings.rabbitmq_password is None or url.user is None or url.password is not None:
        return url
    return url.with_password(settings.rabbitmq_password.get_secret_value())
