"""Clean files are copied to a second store, and can be restored from there."""

import datetime as dt
import hashlib
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID, uuid4

import pytest
from obstore.store import MemoryStore
from prometheus_client import CollectorRegistry
from pydantic import ValidationError
from starlette.datastructures import State

from chassis.problems import Conflict, Unavailable
from chassis.schemas import Page
from chassis_files import copies, copy_metrics
from chassis_files.copies import restoring
from chassis_files.copies.copying import DELETED, Copies, CopyFiles, thumbnail_copy
from chassis_files.copies.due import DueFiles, FileToCopyRead
from chassis_files.copies.restoring import Restore
from chassis_files.direct.opening import direct_storage
from chassis_files.files import FileState, NewFile
from chassis_files.keys import key_of, made
from chassis_files.storage import ObjectStorage, Settings
from chassis_files.testing.kept import NOON, KeptFiles, all_of, pieces
from chassis_files.thumbnail_key import thumbnail_key

if TYPE_CHECKING:
    from chassis_files.stored_files import StoredFiles

WORDS = b"words"
WORKER = "1" * 32
MONTH = dt.timedelta(days=30)


def second_of(store: ObjectStorage, keep: dt.timedelta = MONTH) -> Copies:
    """Have it as the second store."""
    return Copies(store, direct_storage(Settings(), store), keep)


class Due:
    """What has to be copied, in memory."""

    def __init__(self) -> None:
        self.waiting: list[UUID] = []
        self.page = 100

    async def list(self, cursor: str | None = None) -> Page[FileToCopyRead]:
        ahead = self.waiting[int(cursor or 0) :]
        found = [FileToCopyRead(id=one, created_at=NOON) for one in ahead[: self.page]]
        more = len(ahead) > self.page
        return Page(items=found, next_cursor=str(len(found)) if more else None)

    async def done(self, file_id: UUID) -> None:
        self.waiting.remove(file_id)


@dataclass(frozen=True)
class Shop:
    """Two stores, and what is known of the files in them."""

    stored: KeptFiles
    storage: ObjectStorage
    second: ObjectStorage
    due: Due

    @property
    def copy(self) -> CopyFiles:
        """What copies files."""
        due, stored = cast("DueFiles", self.due), cast("StoredFiles", self.stored)
        return CopyFiles(due, stored, self.storage, second_of(self.second))

    @property
    def restore(self) -> Restore:
        """What restores them."""
        return Restore(cast("StoredFiles", self.stored), self.storage, self.second)

    async def clean(self, content: bytes = WORDS, made_by: str | None = None) -> UUID:
        """Have a file that is clean."""
        file = await self.stored.add(NewFile(name="a.txt"))
        digest = hashlib.sha256(content).hexdigest()
        there = {"content_type": "text/plain", "size": len(content), "sha256": digest}
        await self.stored.set_state(file.id, FileState(state="uploaded", **there))
        done = await self.stored.set_state(file.id, FileState(state="clean", made_by=made_by))
        await self.storage.put(key_of(done), pieces(content))
        self.due.waiting.append(file.id)
        return file.id

    async def picture(self) -> tuple[UUID, str]:
        """Have a picture that a worker has drawn, with its thumbnail; say where this is."""
        file_id = await self.clean(made_by=WORKER)
        small = thumbnail_key(made(file_id, WORKER))
        await self.storage.put(small, pieces(b"small"))
        return file_id, small


@pytest.fixture
def shop(stored: KeptFiles, storage: ObjectStorage) -> Shop:
    return Shop(stored, storage, ObjectStorage(MemoryStore()), Due())


async def read(storage: ObjectStorage, key: str) -> bytes:
    size = await storage.size(key)
    return b"".join([one async for one in await storage.read(key, 0, size or 0)])


async def test_what_is_clean_is_copied_with_its_thumbnail(shop: Shop) -> None:
    file_id, _ = await shop.picture()

    assert (await shop.copy(), await shop.copy()) == (1, 0)

    assert await read(shop.second, str(file_id)) == WORDS
    assert await read(shop.second, thumbnail_copy(str(file_id))) == b"small"
    assert shop.due.waiting == []


async def test_what_was_given_up_need_not_be_copied(shop: Shop) -> None:
    await shop.stored.release(await shop.clean())

    assert await shop.copy() == 1
    assert await all_of(shop.second) == shop.due.waiting == []


@pytest.mark.parametrize("content", [b"words!", b"wordS", b"word"])
async def test_what_the_store_has_changed_is_not_copied(shop: Shop, content: bytes) -> None:
    changed, lost, whole = [await shop.clean() for _ in range(3)]
    await shop.storage.put(str(changed), pieces(content))
    await shop.storage.delete(str(lost))

    assert await shop.copy() == 1
    assert await all_of(shop.second) == [str(whole)]
    assert shop.due.waiting == [changed, lost]


async def test_those_that_are_lost_hold_up_no_others(shop: Shop) -> None:
    shop.due.page = 2
    lost, other, whole = [await shop.clean() for _ in range(3)]
    for file_id in (lost, other):
        await shop.storage.delete(str(file_id))
    copy = shop.copy

    with pytest.raises(Conflict, match="lost or changed"):
        await copy()
    assert await copy() == 1

    assert await all_of(shop.second) == [str(whole)]
    assert shop.due.waiting == [lost, other]
    with pytest.raises(Conflict):  # and those are tried again
        await copy()


async def test_without_the_second_store_all_goes_on_waiting(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = await shop.clean()

    async def away(*_: object) -> None:
        raise Unavailable("It is away.")

    monkeypatch.setattr(shop.second, "put", away)

    with pytest.raises(Unavailable):
        await shop.copy()
    assert shop.due.waiting == [file_id]


async def test_a_copy_is_kept_for_a_while_after_its_file_is_gone(shop: Shop) -> None:
    file_id = await shop.clean()
    await shop.copy()

    for _ in "twice":
        await shop.copy.copies.remove(str(file_id))

    assert await all_of(shop.second) == [f"{DELETED}/{file_id}"]
    assert await shop.copy.copies.forget() == 0
    assert await second_of(shop.second, -MONTH).forget() == 1
    assert await all_of(shop.second) == []


async def test_a_drill_finds_copies_that_could_not_be_restored(shop: Shop) -> None:
    good, changed, lost = [await shop.clean() for _ in range(3)]
    await shop.copy()
    before = await all_of(shop.storage)
    await shop.second.put(str(changed), pieces(b"wordS"))
    await shop.second.delete(str(lost))

    report = await shop.restore.drill()

    assert (report.files, report.size) == (1, len(WORDS))
    assert report.failed == [str(changed), str(lost)]
    assert await read(shop.second, str(good)) == WORDS
    assert await all_of(shop.storage) == before


async def test_what_the_store_has_lost_is_put_back(shop: Shop) -> None:
    there, lost, cut = [await shop.clean() for _ in range(3)]
    await shop.copy()
    await shop.storage.delete(str(lost))
    await shop.storage.put(str(cut), pieces(b"wo"))

    report = await shop.restore.put_back()

    assert (report.files, report.failed) == (2, [])
    for file_id in (there, lost, cut):
        assert await read(shop.storage, str(file_id)) == WORDS


def host(storage: ObjectStorage) -> Any:
    settings = State({"data_api_url": "http://127.0.0.1:1"})
    known = {"storage": storage, "files_elsewhere": [], "http": None, "settings": settings}
    return SimpleNamespace(state=State(known))


async def test_thumbnails_are_put_back_and_a_bad_copy_spoils_nothing(shop: Shop) -> None:
    lost, small = await shop.picture()
    cut = await shop.clean()
    await shop.copy()
    await shop.storage.remove_folder(made(lost, WORKER))
    await shop.storage.put(str(cut), pieces(b"wor"))
    await shop.second.put(str(cut), pieces(b"wordS"))

    report = await shop.restore.put_back()

    assert (report.files, report.failed) == (1, [str(cut)])
    assert await read(shop.storage, key_of(shop.stored.files[lost])) == WORDS
    assert await read(shop.storage, small) == b"small"
    assert await read(shop.storage, str(cut)) == b"wor"


async def test_a_worker_copies_where_a_second_store_is_named(
    storage: ObjectStorage, tmp_path: Path
) -> None:
    worker = host(storage)
    settings = copies.Settings(files_copy_url=tmp_path.as_uri(), files_copy_interval=0.01)
    copies.install(worker, settings)
    assert worker.state.files_elsewhere == [worker.state.copies]
    assert isinstance(worker.state.copy_files(), CopyFiles)
    worker.state.copy_files = lambda: worker.state.copies.forget

    async with copies.lifespan(worker, settings):
        pass


async def test_without_one_nothing_is_copied(storage: ObjectStorage) -> None:
    worker = host(storage)
    copies.install(worker, copies.Settings())

    async with copies.lifespan(worker, copies.Settings()):
        assert worker.state.files_elsewhere == []
    with pytest.raises(ValidationError, match="must begin with"):
        copies.Settings(files_copy_url="ftp://files")


def test_a_drill_says_what_came_of_it(
    storage: ObjectStorage,
    stored: KeptFiles,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    worker = host(storage)
    worker.state.http = SimpleNamespace(close=closed)
    monkeypatch.setattr(restoring, "worker_of", lambda _name: worker)
    monkeypatch.setattr(restoring, "StoredFiles", lambda *_: stored)
    worker.state.copies = None
    with pytest.raises(SystemExit, match="FILES_COPY_URL"):
        restoring.main(["gardener.main:create_worker"])

    worker.state.copies = second_of(ObjectStorage(MemoryStore()))
    restoring.main(["gardener.main:create_worker"])
    assert capsys.readouterr().out == "0 files with 0 bytes were restored.\n"

    file = stored_file()
    stored.files[file.id] = file
    with pytest.raises(SystemExit, match="1 files could not be restored"):
        restoring.main(["gardener.main:create_worker", "--put-back"])


async def closed() -> None:
    """Close nothing."""


def stored_file() -> Any:
    file_id = uuid4()
    known = {"id": file_id, "state": "clean", "size": 5, "released": False, "created_at": NOON}
    return SimpleNamespace(**known, made_by=None, entity=None, entity_id=None, sha256="0" * 64)


def test_how_long_files_wait_is_told(storage: ObjectStorage) -> None:
    worker = host(storage)
    copies.install(worker, copies.Settings())
    registry = CollectorRegistry()
    worker.state.metrics = SimpleNamespace(registry=registry)
    copy_metrics.install(worker, None)
    [watcher] = worker.state.copy_watchers
    assert registry.get_sample_value("files_oldest_uncopied_seconds") == 0

    watcher.waits(dt.datetime.now(dt.UTC) - dt.timedelta(hours=1))

    waited = registry.get_sample_value("files_oldest_uncopied_seconds")
    assert waited == pytest.approx(3600, abs=60)
