import asyncio
import gc
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from chassis_rabbitmq.outbox.publisher import Publisher
from chassis_rabbitmq.outbox.relay import OUTAGES
from chassis_rabbitmq.rabbitmq_settings import Settings


async def test_no_server_is_an_outage() -> None:
    with pytest.raises(OUTAGES):
        await Publisher.opened(Settings(rabbitmq_url="amqp://127.0.0.1:1/"))


def test_nothing_of_a_failed_connection_is_left_to_close() -> None:
    def fail() -> None:
        with closing(asyncio.new_event_loop()) as loop:
            with pytest.raises(OUTAGES):
                loop.run_until_complete(
                    Publisher.opened(Settings(rabbitmq_url="amqp://127.0.0.1:1/"))
                )
            gc.collect()  # no loop runs here: what wants to be closed only now warns, an error

    with ThreadPoolExecutor() as pool:
        pool.submit(fail).result()


async def test_a_server_that_says_nothing_is_an_outage() -> None:
    silence = asyncio.Event()

    async def listen(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silence.wait()
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        settings = Settings(rabbitmq_url=f"amqp://127.0.0.1:{port}/", rabbitmq_timeout=0.1)
        with pytest.raises(OUTAGES):
            await Publisher.opened(settings)
        silence.set()
