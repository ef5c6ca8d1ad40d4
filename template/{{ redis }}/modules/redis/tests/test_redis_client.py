"""The client: it connects when it is needed, and waits for nobody."""

import socket
import threading
import time

import pytest
from fakeredis import TcpFakeServer
from pydantic import ValidationError
from redis.exceptions import RedisError

from chassis.app import build_app
from chassis.features import FeatureSettings

NOBODY = "redis://127.0.0.1:1/0"


async def test_nothing_is_needed_to_start() -> None:
    app = build_app("Tasks", [], FeatureSettings(redis_url=NOBODY))

    async with app.router.lifespan_context(app):
        with pytest.raises(RedisError):
            await app.state.redis.ping()


async def test_the_application_closes_its_connections() -> None:
    with TcpFakeServer(("127.0.0.1", 0)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"redis://127.0.0.1:{server.server_address[1]}/0"
        app = build_app("Tasks", [], FeatureSettings(redis_url=url))

        async with app.router.lifespan_context(app):
            await app.state.redis.ping()
            connection = await app.state.redis.connection_pool.get_connection()
            assert connection.is_connected
            await app.state.redis.connection_pool.release(connection)

        assert not connection.is_connected
        server.shutdown()


async def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        app = build_app("Tasks", [], FeatureSettings(redis_url=url, redis_timeout=0.1))
        started = time.monotonic()

        async with app.router.lifespan_context(app):
            with pytest.raises(RedisError):
                await app.state.redis.ping()

    assert time.monotonic() - started < 2


def test_an_address_has_a_scheme() -> None:
    with pytest.raises(ValidationError, match="redis_url"):
        FeatureSettings(redis_url="localhost:6379")


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(FeatureSettings(redis_url="redis://:secret@cache:6379/0"))
