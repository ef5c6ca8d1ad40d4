"""Files come, are looked at, go out and go away, in the running system."""

import asyncio
import datetime as dt
import hashlib
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import httpx2
import pytest
from sqlalchemy.engine import make_url

from chassis import http_client
from chassis.http_client import HttpClient
from chassis.problems import Conflict, NotFound
from chassis_files.data.stored_files import repository
from chassis_files.direct.opening import direct_storage
from chassis_files.files import PATH, FileState
from chassis_files.inspection import Settings
from chassis_files.inspection.looking import LookAtFiles
from chassis_files.inspection.sweeping import SweepFiles
from chassis_files.storage import ObjectStorage, storage_of
from chassis_files.stored_files import StoredFiles
from tests.integration.collections import Collection, Records, collections
from tests.integration.servers import RunningServer
from tests.integration.system import Started, client_headers, document, system

FILES = "/api/v1/files"
DIRECT = "/api/v1/direct-uploads"
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 4000


@dataclass
class Archive:
    """The services that have files, and what a worker does with these."""

    business: httpx2.Client
    data: Started
    records: Records
    collection: Collection
    store_url: str

    def upload(self, **query: str) -> httpx2.Response:
        """Send a file."""
        sent = {"file": ("a.pdf", PDF, "text/html")}
        return self.business.post(FILES, files=sent, params=query)

    def send_directly(self, content: bytes) -> tuple[str, httpx2.Response]:
        """Send a file by a link, and do not say that it is complete."""
        said = {"name": "a.pdf", "content_type": "application/pdf", "size": len(content)}
        begun = self.business.post(DIRECT, json=said).raise_for_status().json()
        file_id = begun["file"]["id"]
        digest = {"sha256": hashlib.sha256(content).hexdigest()}
        answer = self.business.post(f"{DIRECT}/{file_id}/links", json=digest)
        link = answer.raise_for_status().json()
        return file_id, self.business.put(link["url"], content=content, headers=link["headers"])

    def owner(self) -> dict[str, str]:
        """Make a record; say which it is, as files name it."""
        record = self.records.create(self.collection)
        return {"entity": self.collection.name, "entity_id": record["id"]}

    def content(self, file: Mapping[str, Any]) -> httpx2.Response:
        """Ask for what is in a file."""
        return self.business.get(f"{FILES}/{file['id']}/content")

    def look(self) -> int:
        """Look at all that has come."""
        return self._work(lambda stored, store: LookAtFiles(stored, store, Settings())())

    def sweep(self) -> int:
        """Remove what nobody wants."""
        day = dt.timedelta(hours=24)

        async def sweep(stored: StoredFiles, store: ObjectStorage) -> int:
            return await SweepFiles(stored, store, direct_storage(Settings(), store), day)()

        return self._work(sweep)

    def advance(self, file: Mapping[str, Any], state: FileState) -> None:
        """Say what a file has come to."""

        async def advance(stored: StoredFiles, _store: object) -> int:
            await stored.set_state(file["id"], state)
            return 1

        self._work(advance)

    def _work(self, work: Callable[[Any, Any], Awaitable[int]]) -> int:
        async def working() -> int:
            http = HttpClient(http_client.Settings())
            http.header_providers.append(lambda: dict(client_headers(self.data.service)))
            try:
                stored = StoredFiles(http, self.data.url)
                return await work(stored, storage_of(Settings(files_url=self.store_url)))
            finally:
                await http.close()

        return asyncio.run(working())

    @property
    def known(self) -> list[str]:
        """Ask the data service for all that it knows of."""
        with httpx2.Client(base_url=self.data.url) as http:
            return [one["id"] for one in http.get(PATH, params={"limit": 100}).json()["items"]]


@pytest.fixture
def archive(services: dict[str, Started], others: Mapping[str, RunningServer]) -> Iterator[Archive]:
    """Have the services, and nothing left when it is over."""
    (data,) = [one for one in system().services if one.in_database]
    (business,) = [one for one in system().services if not one.upgrade]
    with ExitStack() as stack:
        records_http = stack.enter_context(httpx2.Client(base_url=services[data.name].url))
        http = stack.enter_context(httpx2.Client(base_url=services[business.name].url))
        records = Records(records_http, document(data.name))
        found = next(iter(collections(document(data.name))))
        archive = Archive(http, services[data.name], records, found, others["files"].url)
        yield archive
        records.remove_all()
        for file_id in archive.known:
            http.delete(f"{FILES}/{file_id}")
        archive.sweep()
        assert archive.known == []


def test_a_file_is_given_out_once_it_has_been_looked_at(archive: Archive) -> None:
    file = archive.upload().json()
    assert (file["state"], archive.content(file).status_code) == ("uploaded", 409)

    archive.look()

    answer = archive.content(file)
    assert (answer.status_code, answer.content) == (200, PDF)
    assert answer.headers["content-type"] == "application/pdf"


def test_a_file_comes_by_links_and_parts_that_nobody_completes_are_swept_up(
    archive: Archive, database_url: str
) -> None:
    file_id, sent = archive.send_directly(PDF)
    assert sent.status_code == 204, sent.text
    file = archive.business.put(f"{DIRECT}/{file_id}/completion").json()
    assert file["state"] == "uploaded"
    archive.look()
    assert archive.content(file).content == PDF

    archive.send_directly(PDF)
    run_sql(
        database_url,
        "UPDATE stored_files SET created_at = now() - interval '2 days' WHERE state = 'pending'",
    )
    assert archive.sweep() == 1
    assert archive.known == [file_id]


def test_a_file_goes_with_its_record(archive: Archive) -> None:
    owner = archive.owner()
    file = archive.upload(**owner).json()
    archive.look()
    assert [one["id"] for one in archive.business.get(FILES, params=owner).json()["items"]] == [
        file["id"]
    ]

    archive.records.http.delete(archive.collection.of(owner["entity_id"])).raise_for_status()

    assert archive.content(file).status_code == 404
    assert archive.known == [file["id"]]
    assert archive.sweep() == 1
    assert archive.known == []


def test_a_file_whose_record_went_unseen_is_swept_up(archive: Archive, database_url: str) -> None:
    owner = archive.owner()
    archive.upload(**owner)
    table = archive.collection.name.replace("-", "_")

    run_sql(database_url, f'DELETE FROM "{table}" WHERE id = $1', owner["entity_id"])  # noqa: S608  # of the schema

    assert archive.sweep() == 1
    assert archive.known == []


def test_files_of_many_records_that_went_at_once_are_swept_up_in_parts(
    archive: Archive, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "PART", 3)
    kept = archive.upload(**archive.owner()).json()
    run_sql(
        database_url,
        """INSERT INTO stored_files (name, entity, entity_id)
        SELECT 'a', $1, gen_random_uuid() FROM generate_series(1, 10)""",
        archive.collection.name.replace("-", "_"),
    )

    assert archive.sweep() == 10
    assert archive.known == [kept["id"]]


def test_files_of_a_collection_that_this_version_does_not_know_stay(
    archive: Archive, database_url: str
) -> None:
    file = archive.upload(**archive.owner()).json()
    archive.look()

    run_sql(database_url, "UPDATE stored_files SET entity = 'of_another_version'")

    assert archive.sweep() == 0
    assert archive.content(file).content == PDF


def run_sql(database_url: str, statement: str, *values: object) -> None:
    """Do something that no service does."""

    async def run() -> None:
        url = make_url(database_url).set(drivername="postgresql")
        connection = await asyncpg.connect(url.render_as_string(hide_password=False))
        try:
            await connection.execute(statement, *values)
        finally:
            await connection.close()

    asyncio.run(run())


def test_what_a_file_belongs_to_has_to_be_there(archive: Archive) -> None:
    there = archive.owner()

    for owner in (
        {**there, "entity_id": str(uuid4())},
        {**there, "entity": "outbox"},
        {**there, "entity": "pg_class"},
    ):
        assert archive.upload(**owner).status_code == 422
    assert archive.upload(replaces=str(uuid4())).status_code == 422
    assert archive.known == []


def test_a_file_takes_the_place_of_another_when_it_is_clean(archive: Archive) -> None:
    owner = archive.owner()
    former = archive.upload(**owner).json()
    archive.look()
    assert archive.upload(replaces=former["id"]).status_code == 422  # of another record

    new = archive.upload(**owner, replaces=former["id"]).json()

    assert archive.content(former).status_code == 200
    archive.look()
    assert archive.content(former).status_code == 404
    assert archive.content(new).status_code == 200
    assert archive.sweep() == 1


def test_what_was_decided_stays_decided(archive: Archive) -> None:
    file = archive.upload().json()
    archive.advance(file, FileState(state="rejected", reason="It is no good."))
    archive.advance(file, FileState(state="rejected", reason="It is no good."))

    with pytest.raises(Conflict, match="cannot become clean"):
        archive.advance(file, FileState(state="clean"))
    with pytest.raises(Conflict, match="already, and not like this"):
        archive.advance(file, FileState(state="rejected", reason="It is a virus."))
    assert archive.content(file).status_code == 409


def test_a_new_file_that_is_given_up_leaves_the_former_one(archive: Archive) -> None:
    owner = archive.owner()
    former = archive.upload(**owner).json()
    archive.look()
    new = archive.upload(**owner, replaces=former["id"]).json()
    archive.business.delete(f"{FILES}/{new['id']}").raise_for_status()

    with pytest.raises(NotFound):
        archive.advance(new, FileState(state="clean"))

    assert archive.content(former).content == PDF


def test_what_did_not_come_in_time_is_given_up(archive: Archive, database_url: str) -> None:
    archive.upload()
    run_sql(
        database_url,
        "UPDATE stored_files SET state = 'pending', created_at = created_at - interval '2 days'",
    )

    assert archive.sweep() == 1
    assert archive.known == []


def test_without_the_store_nothing_is_kept_and_all_else_works(
    archive: Archive, others: Mapping[str, RunningServer]
) -> None:
    file = archive.upload().json()
    archive.look()
    with others["files"].away():
        began = time.monotonic()
        assert archive.upload().status_code == 503
        assert archive.content(file).status_code == 503
        assert time.monotonic() - began < 10
        assert archive.business.get(f"{FILES}/{file['id']}").status_code == 200

    assert archive.content(file).status_code == 200
    assert len(archive.known) <= 2
