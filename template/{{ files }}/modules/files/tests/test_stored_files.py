"""What the data service knows of files."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from httpx2 import ASGITransport, AsyncClient

from chassis.database.app import build_data_app
from chassis.database.features import DataSettings
from chassis.http_client import Reply
from chassis.problems import NotFound
from chassis.testing.http import RecordedHttp
from chassis_files.data.stored_files.routes import stored_files
from chassis_files.files import PATH, FileState, NewFile, StoredFileQuery, StoredFileRead
from chassis_files.stored_files import StoredFiles
from chassis_files.testing.kept import KeptFiles

if TYPE_CHECKING:
    from fastapi import FastAPI


class Served(KeptFiles):
    """The repository, in memory."""

    async def begin(self, file_id: UUID, new: NewFile) -> StoredFileRead:
        return await self.add(new, file_id)

    advance = KeptFiles.set_state
    remove = KeptFiles.forget


@pytest.fixture
def served() -> Served:
    return Served()


@pytest.fixture
async def http(served: Served) -> AsyncIterator[AsyncClient]:
    settings = DataSettings(database_url="postgresql://nobody@127.0.0.1:1/none")
    app: FastAPI = build_data_app("Garden data", [], settings)
    app.dependency_overrides[stored_files] = lambda: served
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://data") as http:
        yield http


class Over:
    """Calls of HttpClient, made over another one."""

    def __init__(self, http: AsyncClient) -> None:
        self._http = http

    async def get(self, url: str, *, params: Any = None, headers: Any = None) -> Reply:
        texts = {name: str(value) for name, value in (params or {}).items()}
        return await self._reply("GET", url, params=texts, headers=headers)

    async def put(self, url: str, *, json_body: bytes | None = None) -> Reply:
        return await self._reply("PUT", url, content=json_body, headers=JSON)

    async def delete(self, url: str) -> Reply:
        return await self._reply("DELETE", url)

    async def _reply(self, method: str, url: str, **sent: Any) -> Reply:
        answer = await self._http.request(method, url, **sent)
        return Reply(answer.status_code, answer.content, method)


JSON = {"content-type": "application/json"}


@pytest.fixture
def files(http: AsyncClient) -> StoredFiles:
    return StoredFiles(Over(http), "http://data/")


async def test_a_file_is_begun_advanced_listed_and_forgotten(
    files: StoredFiles, served: Served
) -> None:
    file = await files.add(NewFile(name="a", entity="loans", entity_id=uuid4()))
    state = FileState(state="uploaded", content_type="image/png", size=3, sha256="0" * 64)

    uploaded = await files.set_state(file.id, state)

    assert (uploaded.state, uploaded.size) == ("uploaded", 3)
    assert await files.get(file.id) == uploaded
    listed = await files.list(StoredFileQuery(entity="loans", entity_id=file.entity_id))
    assert listed.items == [uploaded]
    await files.release(file.id)
    with pytest.raises(NotFound):
        await files.get(file.id)
    for after in (None, file.id):
        assert (await files.release_orphans(after)).last is None
    await files.forget(file.id)
    assert (served.files, served.orphans) == ({}, 2)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", f"/{UUID(int=7)}", {"name": ""}),
        ("PUT", f"/{UUID(int=7)}", {"name": "a\0b"}),
        ("PUT", f"/{UUID(int=7)}", {"name": "a" * 256}),
        ("PUT", f"/{UUID(int=7)}", {"name": "a", "entity": "Loans; DROP"}),
        ("PUT", f"/{UUID(int=7)}/state", {"state": "pending"}),
        ("PUT", f"/{UUID(int=7)}/state", {"state": "clean", "size": -1}),
        ("PUT", f"/{UUID(int=7)}/state", {"state": "uploaded", "content_type": "x"}),
        ("GET", "?state=lost", None),
        ("GET", "?sort=name", None),
    ],
)
async def test_what_is_no_file_is_refused(
    http: AsyncClient, method: str, path: str, body: Any
) -> None:
    assert (await http.request(method, f"{PATH}{path}", json=body)).status_code == 422


async def test_what_is_forgotten_already_may_be_forgotten_again() -> None:
    await StoredFiles(RecordedHttp(404), "http://data").forget(UUID(int=7))
