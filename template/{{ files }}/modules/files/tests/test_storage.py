"""The port is kept by a folder and by memory alike, and by a server where one is installed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr, ValidationError

from chassis.problems import NotFound, Unavailable
from chassis_files.storage import ObjectStorage, Settings, storage_of
from chassis_files.testing.seaweedfs import installed

MIB = 1024 * 1024
ASKER = "me:a%2Fkey"


async def chunks(number: int, failure: Exception | None = None) -> AsyncIterator[bytes]:
    for one in range(number):
        yield bytes([one]) * MIB
    if failure:
        raise failure


async def read(storage: ObjectStorage, key: str, start: int, end: int) -> bytes:
    return b"".join([chunk async for chunk in await storage.read(key, start, end)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "some files"


@pytest.fixture(params=["memory", "folder", *(["server"] if installed() else [])])
def storage(request: pytest.FixtureRequest, folder: Path) -> ObjectStorage:
    url = "memory://" if request.param == "memory" else folder.as_uri()
    if request.param == "server":
        url = f"{request.getfixturevalue('server').url}/{uuid4()}"
    return storage_of(Settings(files_url=url))


async def test_what_is_kept_is_read_whole_or_in_part(storage: ObjectStorage) -> None:
    await storage.put("key", chunks(12))

    assert await read(storage, "key", 0, 12 * MIB) == b"".join([one async for one in chunks(12)])
    assert await read(storage, "key", MIB - 1, MIB + 1) == b"\0\1"


def files_in(folder: Path) -> list[Path]:
    return [one for one in folder.rglob("*") if one.is_file()]


@pytest.mark.parametrize("number", [0, 1, 12])
async def test_what_breaks_off_leaves_nothing(
    storage: ObjectStorage, folder: Path, number: int
) -> None:
    with pytest.raises(RuntimeError, match="gone"):
        await storage.put("key", chunks(number, RuntimeError("gone")))

    with pytest.raises(NotFound):
        await storage.read("key", 0, 1)
    assert files_in(folder) == []


async def test_what_is_deleted_is_gone_and_need_not_be_there(storage: ObjectStorage) -> None:
    await storage.put("key", chunks(1))

    await storage.delete("key")
    await storage.delete("key")

    with pytest.raises(NotFound):
        await storage.read("key", 0, 1)
    await storage.ping()


@pytest.fixture
def broken(folder: Path) -> ObjectStorage:
    storage = storage_of(Settings(files_url=folder.as_uri()))
    folder.rmdir()
    folder.write_text("a disk that is no folder any more")
    return storage


async def test_a_store_that_takes_nothing_is_unavailable(broken: ObjectStorage) -> None:
    failed: list[str] = []
    broken.failure_observers.append(failed.append)

    with pytest.raises(Unavailable, match="takes nothing"):
        await broken.put("key", chunks(1))
    with pytest.raises(Unavailable):
        await broken.ping()

    assert failed == ["put", "ping"]


async def test_a_server_that_is_away_is_unavailable_soon() -> None:
    settings = Settings(
        files_url="s3://bucket/shop",
        files_s3_endpoint="http://127.0.0.1:1",
        files_s3_key_id="somebody",
        files_s3_key=SecretStr("secret"),
        files_timeout=0.5,
    )

    with pytest.raises(Unavailable):
        await storage_of(settings).put("key", chunks(1))


class Slow:
    """A server that gives out two pieces of a file, and what comes between them."""

    def __init__(self) -> None:
        self.between: list[float] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        size = 2 * len(self.between)
        for line in (
            "HTTP/1.1 206 Partial Content",
            'ETag: "1"',
            "Last-Modified: Tue, 01 Dec 2026 10:00:00 GMT",
            f"Content-Length: {size}",
            f"Content-Range: bytes 0-{size - 1}/{size}",
            "",
        ):
            writer.write(f"{line}\r\n".encode())
        with suppress(ConnectionError):
            for seconds in self.between:
                writer.write(b"ab")
                await writer.drain()
                await asyncio.sleep(seconds)
        writer.close()


async def test_a_file_may_take_longer_than_the_store_may_be_silent() -> None:
    slow = Slow()
    async with await asyncio.start_server(slow.serve, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        url = f"s3+http://{ASKER}@{host}:{port}/bucket"
        storage = storage_of(Settings(files_url=url, files_timeout=0.5))

        slow.between = [0.2, 0.2, 0.2, 0.2]
        assert await read(storage, "key", 0, 8) == b"abababab"
        slow.between = [1.5, 0]
        with pytest.raises(Unavailable):
            await read(storage, "key", 0, 4)


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://files", "s3://", "/srv/files", "file://host/files", "file:///", ""),
        *("s3+http://host/bucket", "s3+http://me@host/bucket", f"s3+http://{ASKER}@host/"),
    ],
)
def test_an_address_that_names_no_store_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match=r"must (begin with one of|name a)") as told:
        Settings(files_url=url)
    assert ASKER not in str(told.value)


def test_an_address_with_a_key_is_split_up_and_keeps_no_secret() -> None:
    settings = Settings(files_url=f"s3+http://{ASKER}@127.0.0.1:9000/bucket/some/folder")

    assert settings.files_url == "s3://bucket/some/folder"
    assert settings.files_s3_endpoint == "http://127.0.0.1:9000"
    assert (settings.files_s3_key_id, settings.files_s3_key) == ("me", SecretStr("a/key"))
    assert "key@" not in repr(settings)
    assert "a/key" not in repr(settings)
