"""Files come by links, into a bucket and into a folder alike, and links allow nothing else.

What is promised of a bucket is tried with SeaweedFS too, where it is installed.
"""

import asyncio
import datetime as dt
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from pydantic import SecretStr

from chassis import body_limit, methods, problems
from chassis.app import assemble
from chassis.features import FeatureSettings
from chassis.problems import Unavailable
from chassis_files import direct, file_api, storage
from chassis_files.direct import own
from chassis_files.direct.opening import direct_storage
from chassis_files.direct.port import DirectStorage, Part, incoming
from chassis_files.direct.signing import Call, Signer
from chassis_files.direct.uploads import part_size_of
from chassis_files.file_api.routes import stored_files
from chassis_files.inspection import Settings
from chassis_files.inspection.looking import LookAtFiles
from chassis_files.inspection.sweeping import SweepFiles
from chassis_files.storage import ObjectStorage, storage_of
from chassis_files.testing.kept import KeptFiles, pieces
from chassis_files.testing.s3 import BUCKET, KEY, KEY_ID, S3, Begun, standing_in
from chassis_files.testing.seaweedfs import installed

DIRECT = "/api/v1/direct-uploads"
MIB = 1024 * 1024
WORDS = b"words and words "
LONG = WORDS * (11 * MIB // len(WORDS))


@pytest.fixture
async def s3() -> AsyncIterator[S3]:
    async with standing_in() as s3:
        yield s3


BUCKETS = ["bucket", "server"] if installed() else ["bucket"]


@pytest.fixture(params=[*BUCKETS, "folder"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> FeatureSettings:
    if request.param == "folder":
        return FeatureSettings(files_url=tmp_path.as_uri(), files_part_bytes=5 * MIB)
    if request.param == "server":
        url = f"{request.getfixturevalue('server').url}/{uuid4()}"
        return FeatureSettings(files_url=url, files_part_bytes=5 * MIB)
    s3: S3 = request.getfixturevalue("s3")
    return FeatureSettings(
        files_url=f"s3://{BUCKET}/some/folder",
        files_s3_endpoint=s3.url,
        files_s3_key_id=KEY_ID,
        files_s3_key=SecretStr(KEY),
        files_part_bytes=5 * MIB,
    )


@pytest.fixture
async def app(stored: KeptFiles, settings: FeatureSettings) -> AsyncIterator[FastAPI]:
    features = [problems, methods, storage, file_api, direct, body_limit]
    app = assemble("Shop", [], settings, features)
    app.dependency_overrides[stored_files] = lambda: stored
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
def kept(app: FastAPI) -> ObjectStorage:
    kept: ObjectStorage = app.state.storage
    return kept


async def begin(client: AsyncClient, content: bytes = WORDS, **said: Any) -> dict[str, Any]:
    body = {"name": "a.txt", "content_type": "text/plain", "size": len(content), **said}
    answer = await client.post(DIRECT, json=body)
    assert answer.status_code == 201, answer.text
    begun: dict[str, Any] = answer.json()
    there = await client.get(answer.headers["location"])
    assert there.json()["file"]["id"] == begun["file"]["id"]
    return begun


async def link(client: AsyncClient, file_id: str, part: bytes, number: int = 1) -> dict[str, Any]:
    body = {"number": number, "sha256": hashlib.sha256(part).hexdigest()}
    answer = await client.post(f"{DIRECT}/{file_id}/links", json=body)
    assert answer.status_code == 201, answer.text
    assert (await client.get(answer.headers["location"])).json()["file"]["id"] == file_id
    found: dict[str, Any] = answer.json()
    return found


async def send(client: AsyncClient, link: dict[str, Any], part: bytes, **headers: str) -> int:
    """Send by a link what it says, or something else."""
    sent = {name: text for name, text in {**link["headers"], **headers}.items() if text}
    if link["url"].startswith("/"):
        return (await client.request("PUT", link["url"], content=part, headers=sent)).status_code
    async with httpx2.AsyncClient() as outside:
        return (await outside.put(link["url"], content=part, headers=sent)).status_code


async def come(client: AsyncClient, content: bytes = WORDS, **said: Any) -> str:
    """Send a file in one piece, and say so; give its id."""
    file_id = str((await begin(client, content, **said))["file"]["id"])
    assert await send(client, await link(client, file_id, content), content) < 300
    answer = await client.put(f"{DIRECT}/{file_id}/completion")
    assert answer.json()["state"] == "uploaded"
    return file_id


async def come_in_parts(client: AsyncClient) -> tuple[dict[str, Any], list[bytes]]:
    """Send all parts of a file, and do not say so; give it, and them."""
    file = (await begin(client, LONG))["file"]
    parts = [LONG[start : start + 5 * MIB] for start in range(0, len(LONG), 5 * MIB)]
    for number, part in enumerate(parts, 1):
        assert await send(client, await link(client, file["id"], part, number), part) < 300
    return file, parts


def digests(parts: list[bytes]) -> dict[str, list[str]]:
    """What a client says of the parts that it has sent."""
    return {"sha256": [hashlib.sha256(part).hexdigest() for part in parts]}


async def look(stored: KeptFiles, kept: ObjectStorage, file_id: str) -> Any:
    assert await LookAtFiles(stored, kept, Settings())() == 1  # type: ignore[arg-type]
    return stored.files[UUID(file_id)]


async def test_a_file_comes_in_one_piece_and_is_looked_at(
    client: AsyncClient, stored: KeptFiles, kept: ObjectStorage, app: FastAPI
) -> None:
    told: list[tuple[str, int]] = []
    app.state.upload_observers.append(lambda outcome, size: told.append((outcome, size)))

    file_id = await come(client)

    assert told == [("uploaded", len(WORDS))]
    assert (await client.get(f"/api/v1/files/{file_id}/content")).status_code == 409
    file = await look(stored, kept, file_id)
    assert (file.state, file.sha256) == ("clean", hashlib.sha256(WORDS).hexdigest())
    answer = await client.get(f"/api/v1/files/{file_id}/content")
    assert (answer.content, answer.headers["content-type"]) == (WORDS, "text/plain; charset=utf-8")
    assert await kept.sizes("incoming") == {}
    assert (await client.put(f"{DIRECT}/{file_id}/completion")).json()["state"] == "clean"


@pytest.mark.parametrize(
    ("part", "headers"),
    [
        pytest.param(WORDS + b"!", {"content-length": str(len(WORDS) + 1)}, id="longer"),
        pytest.param(WORDS, {"content-type": "text/html"}, id="another type"),
        pytest.param(WORDS, {"content-type": ""}, id="no type"),
        pytest.param(WORDS, {"x-amz-checksum-sha256": ""}, id="no checksum"),
        pytest.param(b"w" * len(WORDS), {}, id="another content"),
    ],
)
async def test_a_link_takes_nothing_but_what_was_signed(
    client: AsyncClient, kept: ObjectStorage, part: bytes, headers: dict[str, str]
) -> None:
    file_id = (await begin(client))["file"]["id"]
    allowed = await link(client, file_id, WORDS)

    assert await send(client, allowed, part, **headers) in {400, 403}

    assert await kept.sizes("incoming") == {}
    assert (await client.put(f"{DIRECT}/{file_id}/completion")).status_code == 409


async def test_a_link_that_was_changed_is_good_for_nothing(client: AsyncClient) -> None:
    file_id = (await begin(client))["file"]["id"]
    allowed = await link(client, file_id, WORDS)

    for old, new in (
        ("ignature=", "ignature=0"),
        ("xpires=", "xpires=1"),
        (file_id, str(uuid4())),
    ):
        changed = {**allowed, "url": allowed["url"].replace(old, new)}
        assert changed != allowed
        assert await send(client, changed, WORDS) in {403, 422}


async def test_a_link_expires(
    client: AsyncClient,
    app: FastAPI,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    allowed = await link(client, (await begin(client))["file"]["id"], WORDS)
    late = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=16)
    assert dt.datetime.fromisoformat(allowed["expires_at"]) < late
    direct_ = app.state.direct
    if allowed["url"].startswith("/"):
        monkeypatch.setattr(direct_, "_link_seconds", -1)
        allowed = await link(client, (await begin(client))["file"]["id"], WORDS)
    elif "server" in request.fixturenames:
        monkeypatch.setattr(direct_, "_bucket", replace(direct_._bucket, link_seconds=1))
        allowed = await link(client, (await begin(client))["file"]["id"], WORDS)
        await asyncio.sleep(2)
    else:
        request.getfixturevalue("s3").now = late

    assert await send(client, allowed, WORDS) == 403


async def test_a_large_file_comes_in_parts_and_goes_on_where_it_broke_off(
    client: AsyncClient, stored: KeptFiles, kept: ObjectStorage
) -> None:
    begun = await begin(client, LONG)
    file_id, size = begun["file"]["id"], begun["part_size"]
    parts = [LONG[start : start + size] for start in range(0, len(LONG), size)]
    assert begun["part_count"] == len(parts) == 3
    for number in (3, 1):
        part = parts[number - 1]
        assert await send(client, await link(client, file_id, part, number), part) < 300

    answer = await client.put(f"{DIRECT}/{file_id}/completion")
    assert (answer.status_code, "not whole: 2." in answer.text) == (409, True)
    there = (await client.get(f"{DIRECT}/{file_id}")).json()["parts"]
    assert there == [{"number": 1, "size": size}, {"number": 3, "size": len(parts[2])}]
    for _ in "twice":
        assert await send(client, await link(client, file_id, parts[1], 2), parts[1]) < 300
    for _ in "twice":
        answer = await client.put(f"{DIRECT}/{file_id}/completion", json=digests(parts))
        assert answer.json()["state"] == "uploaded"

    file = await look(stored, kept, file_id)
    assert (file.state, file.sha256) == ("clean", hashlib.sha256(LONG).hexdigest())
    assert (await client.get(f"{DIRECT}/{file_id}")).json()["parts"] == []
    assert list(await kept.sizes("parts")) == list(await kept.sizes("incoming")) == []


async def test_who_completes_at_the_same_time_is_told_the_same(
    client: AsyncClient, stored: KeptFiles, kept: ObjectStorage
) -> None:
    file, parts = await come_in_parts(client)
    address, said = f"{DIRECT}/{file['id']}/completion", digests(parts)

    answers = await asyncio.gather(*(client.put(address, json=said) for _ in range(4)))

    assert [answer.status_code for answer in answers] == [200] * 4
    assert (await look(stored, kept, file["id"])).state == "clean"


async def test_a_store_that_tells_no_digests_is_told_them(
    client: AsyncClient, stored: KeptFiles, kept: ObjectStorage, request: pytest.FixtureRequest
) -> None:
    silent = "server" in request.fixturenames
    if "s3" in request.fixturenames:
        request.getfixturevalue("s3").tells_digests, silent = False, True
    file, parts = await come_in_parts(client)
    address = f"{DIRECT}/{file['id']}/completion"
    said = digests(parts)["sha256"]

    for few in (said[:2], []):
        assert (await client.put(address, json={"sha256": few})).status_code == 422
    for wrong in ({}, {"sha256": None}, {"sha256": [*said[:2], "0" * 64]}) if silent else ():
        answer = await client.put(address, json=wrong)
        assert (answer.status_code, "say the `sha256` of each" in answer.text) == (409, True)
    assert (await client.put(address, json={"sha256": said})).json()["state"] == "uploaded"

    found = await look(stored, kept, file["id"])
    assert (found.state, found.sha256) == ("clean", hashlib.sha256(LONG).hexdigest())


async def test_a_part_of_another_length_is_none(client: AsyncClient) -> None:
    begun = await begin(client, LONG)
    file_id = begun["file"]["id"]
    allowed = await link(client, file_id, b"short")

    assert await send(client, allowed, b"short", **{"content-length": "5"}) == 403
    body = {"number": 4, "sha256": "0" * 64}
    assert (await client.post(f"{DIRECT}/{file_id}/links", json=body)).status_code == 409


async def test_what_was_looked_at_cannot_be_changed_by_its_link(
    client: AsyncClient, stored: KeptFiles, kept: ObjectStorage, app: FastAPI
) -> None:
    file_id = str((await begin(client))["file"]["id"])
    allowed = await link(client, file_id, WORDS)
    other = await link(client, file_id, b"W" + WORDS[1:])
    await send(client, allowed, WORDS)
    await client.put(f"{DIRECT}/{file_id}/completion")
    await look(stored, kept, file_id)

    await send(client, other, b"W" + WORDS[1:])

    assert (await client.get(f"/api/v1/files/{file_id}/content")).content == WORDS
    answer = await client.post(f"{DIRECT}/{file_id}/links", json={"sha256": "0" * 64})
    assert answer.status_code == 409
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    assert await app.state.direct.sweep(later) == 1
    assert await kept.sizes("incoming") == {}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"<html><script>", {}, id="another kind"),
        pytest.param(WORDS, {"sha256": "0" * 64}, id="another digest"),
        pytest.param(WORDS * 600 + b"\xff", {}, id="broken text"),
    ],
)
async def test_what_comes_by_a_link_is_looked_at_as_everything_else(
    client: AsyncClient,
    stored: KeptFiles,
    kept: ObjectStorage,
    content: bytes,
    said: dict[str, str],
) -> None:
    file_id = await come(client, content, **said)

    file = await look(stored, kept, file_id)

    assert (file.state, file.reason) == ("rejected", "It is not what it was said to be.")
    assert await kept.size(file_id) is None
    assert await kept.sizes("incoming") == {}


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"content_type": "text/html"}, 415),
        ({"size": 2**40}, 413),
        ({"size": 0}, 422),
        ({"entity": "loans"}, 422),
        ({"entity_id": str(uuid4())}, 422),
    ],
)
async def test_what_is_not_taken_is_not_begun(
    client: AsyncClient, stored: KeptFiles, said: dict[str, Any], status: int
) -> None:
    body = {"name": "a.txt", "content_type": "text/plain", "size": 3, **said}

    assert (await client.post(DIRECT, json=body)).status_code == status
    assert stored.files == {}


async def test_what_is_given_up_leaves_no_parts(
    client: AsyncClient, stored: KeptFiles, kept: ObjectStorage, app: FastAPI
) -> None:
    file_id = (await begin(client, LONG))["file"]["id"]
    part = LONG[: 5 * MIB]
    await send(client, await link(client, file_id, part), part)

    assert (await client.delete(f"{DIRECT}/{file_id}")).status_code == 204
    assert (await client.get(f"{DIRECT}/{file_id}")).status_code == 404

    day = dt.timedelta(hours=24)
    assert await SweepFiles(stored, kept, app.state.direct, day)() == 1  # type: ignore[arg-type]
    assert (stored.files, await kept.sizes("parts")) == ({}, {})
    assert (await client.delete(f"{DIRECT}/{await come(client)}")).status_code == 409


async def test_parts_that_nobody_knows_of_are_swept_up(
    client: AsyncClient, stored: KeptFiles, kept: ObjectStorage, app: FastAPI
) -> None:
    file_id = (await begin(client, LONG))["file"]["id"]
    part = LONG[: 5 * MIB]
    await send(client, await link(client, file_id, part), part)
    stored.files.clear()
    direct_: DirectStorage = app.state.direct
    now = dt.datetime.now(dt.UTC)

    assert await direct_.sweep(now - dt.timedelta(hours=24)) == 0
    assert await direct_.sweep(now + dt.timedelta(minutes=1)) == 1
    assert await direct_.sweep(now + dt.timedelta(minutes=1)) == 0
    assert await kept.sizes("parts") == {}


async def test_what_waits_to_be_looked_at_is_never_swept_up(
    client: AsyncClient, stored: KeptFiles, kept: ObjectStorage, app: FastAPI
) -> None:
    file_id = await come(client)
    file = stored.files[UUID(file_id)]
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
    stored.files[file.id] = file.model_copy(update={"created_at": long_ago})
    soon = -dt.timedelta(hours=1)  # what came is older than a sweep allows

    sweep = SweepFiles(stored, kept, app.state.direct, soon)  # type: ignore[arg-type]
    assert await sweep() == 0
    stored.files[file.id] = file.model_copy(update={"state": "clean"})
    assert await sweep() == 1


async def test_what_a_worker_has_copied_it_does_not_copy_again(
    client: AsyncClient, stored: KeptFiles, kept: ObjectStorage
) -> None:
    file_id = await come(client)
    look = LookAtFiles(stored, kept, Settings())  # type: ignore[arg-type]
    stored.failure = Unavailable("The data service is away.")
    with pytest.raises(Unavailable):
        await look()
    await kept.delete(incoming(file_id))

    stored.failure = None
    assert await look() == 1
    assert stored.files[UUID(file_id)].state == "clean"


async def test_uploads_of_whoever_was_killed_are_swept_up(s3: S3) -> None:
    mine, theirs = f"made/{uuid4()}/1/content", "reports/of-somebody-else"
    for number, key in enumerate((mine, str(uuid4()), theirs)):
        s3.uploads[str(number)] = Begun(key, s3.clock(), {})
    settings = Settings(
        files_url=f"s3://{BUCKET}",
        files_s3_endpoint=s3.url,
        files_s3_key_id=KEY_ID,
        files_s3_key=SecretStr(KEY),
    )
    direct_ = direct_storage(settings, storage_of(settings))
    now = dt.datetime.now(dt.UTC)

    assert await direct_.sweep(now - dt.timedelta(hours=24)) == 0
    assert await direct_.sweep(now + dt.timedelta(minutes=1)) == 2
    assert [one.key for one in s3.uploads.values()] == [theirs]
    await direct_.close()


async def test_a_file_that_came_through_the_api_has_no_links(
    client: AsyncClient, stored: KeptFiles
) -> None:
    await client.post("/api/v1/files", files={"file": ("a.txt", WORDS)})
    [file_id] = stored.files

    assert (await client.get(f"{DIRECT}/{file_id}")).status_code == 404


async def test_without_the_data_service_no_upload_is_left_open(
    client: AsyncClient, stored: KeptFiles, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise Unavailable("It is away.")

    monkeypatch.setattr(stored, "add", away)
    body = {"name": "a.txt", "content_type": "text/plain", "size": len(LONG)}

    assert (await client.post(DIRECT, json=body)).status_code == 503
    assert await app.state.direct.sweep(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)) == 0


def bucket(endpoint: str, **more: Any) -> DirectStorage:
    settings = storage.Settings(files_url="s3://shop", files_s3_endpoint=endpoint, **more)
    return direct_storage(settings, storage.storage_of(settings))


async def test_links_are_signed_for_where_clients_are() -> None:
    key = {"files_s3_key_id": "a", "files_s3_key": SecretStr("b")}
    signs = bucket("http://inside:9000", files_s3_public_endpoint="https://files.example", **key)

    url = signs.link(Part("7", 3, "00" * 32, "text/plain")).url

    assert url.startswith("https://files.example/shop/incoming/7?X-Amz-Algorithm")
    names = ["content-length", "content-type", "host", "x-amz-checksum-sha256"]
    assert f"X-Amz-SignedHeaders={'%3B'.join(names)}&" in url
    await signs.close()


async def test_without_a_key_and_without_a_server_nothing_is_promised() -> None:
    keyless = bucket("http://127.0.0.1:1")
    with pytest.raises(Unavailable, match="FILES_S3_KEY_ID"):
        await keyless.begin("7", "text/plain")
    with pytest.raises(Unavailable, match="FILES_S3_KEY_ID"):
        keyless.link(Part("7", 3, "00" * 32, "text/plain"))
    await keyless.abort("7", "an upload")
    assert await keyless.sweep(dt.datetime.now(dt.UTC)) == 0
    away = bucket("http://127.0.0.1:1", files_s3_key_id="a", files_s3_key=SecretStr("b"))
    with pytest.raises(Unavailable, match="does not answer"):
        await away.begin("7", "text/plain")
    await keyless.close()
    await away.close()


def test_the_signature_is_that_of_the_documentation_of_aws() -> None:
    key_id = "AKIA" + "IOSFODNN7EXAMPLE"  # one that AWS has published, and no secret
    signer = Signer(key_id, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
    at = dt.datetime(2013, 5, 24, tzinfo=dt.UTC)

    call = Call("GET", "https://examplebucket.s3.amazonaws.com/test.txt", {}, {})
    url = signer.signed(call, at, 86400)

    assert url.endswith("=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")


def test_parts_are_not_too_many_and_not_larger_than_the_file() -> None:
    assert part_size_of(3, 5) == 3
    assert part_size_of(50, 5) == 5
    assert part_size_of(10_001, 5) == 11


async def test_the_key_of_our_own_links_is_kept_among_processes(tmp_path: Path) -> None:
    settings = storage.Settings(files_url=tmp_path.as_uri(), files_link_key=SecretStr("k" * 32))
    one, other = (direct_storage(settings, storage.storage_of(settings)) for _ in "ab")
    assert isinstance(one, own.OwnDirect)
    assert isinstance(other, own.OwnDirect)
    query = {"key": "7", "number": "0", "expires": "9"}
    headers = {"content-length": "3", "content-type": "text/plain"}

    assert one.signature(query, headers) == other.signature(query, headers)
    await one._storage.put(incoming("7"), pieces(b"abc"))
    assert await other._storage.size(incoming("7")) == 3
