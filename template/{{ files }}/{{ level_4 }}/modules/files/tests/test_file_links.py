"""A file is given out by a link, for a while, and the audit log says who got what."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.app import build_app
from chassis.features import FeatureSettings
from chassis.identity import Principal
from chassis_files.file_api.routes import stored_files
from chassis_files.file_links.signing import LINKS, AccessLinks
from chassis_files.files import FileState, NewFile
from chassis_files.storage import ObjectStorage
from chassis_files.testing.kept import KeptFiles, pieces

WORDS = b"words"


class Told:
    """The events that would be entered in the audit log."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, str | None]] = []

    def tell(self, action: str, subject: str, actor: str | None = None) -> None:
        self.events.append((action, subject, actor))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def settings() -> FeatureSettings:
    return FeatureSettings()


@pytest.fixture
def app(
    settings: FeatureSettings, stored: KeptFiles, storage: ObjectStorage, told: Told
) -> FastAPI:
    app = build_app("Shop", [], settings)
    app.state.storage = storage
    app.state.security_events = told
    app.dependency_overrides[stored_files] = lambda: stored
    return app


@pytest.fixture
async def file_id(stored: KeptFiles, storage: ObjectStorage) -> UUID:
    file = await stored.add(NewFile(name="a.txt"))
    await storage.put(str(file.id), pieces(WORDS))
    there = FileState(state="uploaded", content_type="text/plain", size=5, sha256="0" * 64)
    await stored.set_state(file.id, there)
    await stored.set_state(file.id, FileState(state="clean"))
    return file.id


async def link(client: AsyncClient, file_id: UUID, **said: Any) -> str:
    answer = await client.post(LINKS, json={"file_id": str(file_id), **said})
    assert answer.status_code == 201, answer.text
    assert answer.json()["url"].endswith(answer.headers["location"])
    return str(answer.json()["url"])


async def test_a_link_gives_a_file_out_to_whoever_has_it(
    client: AsyncClient,
    told: Told,
    file_id: UUID,
    ask_as: Callable[[Principal | None], None],
) -> None:
    url = await link(client, file_id)
    ask_as(None)

    answer = await client.get(url)

    assert (answer.status_code, answer.content) == (200, WORDS)
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    part = await client.get(url, headers={"range": "bytes=1-2"})
    assert (part.status_code, part.content) == (206, b"or")
    [(action, subject, actor), _] = told.events
    assert (action, subject) == ("fetch_by_link", f"files/{file_id}")
    assert actor


@pytest.mark.parametrize(
    "settings", [FeatureSettings(files_cdn_url="https://cdn.example", files_cdn_seconds=60)]
)
async def test_a_cdn_keeps_what_a_link_gives_and_nothing_that_takes_a_token(
    client: AsyncClient, file_id: UUID
) -> None:
    told = (await client.get(f"/api/v1/files/{file_id}")).json()["content_url"]
    with_token = await client.get(told)
    assert told.startswith("/api/v1/files/")
    assert with_token.headers["cache-control"] == "private, no-cache"

    for seconds, kept in ((300, 60), (5, 5)):
        url = await link(client, file_id, seconds=seconds)
        assert url.startswith(f"https://cdn.example{LINKS}/")
        answer = await client.get(url.removeprefix("https://cdn.example"))
        public, _, longest = answer.headers["cache-control"].partition(", max-age=")
        assert (public, kept - 2 < int(longest) <= kept) == ("public", True)


async def test_who_fetches_with_a_token_is_entered(
    client: AsyncClient, told: Told, file_id: UUID
) -> None:
    await client.get(f"/api/v1/files/{file_id}/content")

    assert told.events == [("fetch", f"files/{file_id}", None)]


@pytest.mark.parametrize(
    ("old", "new"),
    [("expires=", "expires=1"), ("by=", "by=a"), ("signature=", "signature=0"), ("&by", "&to")],
)
async def test_a_link_that_was_changed_is_good_for_nothing(
    client: AsyncClient, told: Told, file_id: UUID, old: str, new: str
) -> None:
    url = await link(client, file_id)

    assert (await client.get(url.replace(old, new))).status_code in {403, 422}
    assert (await client.get(url.replace(str(file_id), str(uuid4())))).status_code == 403
    assert told.events == []


async def test_a_link_ends(client: AsyncClient, app: FastAPI, file_id: UUID) -> None:
    links: AccessLinks = app.state.file_links
    past = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)

    answer = await client.get(links.link(file_id, "anna", past))

    assert (answer.status_code, "expired" in answer.text) == (403, True)


async def test_a_link_goes_with_its_file_and_is_made_of_no_other(
    client: AsyncClient, stored: KeptFiles, file_id: UUID
) -> None:
    url = await link(client, file_id)
    waiting = await stored.add(NewFile(name="b"))
    body = {"file_id": str(waiting.id)}
    assert (await client.post(LINKS, json=body)).status_code == 409
    too_long = {"file_id": str(file_id), "seconds": 86_401}
    assert (await client.post(LINKS, json=too_long)).status_code == 422

    await stored.release(file_id)

    assert (await client.get(url)).status_code == 404
    assert (await client.post(LINKS, json={"file_id": str(file_id)})).status_code == 404


async def test_making_a_link_takes_a_permission(
    client: AsyncClient, file_id: UUID, ask_as: Callable[[Principal | None], None]
) -> None:
    ask_as(None)
    assert (await client.post(LINKS, json={"file_id": str(file_id)})).status_code == 401
