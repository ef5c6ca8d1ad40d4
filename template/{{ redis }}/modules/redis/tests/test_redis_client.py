"""The client: it connects when it is needed, and waits for nobody."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fakeredis import TcpFakeServer
from pydantic import SecretStr, ValidationError
from redis.exceptions import RedisError

from chassis.app import build_app
from chassis.features import FeatureSettings
from chassis_redis.redis_client import Settings, connect

NOBODY = "redis://127.0.0.1:1/0"


async def test_nothing_is_needed_to_start() -> None:
    app = build_app("Tasks", [], FeatureSettings(redis_url=NOBODY))

    async with app.router.lifespan_context(app):
        with pytest.raises(RedisError):
            await app.state.redis.ping()


@contextmanager
def serving(port: int = 0) -> Iterator[str]:
    """A Redis on a port; in the end it closes all connections."""
    with TcpFakeServer(("127.0.0.1", port)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"redis://127.0.0.1:{server.server_address[1]}/0"
        server.shutdown()


async def test_the_application_closes_its_connections() -> None:
    with serving() as url:
        app = build_app("Tasks", [], FeatureSettings(redis_url=url))

        async with app.router.lifespan_context(app):
            await app.state.redis.ping()
            connection = await app.state.redis.connection_pool.get_connection()
            assert connection.is_connected
            await app.state.redis.connection_pool.release(connection)

        assert not connection.is_connected


async def test_a_server_that_was_restarted_is_used_at_once() -> None:
    with serving() as url:
        app = build_app("Tasks", [], FeatureSettings(redis_url=url, redis_timeout=5))
        port = int(url.rpartition(":")[2].removesuffix("/0"))

    async with app.router.lifespan_context(app):
        for _ in range(2):
            with serving(port):
                await asyncio.gather(*(app.state.redis.ping() for _ in range(5)))


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
    shown = repr(FeatureSettings(redis_url="redis://:p455word@cache:6379/0"))

    assert "p455word" not in shown


def test_a_password_is_not_shown_when_the_address_is_wrong() -> None:
    with pytest.raises(ValidationError) as refusal:
        Settings(redis_url="reddis://:secret@cache:6379/0")

    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("password", ["p@ss/w:rd#1?", "two words", "100%25", "пароль", "--bind"])
def test_a_password_may_have_any_characters(password: str) -> None:
    settings = FeatureSettings(redis_url="redis://cache:6379/0", redis_password=SecretStr(password))

    given = connect(settings).connection_pool.connection_kwargs

    assert (given["password"], given["host"]) == (password, "cache")
    assert password not in repr(settings)


def test_a_password_in_the_address_counts_more() -> None:
    settings = Settings(redis_url="redis://:one@cache:6379/0", redis_password=SecretStr("other"))

    given = connect(settings).connection_pool.connection_kwargs

    assert [given["password"]] == ["one"]
