"""A file comes in whole, or nothing of it stays."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from starlette.types import Message

from chassis.features import FeatureSettings
from chassis.problems import OutcomeUnknown, Unavailable
from chassis_files.storage import ObjectStorage, storage_of
from chassis_files.testing.kept import PNG, KeptFiles, all_of, pieces
from chassis_files.testing.s3 import BUCKET, KEY, KEY_ID, standing_in

FILES = "/api/v1/files"


async def upload(client: AsyncClient, content: bytes, name: str = "a.png", **query: str) -> Any:
    sent = {"file": (name, content, "text/html")}
    return await client.post(FILES, files=sent, params=query)


async def test_a_file_is_uploaded_and_waits_to_be_looked_at(
    client: AsyncClient, storage: ObjectStorage
) -> None:
    answer = await upload(client, PNG, "../a.png")

    assert answer.status_code == 201
    file = answer.json()
    assert answer.headers["location"] == f"{FILES}/{file['id']}"
    assert file["content_url"] == f"{FILES}/{file['id']}/content"
    assert (file["name"], file["state"], file["content_type"]) == ("a.png", "uploaded", "image/png")
    assert (file["size"], file["sha256"]) == (len(PNG), hashlib.sha256(PNG).hexdigest())
    assert "released" not in file
    kept = [one async for one in await storage.read(file["id"], 0, len(PNG))]
    assert b"".join(kept) == PNG


@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param(b"", 422, id="empty"),
        pytest.param(b"<html><script>", 415, id="html"),
        pytest.param(b"words " * 2000 + b"\xff", 415, id="broken text"),
        pytest.param(PNG * 12, 413, id="large"),
        pytest.param(PNG * 40, 413, id="much too large"),
    ],
)
async def test_what_is_refused_leaves_nothing(
    client: AsyncClient,
    stored: KeptFiles,
    storage: ObjectStorage,
    content: bytes,
    status: int,
) -> None:
    answer = await upload(client, content)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert (stored.files, await all_of(storage)) == ({}, [])


async def test_a_file_belongs_to_a_record_or_to_none(
    client: AsyncClient, stored: KeptFiles
) -> None:
    owner = {"entity": "loans", "entity_id": str(uuid4())}

    assert (await upload(client, PNG, entity="loans")).status_code == 422
    assert (await upload(client, PNG, entity_id=owner["entity_id"])).status_code == 422
    theirs = (await upload(client, PNG, **owner)).json()
    await upload(client, PNG)

    listed = (await client.get(FILES, params=owner)).json()["items"]
    assert [one["id"] for one in listed] == [theirs["id"]]
    assert len(stored.files) == 2


async def test_without_the_data_service_nothing_stays(
    client: AsyncClient, stored: KeptFiles, storage: ObjectStorage
) -> None:
    stored.failure = Unavailable("It is away.")

    assert (await upload(client, PNG)).status_code == 503
    assert (stored.files, await all_of(storage)) == ({}, [])


async def test_what_may_be_known_as_uploaded_stays(
    client: AsyncClient, stored: KeptFiles, storage: ObjectStorage
) -> None:
    stored.failure = OutcomeUnknown("Nobody knows.")

    assert (await upload(client, PNG)).status_code == 504
    assert len(stored.files) == len(await all_of(storage)) == 1


async def test_a_store_that_takes_nothing_is_told(
    client: AsyncClient, stored: KeptFiles, storage: ObjectStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(_key: str, _chunks: AsyncIterator[bytes]) -> None:
        raise Unavailable("It is full.")

    monkeypatch.setattr(storage, "put", full)

    assert (await upload(client, PNG)).status_code == 503
    assert stored.files == {}


async def test_a_client_that_goes_away_leaves_nothing(
    app: FastAPI, stored: KeptFiles, storage: ObjectStorage
) -> None:
    head = b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    sent = [{"type": "http.request", "body": head + PNG, "more_body": True}]
    status = await called(app, [*sent, {"type": "http.disconnect"}])

    assert status == 400
    assert (stored.files, await all_of(storage)) == ({}, [])


@pytest.mark.parametrize("settings", [FeatureSettings(files_max_bytes=2**30)])
async def test_a_client_that_goes_away_leaves_no_parts_in_a_bucket(
    app: FastAPI, stored: KeptFiles
) -> None:
    head = b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    more = {"type": "http.request", "body": bytes(4 * 2**20), "more_body": True}
    begun = {**more, "body": head + PNG}
    async with standing_in() as s3:
        url = f"s3+{s3.url.replace('//', f'//{KEY_ID}:{quote(KEY)}@')}/{BUCKET}"
        app.state.storage = storage_of(FeatureSettings(files_url=url))

        status = await called(app, [begun, *[more] * 4, {"type": "http.disconnect"}])

        assert status == 400
        assert any(one.startswith("POST") for one in s3.asked)  # it had come in parts
        assert (stored.files, s3.uploads, s3.objects) == ({}, {}, {})


async def called(app: FastAPI, messages: Sequence[Message]) -> int:
    """Send an upload by hand, as far as it comes; give the status of the answer."""
    coming = pieces_of(messages)
    answers: list[Message] = []

    async def receive() -> Message:
        return await anext(coming)

    async def send(message: Message) -> None:
        answers.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": FILES,
        "raw_path": FILES.encode(),
        "query_string": b"",
        "headers": [(b"content-type", b"multipart/form-data; boundary=xyz")],
        "server": ("shop", 80),
    }
    await app(scope, receive, send)
    return int(answers[0]["status"])


async def pieces_of(messages: Sequence[Message]) -> AsyncIterator[Message]:
    for message in messages:
        yield message


async def test_a_file_that_is_given_up_is_gone(client: AsyncClient, stored: KeptFiles) -> None:
    file = (await upload(client, PNG)).json()
    path = f"{FILES}/{file['id']}"

    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404
    assert (await client.delete(path)).status_code == 404
    assert (await client.get(FILES)).json()["items"] == []
    assert [one.released for one in stored.files.values()] == [True]


async def test_pieces_are_pieces() -> None:
    assert [one async for one in pieces(b"a", b"b")] == [b"a", b"b"]
