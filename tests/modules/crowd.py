"""Many clients of two instances, on a real Redis that is killed; run by the Python of a project.

``crowd.py faults APP FOLDER`` or ``crowd.py idle APP FOLDER``; it prints what it found as JSON.
"""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import psutil
from chassis_realtime.log import Log
from chassis_redis import redis_client
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

CLIENTS = 200
EVENTS = 1500
IDLE = 1000
AUDIENCE = os.environ.get("CROWD_AUDIENCE", "tasks")
PATIENCE_S = 60
ALL_AT_ONCE = {
    "MAX_CONNECTIONS": "5000",
    "REALTIME_CONNECTIONS": "4000",
    "REALTIME_PER_ADDRESS": "0",
    "REALTIME_QUEUE": "2000",
}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as open_:
        return int(open_.getsockname()[1])


class LogSettings(redis_client.Settings):
    """What the worker is set to; here everything is kept."""

    realtime_log_length: int = 100_000
    realtime_log_time: int = 3600
    realtime_repeat_time: int = 3600


class RedisServer:
    """A Redis that keeps its data when it is killed."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        program = shutil.which("redis-server")
        assert program
        options = ["--port", str(self.port), "--dir", str(self._folder), "--appendonly", "yes"]
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen([program, *options, "--save", ""], stdout=log)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


class Instance:
    """One instance of the business API."""

    def __init__(self, app: str, redis: str, folder: Path) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "chassis.serve", app, "--port", str(self.port)]
        environment = {**os.environ, **ALL_AT_ONCE, "REDIS_URL": redis}
        self.log = folder / f"{self.port}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    async def ready(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    return

    def memory(self) -> int:
        """Give its resident memory in bytes."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class Client:
    """Reads until it has everything; goes on elsewhere when its connection ends."""

    def __init__(self, number: int, instances: list[Instance]) -> None:
        self._turn = number
        self._instances = instances
        self._last = ""
        self.numbers: list[int] = []
        self.resets = 0
        self.connected = asyncio.Event()
        self.connections = 0

    async def run(self) -> None:
        while len(self.numbers) < EVENTS:
            try:
                await self._read(self._instances[self._turn % len(self._instances)])
            except (OSError, WebSocketException, TimeoutError):
                self._turn += 1
                await asyncio.sleep(0.2)

    async def _read(self, instance: Instance) -> None:
        path = f"/api/v1/{AUDIENCE}/live/socket"
        query = f"?{urlencode({'after': self._last})}" if self._last else ""
        async with connect(f"ws://127.0.0.1:{instance.port}{path}{query}") as client:
            self.connections += 1
            while len(self.numbers) < EVENTS:
                message = json.loads(await client.recv())
                self._last = message["id"]
                self.connected.set()
                if message["event"] == "reset":
                    self.resets += 1
                elif message["event"] == "change":
                    self.numbers.append(message["data"]["number"])


async def write(redis: RedisServer, moments: dict[int, Any]) -> None:
    """Write every event, as the bridge does: the same one again until it is known to be there."""
    settings = LogSettings(redis_url=redis.url)
    client = redis_client.connect(settings)
    log = Log(client, settings)
    happening: list[asyncio.Task[None]] = []
    for number in range(EVENTS):
        if number in moments:
            happening.append(asyncio.create_task(moments[number]()))
        event, data = str(uuid4()), json.dumps({"number": number})
        while True:
            try:
                await log.append(AUDIENCE, event, data)
                if number % 10 == 0:  # as when a confirmation is lost
                    await log.append(AUDIENCE, event, data)
                break
            except redis_client.AWAY:
                await asyncio.sleep(0.1)
        await asyncio.sleep(0.004)
    await client.aclose()


async def faults(app: str, folder: Path) -> dict[str, Any]:
    redis = RedisServer(folder)
    instances = [Instance(app, redis.url, folder) for _ in range(2)]
    try:
        for instance in instances:
            await instance.ready()
        clients = [Client(number, instances) for number in range(CLIENTS)]
        reading = [asyncio.create_task(client.run()) for client in clients]
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*(client.connected.wait() for client in clients))

        async def away() -> None:
            redis.kill()
            await asyncio.sleep(2)
            redis.start()

        async def gone() -> None:
            instances[0].kill()

        since = time.monotonic()
        await write(redis, {EVENTS // 3: away, 2 * EVENTS // 3: gone})
        written = time.monotonic() - since
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*reading)
        expected = list(range(EVENTS))
        return {
            "clients": len(clients),
            "events": EVENTS,
            "seconds": round(written, 1),
            "wrong": sum(client.numbers != expected for client in clients),
            "resets": sum(client.resets for client in clients),
            "moved": sum(client.connections > 1 for client in clients),
        }
    finally:
        for instance in instances:
            instance.kill()
        redis.kill()


async def idle(app: str, folder: Path) -> dict[str, Any]:
    redis = RedisServer(folder)
    instance = Instance(app, redis.url, folder)
    try:
        await instance.ready()
        address = f"127.0.0.1:{instance.port}/api/v1/{AUDIENCE}/live"
        async with connect(f"ws://{address}/socket") as first:  # what comes with the first one
            await first.recv()
            before = instance.memory()
            sockets = []
            for _ in range(IDLE):
                sockets.append(await connect(f"ws://{address}/socket"))
                await sockets[-1].recv()
            of_sockets = instance.memory() - before
            for one in sockets:
                one.transport.abort()
            instance.kill()
            instance = Instance(app, redis.url, folder)  # without the memory that is free again
            await instance.ready()
            address = f"127.0.0.1:{instance.port}/api/v1/{AUDIENCE}/live"
            before = instance.memory()
            streams = []
            for _ in range(IDLE):
                reader, writer = await asyncio.open_connection("127.0.0.1", instance.port)
                writer.write(
                    f"GET /api/v1/{AUDIENCE}/live/events HTTP/1.1\r\nHost: a\r\n\r\n".encode()
                )
                await reader.readuntil(b"ready")
                streams.append(writer)
            of_streams = instance.memory() - before
            since = time.monotonic()
            instance.process.send_signal(signal.SIGTERM)
            instance.process.wait(PATIENCE_S)
            ended = time.monotonic() - since
        return {
            "clients": IDLE,
            "kib_a_socket": round(of_sockets / IDLE / 1024, 1),
            "kib_a_stream": round(of_streams / IDLE / 1024, 1),
            "seconds_to_stop": round(ended, 1),
        }
    finally:
        instance.kill()
        redis.kill()


def main() -> None:
    what, app, folder = sys.argv[1:]
    run = {"faults": faults, "idle": idle}[what]
    sys.stdout.write(json.dumps(asyncio.run(run(app, Path(folder)))))


if __name__ == "__main__":
    main()
