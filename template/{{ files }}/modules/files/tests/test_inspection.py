"""A file that has come is looked at, and what nobody wants is swept up."""

import asyncio
import datetime as dt
import hashlib
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from PIL import Image
from pydantic import ValidationError
from starlette.datastructures import State

from chassis.problems import Unavailable
from chassis.schemas import Page
from chassis_files import inspection
from chassis_files.direct.opening import direct_storage
from chassis_files.direct.port import incoming
from chassis_files.files import (
    FileState,
    NewFile,
    ReleasedOrphans,
    StoredFileQuery,
    StoredFileRead,
)
from chassis_files.inspection import Settings
from chassis_files.inspection.clamd import Clamd
from chassis_files.inspection.looking import AT_ONCE, LookAtFiles, Scanner
from chassis_files.inspection.pictures import redrawn
from chassis_files.inspection.sweeping import PARTS, SweepFiles
from chassis_files.keys import content_in, key_of, made
from chassis_files.storage import ObjectStorage
from chassis_files.testing.kept import NOON, KeptFiles, all_of, pieces


def picture() -> bytes:
    out = BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "PNG")
    return out.getvalue()


PNG = picture()


@pytest.fixture
async def uploaded(stored: KeptFiles, storage: ObjectStorage) -> UUID:
    return await come(stored, storage, PNG)


async def come(
    stored: KeptFiles, storage: ObjectStorage, content: bytes, kind: str = "image/png"
) -> UUID:
    """Have a file that is said to be a picture."""
    file = await stored.add(NewFile(name="a.png"))
    await storage.put(str(file.id), pieces(content))
    there = FileState(state="uploaded", content_type=kind, size=len(content), sha256="0" * 64)
    await stored.set_state(file.id, there)
    return file.id


def looking(
    stored: KeptFiles, storage: ObjectStorage, scanner: Scanner | None = None
) -> LookAtFiles:
    return LookAtFiles(stored, storage, Settings(), scanner)  # type: ignore[arg-type]


async def test_a_file_that_is_what_it_says_is_clean(
    stored: KeptFiles, storage: ObjectStorage, uploaded: UUID
) -> None:
    assert await looking(stored, storage)() == 1

    assert stored.files[uploaded].state == "clean"
    assert await looking(stored, storage)() == 0


async def test_a_picture_is_drawn_anew(stored: KeptFiles, storage: ObjectStorage) -> None:
    file_id = await come(stored, storage, PNG + b"<script>alert(1)</script>")

    await looking(stored, storage)()

    file = stored.files[file_id]
    kept = await given_out(storage, file)
    assert (file.state, file.size) == ("clean", len(kept))
    assert file.sha256 == hashlib.sha256(kept).hexdigest()
    assert b"script" not in kept
    assert await all_of(storage) == [key_of(file)]


async def given_out(storage: ObjectStorage, file: StoredFileRead) -> bytes:
    """Read what anybody is given."""
    return b"".join([one async for one in await storage.read(key_of(file), 0, 2**20)])


def noise() -> bytes:
    """A picture that becomes another one each time it is drawn."""
    out = BytesIO()
    Image.effect_noise((60, 60), 90).save(out, "JPEG", quality=5)
    return out.getvalue()


class Stale(KeptFiles):
    """Files of which a list tells what was so at first, as if all had asked at once."""

    def __init__(self) -> None:
        super().__init__()
        self.first: Page[StoredFileRead] | None = None

    async def list(self, query: StoredFileQuery) -> Page[StoredFileRead]:
        self.first = self.first or await super().list(query)
        return self.first


async def come_directly(
    stored: KeptFiles, storage: ObjectStorage, content: bytes, kind: str
) -> UUID:
    """Have a file that came by a link."""
    new = NewFile(name="a", content_type=kind, size=len(content), part_size=len(content))
    file = await stored.add(new)
    await storage.put(incoming(str(file.id)), pieces(content))
    await stored.set_state(file.id, FileState(state="uploaded"))
    return file.id


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("directly", [True, False])
async def test_two_workers_with_the_same_page_spoil_nothing(
    storage: ObjectStorage, *, at_once: bool, directly: bool
) -> None:
    stored, content = Stale(), noise()
    having = come_directly if directly else come
    file_id = await having(stored, storage, content, "image/jpeg")
    one, other = looking(stored, storage), looking(stored, storage)

    if at_once:
        await asyncio.gather(one(), other())
    else:
        await one()
        await other()

    file = stored.files[file_id]
    kept = await given_out(storage, file)
    assert (file.state, file.size) == ("clean", len(kept))
    assert file.sha256 == hashlib.sha256(kept).hexdigest()
    assert kept == redrawn(content, "image/jpeg", 10_000)  # and drawn anew once, not twice
    assert await all_of(storage) == [key_of(file)]


async def test_what_a_link_writes_later_never_takes_the_place_of_what_was_looked_at(
    storage: ObjectStorage,
) -> None:
    stored = Stale()
    file_id = await come_directly(stored, storage, b"words", "text/plain")
    one, other = looking(stored, storage), looking(stored, storage)
    await one()

    await storage.put(incoming(str(file_id)), pieces(b"wordS"))  # by a link that is good still
    await other()

    assert await given_out(storage, stored.files[file_id]) == b"words"
    assert await all_of(storage) == [
        incoming(str(file_id)),  # until it is swept up
        key_of(stored.files[file_id]),
    ]


class Hasty:
    """What is made of a picture: meanwhile its file is given up and removed."""

    def __init__(self, stored: KeptFiles, storage: ObjectStorage) -> None:
        self.stored, self.storage = stored, storage

    async def make(self, folder: str, content: bytes, kind: str) -> None:
        for file_id in list(self.stored.files):
            await self.stored.release(file_id)
        day, direct = dt.timedelta(1), direct_storage(Settings(), self.storage)
        assert await SweepFiles(self.stored, self.storage, direct, day)() == 1  # type: ignore[arg-type]
        await self.storage.put(f"{folder}/small", pieces(content))


async def test_what_is_given_up_while_it_is_looked_at_leaves_nothing(
    stored: KeptFiles, storage: ObjectStorage, uploaded: UUID
) -> None:
    hasty = [Hasty(stored, storage)]

    await LookAtFiles(stored, storage, Settings(), derived=hasty)()  # type: ignore[arg-type]

    assert uploaded not in stored.files
    assert await all_of(storage) == []


async def test_a_picture_that_became_larger_is_drawn_anew_again_if_nobody_was_told(
    stored: KeptFiles, storage: ObjectStorage
) -> None:
    file_id = await come(stored, storage, noise(), "image/jpeg")
    stored.failure = Unavailable("The data service is away.")
    with pytest.raises(Unavailable):
        await looking(stored, storage)()

    stored.failure = None
    await looking(stored, storage)()

    assert stored.files[file_id].state == "clean"


@pytest.mark.parametrize(
    "settings", [Settings(files_picture_max_bytes=10), Settings(files_picture_max_pixels=1199)]
)
async def test_a_picture_that_is_too_large_is_rejected(
    stored: KeptFiles, storage: ObjectStorage, uploaded: UUID, settings: Settings
) -> None:
    await LookAtFiles(stored, storage, settings)()  # type: ignore[arg-type]

    assert stored.files[uploaded].state == "rejected"
    assert await all_of(storage) == []


async def test_another_file_is_rejected_and_removed(
    stored: KeptFiles, storage: ObjectStorage
) -> None:
    other = await come(stored, storage, b"<html><script>")
    missing = await come(stored, storage, PNG)
    await storage.delete(str(missing))

    await looking(stored, storage)()

    assert stored.files[other].state == stored.files[missing].state == "rejected"
    assert stored.files[other].reason == "It is not what it was said to be."
    assert await all_of(storage) == []


class Served:
    """clamd, as far as it is needed; `answer` is what it says."""

    def __init__(self) -> None:
        self.answer = b"stream: OK\0"
        self.received = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
        self.received = b""
        while size := int.from_bytes(await reader.readexactly(4)):
            self.received += await reader.readexactly(size)
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@pytest.fixture
def served() -> Served:
    return Served()


@pytest.fixture
async def clamd(served: Served) -> AsyncIterator[Clamd]:
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    async with server:
        yield Clamd(f"127.0.0.1:{server.sockets[0].getsockname()[1]}", 2)


async def test_all_of_a_file_is_scanned(
    stored: KeptFiles, storage: ObjectStorage, uploaded: UUID, clamd: Clamd, served: Served
) -> None:
    await looking(stored, storage, clamd)()

    assert stored.files[uploaded].state == "clean"
    assert served.received == PNG


async def test_a_virus_is_rejected(
    stored: KeptFiles, storage: ObjectStorage, uploaded: UUID, clamd: Clamd, served: Served
) -> None:
    served.answer = b"stream: Eicar-Signature FOUND\0"

    await looking(stored, storage, clamd)()

    assert stored.files[uploaded].reason == "A virus was found: Eicar-Signature"
    assert await all_of(storage) == []


async def test_what_does_harm_is_removed_before_anybody_is_told(
    stored: KeptFiles, storage: ObjectStorage, clamd: Clamd, served: Served
) -> None:
    served.answer = b"stream: Eicar-Signature FOUND\0"
    sent = await come(stored, storage, PNG)
    by_link = await come_directly(stored, storage, PNG, "image/png")
    left = content_in(made(by_link, "0" * 32))  # by a worker that was killed
    await storage.put(left, pieces(PNG))
    stored.failure = Unavailable("The data service is away.")
    look = looking(stored, storage, clamd)
    with pytest.raises(Unavailable):
        await look()
    assert await all_of(storage) == [left]

    stored.failure = None
    await look()

    assert {stored.files[one].reason for one in (sent, by_link)} == {
        "A virus was found: Eicar-Signature"
    }
    assert await all_of(storage) == []


@pytest.mark.parametrize("answer", [b"INSTREAM size limit exceeded. ERROR\0", b""])
async def test_what_clamd_cannot_tell_is_not_known(
    clamd: Clamd, served: Served, answer: bytes
) -> None:
    served.answer = answer

    with pytest.raises(Unavailable):
        await clamd.virus_in(pieces(PNG))


async def test_without_clamd_a_file_goes_on_waiting(
    stored: KeptFiles, storage: ObjectStorage, uploaded: UUID
) -> None:
    with pytest.raises(Unavailable):
        await looking(stored, storage, Clamd("127.0.0.1:1", 1))()

    assert stored.files[uploaded].state == "uploaded"


class Choosy:
    """A scanner that fails at some files."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def virus_in(self, chunks: AsyncIterator[bytes]) -> str | None:
        if b"poison" in b"".join([chunk async for chunk in chunks]):
            raise self.error
        return None


@pytest.mark.parametrize("error", [Unavailable("Nobody can tell."), RecursionError()])
async def test_files_that_nobody_can_decide_on_hold_up_no_others(
    stored: KeptFiles, storage: ObjectStorage, error: Exception
) -> None:
    poison = [await come(stored, storage, PNG + b"poison") for _ in range(AT_ONCE)]
    good = await come(stored, storage, PNG)
    look = looking(stored, storage, Choosy(error))

    with pytest.raises(type(error)):
        await look()
    assert await look() == 1

    assert stored.files[good].state == "clean"
    assert {stored.files[one].state for one in poison} == {"uploaded"}
    with pytest.raises(type(error)):  # and those are tried again
        await look()


class Unreadable(KeptFiles):
    """Leaves out of its pages what it cannot read, as a data service does."""

    def __init__(self) -> None:
        super().__init__()
        self.unreadable: set[UUID] = set()

    async def list(self, query: StoredFileQuery) -> Page[StoredFileRead]:
        page = await super().list(query)
        items = [file for file in page.items if file.id not in self.unreadable]
        return Page(items=items, next_cursor=page.next_cursor)


async def test_files_that_nobody_can_read_hold_up_no_others(storage: ObjectStorage) -> None:
    stored = Unreadable()
    stored.unreadable |= {await come(stored, storage, PNG) for _ in range(2 * AT_ONCE + 1)}
    good = await come(stored, storage, PNG)

    assert await looking(stored, storage)() == 1

    assert stored.files[good].state == "clean"


async def test_what_nobody_wants_is_removed(
    stored: KeptFiles, storage: ObjectStorage, uploaded: UUID
) -> None:
    given_up = await come(stored, storage, PNG)
    await stored.release(given_up)
    late = await stored.add(NewFile(name="late"))
    young = await stored.add(NewFile(name="young"))
    now = dt.datetime.now(dt.UTC)
    stored.files[young.id] = young.model_copy(update={"created_at": now})

    sweep = sweeping(stored, storage)

    assert (await sweep(), await sweep()) == (2, 0)
    assert set(stored.files) == {uploaded, young.id}
    assert late.created_at == NOON
    assert await all_of(storage) == [str(uploaded)]
    assert stored.orphans == 2


def sweeping(stored: Any, storage: ObjectStorage) -> SweepFiles:
    direct = direct_storage(Settings(), storage)
    return SweepFiles(stored, storage, direct, dt.timedelta(hours=24))


class Many(KeptFiles):
    """Files in parts, by how many were released in each; it ends with None."""

    def __init__(self, *parts: int | None) -> None:
        super().__init__()
        self.parts = parts
        self.asked: list[UUID | None] = []

    async def release_orphans(self, after: UUID | None) -> ReleasedOrphans:
        self.asked.append(after)
        part = 0 if after is None else after.int
        released = self.parts[part]
        is_last = part + 1 == len(self.parts)
        if released is None:
            raise Unavailable("It takes too long.")
        return ReleasedOrphans(released=released, last=None if is_last else UUID(int=part + 1))


async def test_records_are_looked_for_part_by_part(storage: ObjectStorage) -> None:
    stored = Many(*[0] * PARTS, 0, 7, 0)
    sweep = sweeping(stored, storage)

    await sweep()
    assert stored.asked == [None, *(UUID(int=part) for part in range(1, PARTS))]
    await sweep()  # goes on there, and begins again after the end
    assert (stored.asked[PARTS], stored.asked[-1]) == (UUID(int=PARTS), UUID(int=PARTS + 2))
    await sweep()
    assert stored.asked[PARTS + 3] is None


async def test_as_long_as_there_are_records_that_went_it_goes_on(storage: ObjectStorage) -> None:
    stored = Many(*[1] * 3 * PARTS)

    await sweeping(stored, storage)()

    assert len(stored.asked) == 3 * PARTS


async def test_what_is_given_up_goes_whatever_is_the_matter_with_records(
    storage: ObjectStorage,
) -> None:
    stored = Many(None)
    await stored.release(await come(stored, storage, PNG))

    with pytest.raises(Unavailable, match="too long"):
        await sweeping(stored, storage)()

    assert stored.files == {}
    assert await all_of(storage) == []


class Host:
    """What a worker is to a feature."""

    title, version = "worker", "1"

    def __init__(self, storage: ObjectStorage) -> None:
        self.state = State({"storage": storage, "http": None})
        self.state.settings = State({"data_api_url": "http://127.0.0.1:1"})


async def test_a_worker_looks_again_and_again(
    stored: KeptFiles, storage: ObjectStorage, caplog: pytest.LogCaptureFixture
) -> None:
    host = Host(storage)
    settings = Settings(
        files_url="s3://bucket", files_look_interval=0.01, files_sweep_interval=0.01
    )
    inspection.install(host, settings)
    assert isinstance(host.state.file_work()[0], LookAtFiles)
    done: list[str] = []
    again, swept = asyncio.Event(), asyncio.Event()

    async def look() -> int:
        done.append("look")
        if len(done) == 1:
            raise Unavailable("It is away.")
        again.set()
        return 1

    async def sweep() -> int:
        swept.set()
        return 1

    host.state.file_work = lambda: (look, sweep)
    async with inspection.lifespan(host, settings):
        await asyncio.wait_for(asyncio.gather(again.wait(), swept.wait()), 5)

    assert "It is away." in caplog.text
    assert "no file is scanned for viruses" in caplog.text


@pytest.mark.parametrize("address", ["clamd", "clamd:", ":3310", "tcp://clamd:3310", "clamd:x"])
def test_an_address_of_clamd_that_is_none_is_refused_in_one_line(address: str) -> None:
    with pytest.raises(ValidationError, match="must be host:port, as in clamd:3310"):
        Settings(files_clamd=address)


async def test_a_worker_does_not_look_at_what_another_process_has(storage: ObjectStorage) -> None:
    host = Host(storage)
    inspection.install(host, Settings())
    host.state.file_work = pytest.fail

    async with inspection.lifespan(host, Settings()):
        await asyncio.sleep(0)
