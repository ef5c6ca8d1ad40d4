"""JSON bodies are taken only if they can be given back exactly."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Body, FastAPI, Request
from httpx2 import AsyncClient

from chassis.app import build_app
from chassis.features import FeatureSettings
from chassis.json_bodies import AS_IT_CAME

router = APIRouter()


@router.post("/echo")
async def echo(body: Annotated[Any, Body()]) -> Any:
    return body


@router.post("/bytes")
async def size(request: Request) -> int:
    request.scope[AS_IT_CAME] = True
    return len(await request.body())


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return build_app("Echo", [router], FeatureSettings(max_json_depth=4, max_json_nodes=10))


async def sent(client: AsyncClient, body: bytes) -> tuple[int, list[dict[str, str]]]:
    """Send a body as it is; give the status and the errors of the answer."""
    answer = await client.post(
        "/echo", content=body, headers={"content-type": "application/json; charset=utf-8"}
    )
    problem = answer.json()
    return answer.status_code, problem.get("errors", []) if isinstance(problem, dict) else []


@pytest.mark.parametrize(
    "text",
    [
        "null",
        "true",
        '"é \\ud83d\\ude00 \\u0001"',
        "[[[[]]]]",
        "[9007199254740993, 9223372036854775807, -1e18, 6.02214076e23]",
        "[0.1, -0.0, 1e60, 1e-60, 1234567.25, 0.1234567890123456]",
        '{"": {"a": 1, "A": 2}}',
        "  [1]\n",
    ],
)
async def test_what_is_taken_comes_back(client: AsyncClient, text: str) -> None:
    answer = await client.post("/echo", content=text, headers={"content-type": "application/json"})

    assert answer.status_code == 200
    assert answer.json() == json.loads(text)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"a": NaN}', "a"),
        ('{"a": [1, -Infinity]}', "a.1"),
        ('{"a": 1e400}', "a"),
        ('{"a": 1e61}', "a"),
        ('{"a": 1e-400}', "a"),
        ('{"a": 1e-61}', "a"),
        ('{"balance": 9007199254740993.01}', "balance"),
        ('{"a": 0.12345678901234567890}', "a"),
        ('{"a": 9223372036854775808}', "a"),
        ('{"a": 123456789012345670.0}', "a"),
        ('{"a": ' + "1" * 101 + "}", "a"),
        ('{"a": ' + "1" * 5000 + "}", "a"),
        ('{"a": 0.' + "1" * 5000 + "}", "a"),
        ('{"a": "\\ud800"}', "a"),
        ('{"a": ["x", "\\udc00\\ud800"]}', "a.1"),
        ('{"a": "\\u0000"}', "a"),
        ('{"\\ud800": 1}', "\ud800"),
        ('{"a": 1, "b": 2, "a": 1}', "a"),
        ('{"b": {"a": 1, "a": 2}}', "b.a"),
        ("[[[[1, []]]]]", "0.0.0.1"),
        ("[" * 500_000 + "]" * 500_000, "body"),
        ('{"a":' * 500 + "{}" + "}" * 500, "a.a.a.a"),
        ("[1,2,3,4,5,6,7,8,9,10,11]", "body"),
        ('{"a": [1,2,3,4,5], "b": [1,2,3,4,5]}', "b"),
    ],
)
async def test_what_could_not_come_back_is_named(
    client: AsyncClient, text: str, field: str
) -> None:
    status, errors = await sent(client, text.encode())

    assert status == 422
    assert [error["field"] for error in errors] == [field]


@pytest.mark.parametrize(
    "body",
    [b"{", b"[1,]", b"\xff", b"\xef\xbb\xbf1", "[1]".encode("utf-16"), b'"\xed\xa0\x80"', b"[01]"],
)
async def test_what_is_no_json_cannot_be_read(client: AsyncClient, body: bytes) -> None:
    assert await sent(client, body) == (400, [])


async def test_a_body_in_pieces_is_one(client: AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b'{"a": 1', b"e400", b"}"):
            yield piece

    answer = await client.post(
        "/echo", content=pieces(), headers={"content-type": "application/vnd.api+json"}
    )

    assert answer.status_code == 422


async def test_an_unknown_path_is_not_found_whatever_is_sent(client: AsyncClient) -> None:
    answer = await client.post(
        "/nowhere", content=b"{", headers={"content-type": "application/json"}
    )

    assert answer.status_code == 404


async def test_who_takes_bytes_gets_them_as_they_came(client: AsyncClient) -> None:
    headers = {"content-type": "application/json"}

    answer = await client.post("/bytes", content=b'["\\u0000", NaN', headers=headers)

    assert (answer.status_code, answer.json()) == (200, 14)
