"""HEAD, OPTIONS and what a path does not offer."""

from collections.abc import AsyncIterator

import pytest
from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import StreamingResponse
from httpx2 import AsyncClient

from chassis.app import build_app
from chassis.features import FeatureSettings
from chassis.versions import IfMatch

router = APIRouter(prefix="/plants")


@router.get("")
async def plants() -> list[str]:
    return ["basil"]


@router.post("")
async def sow() -> None:
    pass


@router.get("/bed")
async def bed(response: Response) -> str:
    response.headers["ETag"] = '"7"'
    return "basil"


@router.get("/harvest")
async def harvest() -> StreamingResponse:
    async def fruits() -> AsyncIterator[bytes]:
        yield b"basil"
        pytest.fail("nobody waits for more")

    return StreamingResponse(fruits(), headers={"Content-Length": "10"})


@router.get("/{name}")
async def plant(name: str) -> str:
    return name


@router.delete("/{name}", status_code=204)
async def uproot(name: str) -> None:
    assert name


@router.put("/{name}/place")
async def move(name: str, version: IfMatch) -> str:
    return f"{name} {version}"


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return build_app("Garden", [router], FeatureSettings())


@pytest.mark.parametrize("path", ["/plants", "/plants/basil", "/openapi.json", "/docs", "/redoc"])
async def test_head_is_get_without_the_body(client: AsyncClient, path: str) -> None:
    got, head = await client.get(path), await client.head(path)

    assert head.status_code == got.status_code == 200
    assert head.content == b""
    for name in ("content-type", "content-length"):
        assert head.headers[name] == got.headers[name]


async def test_of_what_comes_in_pieces_nothing_more_is_made_for_head(client: AsyncClient) -> None:
    answer = await client.head("/plants/harvest")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == "10"


@pytest.mark.parametrize("known", ['"7"', 'W/"7"', '"6", "7"', "*"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_what_a_client_has_is_not_sent_again(
    client: AsyncClient, method: str, known: str
) -> None:
    answer = await client.request(method, "/plants/bed", headers={"If-None-Match": known})

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == '"7"'
    assert "content-length" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "known", "status"),
    [
        ("GET", "/plants/bed", '"8"', 200),
        ("GET", "/plants/bed", "7", 200),
        ("GET", "/plants/basil", "*", 200),
        ("GET", "/weeds", "*", 404),
        ("DELETE", "/plants/basil", "*", 204),
    ],
)
async def test_all_else_is_sent(
    client: AsyncClient, method: str, path: str, known: str, status: int
) -> None:
    answer = await client.request(method, path, headers={"If-None-Match": known})

    assert answer.status_code == status
    assert bool(answer.content) is (status != 204)


async def test_head_of_what_is_not_there(client: AsyncClient) -> None:
    answer = await client.head("/weeds")

    assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/plants", "GET, HEAD, POST, OPTIONS"),
        ("/plants/basil", "GET, HEAD, DELETE, OPTIONS"),
        ("/openapi.json", "GET, HEAD, OPTIONS"),
        ("/docs", "GET, HEAD, OPTIONS"),
    ],
)
async def test_options_and_refusals_say_what_is_offered(
    client: AsyncClient, path: str, allowed: str
) -> None:
    asked, refused = await client.options(path), await client.put(path)

    assert (asked.status_code, asked.headers["allow"]) == (204, allowed)
    assert (refused.status_code, refused.headers["allow"]) == (405, allowed)
    assert refused.json()["type"] == "urn:problem:method-not-allowed"


async def test_options_of_what_is_not_there(client: AsyncClient) -> None:
    assert (await client.options("/weeds")).status_code == 404


@pytest.mark.parametrize("path", ["/plants/", "//evil.example/plants", "/docs/", "/plants//"])
async def test_nobody_is_sent_elsewhere(client: AsyncClient, path: str) -> None:
    answer = await client.get(path, headers={"Host": "evil.example"})

    assert answer.status_code in {200, 404}
    assert "location" not in answer.headers
    assert "evil" not in answer.text.replace("//evil.example/plants", "")


async def test_what_has_no_version_is_not_changed_for_who_counts_on_one(
    client: AsyncClient,
) -> None:
    counting = {"If-Match": '"7"'}

    refused = await client.delete("/plants/basil", headers=counting)
    assert refused.status_code == 412
    assert "no version" in refused.json()["detail"]
    assert (await client.delete("/plants/basil", headers={"If-Match": "*"})).status_code == 204
    assert (await client.put("/plants/basil/place", headers=counting)).json() == "basil 7"
    assert (await client.delete("/nothing", headers=counting)).status_code == 404
    assert (await client.get("/plants/basil", headers=counting)).status_code == 200


async def test_a_path_that_is_written_out_is_no_id_of_another_route(client: AsyncClient) -> None:
    refused = await client.delete("/plants/bed")
    asked = await client.options("/plants/bed")

    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert asked.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert (await client.head("/plants/bed")).status_code == 200
    assert (await client.delete("/plants/beds")).status_code == 204
