"""Pictures have thumbnails that go out with them, and go with them."""

import datetime as dt
from io import BytesIO
from types import SimpleNamespace
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from PIL import Image
from pydantic import ValidationError
from starlette.datastructures import State

from chassis_files import cdn, inspection, thumbnail_api, thumbnails
from chassis_files.direct.opening import direct_storage
from chassis_files.files import FileState, NewFile
from chassis_files.inspection import Settings
from chassis_files.inspection.looking import LookAtFiles
from chassis_files.inspection.pictures import FORMATS, PictureRefusedError
from chassis_files.inspection.sweeping import SweepFiles
from chassis_files.storage import ObjectStorage
from chassis_files.testing.kept import KeptFiles, all_of, pieces
from chassis_files.thumbnails import Thumbnails
from chassis_files.thumbnails.drawing import thumbnail_of

ORIENTATION, ON_ITS_SIDE = 0x0112, 6


def picture(form: str, size: tuple[int, int] = (800, 400), mode: str = "RGB") -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = ON_ITS_SIDE
    out = BytesIO()
    Image.new(mode, size, "#ff000080").save(out, form, **({} if form == "GIF" else {"exif": exif}))
    return out.getvalue()


@pytest.mark.parametrize("kind", FORMATS)
def test_a_thumbnail_is_small_upright_and_tells_nothing(kind: str) -> None:
    drawn = thumbnail_of(picture(FORMATS[kind]), kind, 100)

    with Image.open(BytesIO(drawn)) as found:
        assert found.format == "WEBP"
        assert found.size == ((100, 50) if kind == "image/gif" else (50, 100))
        assert not found.getexif()


def test_what_is_transparent_stays_so_and_what_is_small_stays_small() -> None:
    drawn = thumbnail_of(picture("PNG", (20, 10), "RGBA"), "image/png", 100)

    with Image.open(BytesIO(drawn)) as found:
        assert (found.size, found.mode) == ((10, 20), "RGBA")


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_no_copy_is_made_of_a_large_picture(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    content = picture("PNG", mode=mode)
    monkeypatch.delattr(Image.Image, "copy")

    assert thumbnail_of(content, "image/png", 100)


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(PictureRefusedError):
        thumbnail_of(b"GIF89a", "image/gif", 100)


@pytest.fixture
def small(app: FastAPI) -> FastAPI:
    thumbnail_api.install(app, None)
    return app


async def come(stored: KeptFiles, storage: ObjectStorage, content: bytes, kind: str) -> UUID:
    file = await stored.add(NewFile(name="a"))
    await storage.put(str(file.id), pieces(content))
    there = FileState(state="uploaded", content_type=kind, size=len(content), sha256="0" * 64)
    await stored.set_state(file.id, there)
    return file.id


@pytest.mark.usefixtures("small")
async def test_it_is_there_once_its_picture_is_clean_and_goes_with_it(
    app: FastAPI, client: AsyncClient, stored: KeptFiles, storage: ObjectStorage
) -> None:
    told: list[UUID] = []
    app.state.download_observers.append(lambda file_id, _by: told.append(file_id))
    host = SimpleNamespace(state=State({}))
    inspection.install(host, Settings())
    host.state.storage = storage
    thumbnails.install(host, thumbnails.Settings(files_thumbnail_side=100))
    derived = host.state.derived_files
    file_id = await come(stored, storage, picture("PNG"), "image/png")
    path = f"/api/v1/files/{file_id}/thumbnail"
    assert (await client.get(path)).status_code == 409

    await LookAtFiles(stored, storage, Settings(), derived=derived)()  # type: ignore[arg-type]

    answer = await client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert told == [file_id]
    assert Image.open(BytesIO(answer.content)).size == (50, 100)
    known = {"if-none-match": answer.headers["etag"]}
    assert (await client.get(path, headers=known)).status_code == 304
    assert answer.headers["etag"] != (await client.get(path[:-9] + "content")).headers["etag"]

    await stored.release(file_id)
    assert (await client.get(path)).status_code == 404
    direct = direct_storage(Settings(), storage)
    await SweepFiles(stored, storage, direct, dt.timedelta(1))()  # type: ignore[arg-type]
    assert await all_of(storage) == []


@pytest.mark.usefixtures("small")
async def test_what_is_no_picture_or_cannot_be_drawn_has_none(
    client: AsyncClient, stored: KeptFiles, storage: ObjectStorage
) -> None:
    await Thumbnails(storage, 100).make("7", b"no picture", "image/png")
    assert await all_of(storage) == []
    file_id = await come(stored, storage, b"words", "text/plain")
    await LookAtFiles(stored, storage, Settings())()  # type: ignore[arg-type]

    assert (await client.get(f"/api/v1/files/{file_id}/thumbnail")).status_code == 404


async def test_a_cdn_is_named_and_may_keep_files(
    app: FastAPI, client: AsyncClient, stored: KeptFiles, storage: ObjectStorage
) -> None:
    cdn.install(app, cdn.Settings(files_cdn_url="https://cdn.example/", files_cdn_seconds=60))
    file_id = await come(stored, storage, b"words", "text/plain")
    await LookAtFiles(stored, storage, Settings())()  # type: ignore[arg-type]

    told = (await client.get(f"/api/v1/files/{file_id}")).json()["content_url"]
    answer = await client.get(told.removeprefix("https://cdn.example"))

    assert told.startswith("https://cdn.example/api/v1/files/")
    assert answer.headers["cache-control"] == "public, max-age=60"


def test_without_a_cdn_nothing_changes(app: FastAPI) -> None:
    before = app.state.file_delivery
    cdn.install(app, cdn.Settings())

    assert app.state.file_delivery is before
    with pytest.raises(ValidationError, match="before /api"):
        cdn.Settings(files_cdn_url="cdn.example.com")
