"""A file goes out if it is clean, as far as the client does not have it."""

import hashlib
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis_files.file_api.ranges import NotInFileError, Part, names, part_of
from chassis_files.files import FileState, NewFile, State
from chassis_files.storage import ObjectStorage
from chassis_files.testing.kept import PNG, KeptFiles, pieces

ETAG = f'"{hashlib.sha256(PNG).hexdigest()}"'


async def kept(
    stored: KeptFiles,
    storage: ObjectStorage,
    state: State = "clean",
    kind: str = "image/png",
    name: str = "a.png",
) -> str:
    """Have a file; give the path of what is in it."""
    file = await stored.add(NewFile(name=name))
    if state != "pending":
        there = FileState(
            state="uploaded", content_type=kind, size=len(PNG), sha256=ETAG.strip('"')
        )
        await stored.set_state(file.id, there)
    if state in {"clean", "rejected"}:
        await stored.set_state(file.id, FileState(state=state))
    await storage.put(str(file.id), pieces(PNG))
    return f"/api/v1/files/{file.id}/content"


@pytest.fixture
async def path(stored: KeptFiles, storage: ObjectStorage) -> str:
    return await kept(stored, storage)


async def test_a_clean_file_is_given_out_as_what_it_is(
    app: FastAPI, client: AsyncClient, path: str
) -> None:
    told: list[tuple[UUID, str | None]] = []
    app.state.download_observers.append(lambda file_id, by: told.append((file_id, by)))

    answer = await client.get(path)

    assert told == [(UUID(path.split("/")[4]), None)]
    assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["etag"] == ETAG
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''a.png"


async def test_what_is_not_shown_is_a_download_of_any_name(
    client: AsyncClient, stored: KeptFiles, storage: ObjectStorage
) -> None:
    path = await kept(stored, storage, kind="text/plain", name='"; x="שלום.txt')

    answer = await client.get(path)

    disposition = answer.headers["content-disposition"]
    assert disposition.startswith("attachment; filename*=UTF-8''%22%3B%20x%3D%22%D7%A9")


@pytest.mark.parametrize("state", ["pending", "uploaded", "rejected"])
async def test_nothing_but_a_clean_file_is_given_out(
    client: AsyncClient, stored: KeptFiles, storage: ObjectStorage, state: State
) -> None:
    path = await kept(stored, storage, state)

    for headers in ({}, {"range": "bytes=0-1"}, {"if-none-match": ETAG}):
        answer = await client.get(path, headers=headers)
        assert answer.status_code == 409
        assert PNG[:8] not in answer.content


async def test_a_file_that_is_not_there_or_given_up_is_not_found(
    client: AsyncClient, stored: KeptFiles, path: str
) -> None:
    await stored.release(UUID(path.split("/")[4]))

    assert (await client.get(path)).status_code == 404
    assert (await client.get(f"/api/v1/files/{uuid4()}/content")).status_code == 404


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=5-9", 5, 10),
        ("bytes=10000-", 10000, len(PNG)),
        ("bytes=-7", len(PNG) - 7, len(PNG)),
        ("bytes=-999999", 0, len(PNG)),
        ("bytes=5-999999", 5, len(PNG)),
    ],
)
async def test_a_part_is_given_out(
    client: AsyncClient, path: str, asked: str, start: int, end: int
) -> None:
    answer = await client.get(path, headers={"range": asked})

    assert (answer.status_code, answer.content) == (206, PNG[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(PNG)}"
    assert answer.headers["content-length"] == str(end - start)


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "bytes=9-5", "lines=1-2", "bytes=-", "bytes=a-b", "bytes=٣-٤"]
)
async def test_a_range_that_says_nothing_is_all_of_it(
    client: AsyncClient, path: str, asked: str
) -> None:
    answer = await client.get(path, headers={b"range": asked.encode()})

    assert (answer.status_code, answer.content) == (200, PNG)


@pytest.mark.parametrize("asked", [f"bytes={len(PNG)}-", "bytes=999999-", "bytes=-0"])
async def test_a_part_behind_the_end_is_refused(client: AsyncClient, path: str, asked: str) -> None:
    answer = await client.get(path, headers={"range": asked})

    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(PNG)}"


async def test_who_has_it_is_told_so(client: AsyncClient, path: str) -> None:
    for known in (ETAG, f"W/{ETAG}", f'"x", {ETAG}', "*"):
        answer = await client.get(path, headers={"if-none-match": known})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == ETAG
    assert (await client.get(path, headers={"if-none-match": '"x"'})).status_code == 200


async def test_a_part_of_another_file_is_not_mixed_in(client: AsyncClient, path: str) -> None:
    part = {"range": "bytes=1-2"}

    assert (await client.get(path, headers={**part, "if-range": ETAG})).status_code == 206
    assert (await client.get(path, headers={**part, "if-range": '"x"'})).status_code == 200


async def test_head_tells_without_giving_out(client: AsyncClient, path: str) -> None:
    answer = await client.head(path)

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(PNG))


async def test_what_the_store_has_lost_is_not_found(
    client: AsyncClient, storage: ObjectStorage, path: str
) -> None:
    await storage.delete(path.split("/")[4])

    assert (await client.get(path)).status_code == 404


def test_parts_and_tags() -> None:
    assert part_of(10, None) is None
    assert part_of(10, "bytes = 0 - 4") == Part(0, 5)
    with pytest.raises(NotInFileError):
        part_of(0, "bytes=0-")
    assert not names(None, ETAG)
