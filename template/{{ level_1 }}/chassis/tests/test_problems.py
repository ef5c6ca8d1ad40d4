"""Every error is answered as problem details."""

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

import pytest
from fastapi import APIRouter, FastAPI, HTTPException, Query
from fastapi.responses import StreamingResponse
from httpx2 import ASGITransport, AsyncClient, Response
from pydantic import BaseModel, EmailStr, Field
from starlette.types import Receive, Scope, Send

from chassis.app import build_app
from chassis.effects import take_note
from chassis.features import FeatureSettings
from chassis.problems import (
    Conflict,
    FieldError,
    Invalid,
    NotFound,
    OutcomeUnknown,
    Outdated,
    Overloaded,
    ProblemError,
    Unavailable,
    VersionRequired,
    responses,
)
from chassis.problems.details import title_of, type_of
from chassis.schemas import ListQuery, Schema

SECRET = "hunter2-hunter2"  # noqa: S105  # what must not come back


class BrokenRule(Exception):  # noqa: N818  # a domain's own word
    def __init__(self) -> None:
        super().__init__("title must be short")
        self.field = "title"


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


class Colour(StrEnum):
    RED = "red"


class Line(Schema):
    price: int


class Order(Schema):
    title: Annotated[str, Field(max_length=3)]
    lines: Annotated[list[Line], Field(default_factory=list)]
    customer: UUID | None = None
    mail: EmailStr | None = None
    colour: Colour = Colour.RED
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None


router = APIRouter(responses=responses(404, 409, 422))
RAISED: dict[str, Exception] = {
    "not-found": NotFound("Order not found."),
    "conflict": Conflict("Taken.", errors=[FieldError("title", "Taken")]),
    "invalid": Invalid("Too long.", field="title"),
    "unavailable": Unavailable("No answer."),
    "overloaded": Overloaded("Busy."),
    "unknown": OutcomeUnknown("Perhaps."),
    "outdated": Outdated("Changed."),
    "version": VersionRequired("Which?"),
    "rule": BrokenRule(),
    "upstream": LookupError(SECRET),
    "teapot": HTTPException(418, headers={"X-Tea": "green"}),
    "made-up": HTTPException(499, detail={"not": "a text"}),
    "not-modified": HTTPException(304),
    "bug": RuntimeError(SECRET),
}


@router.get("/raise/{name}")
async def fail(name: str) -> None:
    raise RAISED[name]


@router.get("/write-then-fail")
async def write_then_fail() -> None:
    take_note()
    raise RAISED["unavailable"]


@router.post("/orders")
async def order(order: Order) -> Order:
    return order


@router.get("/orders")
async def orders(query: Annotated[ListQuery, Query()]) -> ListQuery:
    return query


@router.get("/orders/{order_id}")
async def one(order_id: UUID) -> UUID:
    return order_id


@router.get("/stream")
async def stream() -> StreamingResponse:
    def parts() -> Iterator[bytes]:
        yield b"first"
        raise RuntimeError(SECRET)

    return StreamingResponse(parts())


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return built()


def built() -> FastAPI:
    problems = {BrokenRule: 422, LookupError: 502}
    return build_app("Orders", [router], FeatureSettings(), problems)


def assert_problem(answer: Response, status: int, kind: str) -> None:
    problem = answer.json()
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"urn:problem:{kind}"
    assert problem["status"] == status
    assert problem["instance"] == answer.request.url.path
    assert problem["title"]
    assert problem["detail"]
    assert SECRET not in answer.text


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("not-found", 404, "not-found"),
        ("conflict", 409, "conflict"),
        ("invalid", 422, "invalid"),
        ("unavailable", 503, "unavailable"),
        ("rule", 422, "invalid"),
        ("upstream", 502, "bad-gateway"),
        ("teapot", 418, "im-a-teapot"),
        ("made-up", 499, "status-499"),
        ("bug", 500, "internal-error"),
    ],
)
async def test_every_error_is_a_problem(
    client: AsyncClient, name: str, status: int, kind: str
) -> None:
    assert_problem(await client.get(f"/raise/{name}"), status, kind)


async def test_unknown_paths_and_methods_are_problems(client: AsyncClient) -> None:
    assert_problem(await client.get("/nowhere"), 404, "not-found")
    answer = await client.delete("/orders")
    assert_problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"]


async def test_headers_of_an_error_are_sent(client: AsyncClient) -> None:
    assert (await client.get("/raise/teapot")).headers["x-tea"] == "green"


async def test_an_answer_without_a_body_has_none(client: AsyncClient) -> None:
    answer = await client.get("/raise/not-modified")

    assert (answer.status_code, answer.content) == (304, b"")


@pytest.mark.parametrize(
    ("name", "errors"),
    [
        ("invalid", [{"field": "title", "detail": "Too long."}]),
        ("conflict", [{"field": "title", "detail": "Taken"}]),
        ("rule", [{"field": "title", "detail": "title must be short"}]),
    ],
)
async def test_the_field_to_blame_is_named(
    client: AsyncClient, name: str, errors: list[dict[str, str]]
) -> None:
    assert (await client.get(f"/raise/{name}")).json()["errors"] == errors


async def test_an_unexpected_error_is_logged_with_its_traceback(
    client: AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    await client.get("/raise/bug")

    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.getMessage() == "Unexpected error in GET /raise/{name}"
    assert record.exc_info


async def test_an_outage_is_logged_with_its_cause(
    client: AsyncClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    outage = Unavailable("No answer.")
    outage.__cause__ = OSError("refused")
    monkeypatch.setitem(RAISED, "unavailable", outage)

    await client.get("/raise/unavailable")

    assert "GET /raise/{name}: No answer. (OSError: refused)" in caplog.messages


@pytest.mark.parametrize(
    ("name", "status", "kind", "invited"),
    [
        ("unavailable", 503, "unavailable", True),
        ("overloaded", 503, "overloaded", True),
        ("unknown", 504, "outcome-unknown", False),
        ("outdated", 412, "outdated", False),
        ("version", 428, "version-required", False),
    ],
)
async def test_only_where_nothing_was_done_it_is_said_when_to_try_again(
    client: AsyncClient, name: str, status: int, kind: str, *, invited: bool
) -> None:
    answer = await client.get(f"/raise/{name}")

    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:problem:{kind}")
    assert ("retry-after" in answer.headers) is invited


async def test_after_a_write_nobody_is_invited_to_try_again(client: AsyncClient) -> None:
    answer = await client.get("/write-then-fail")

    assert answer.status_code == 503
    assert "retry-after" not in answer.headers
    assert "retry-after" in (await client.get("/raise/unavailable")).headers


async def test_an_answer_that_has_begun_is_cut(client: AsyncClient) -> None:
    with pytest.raises(RuntimeError):
        await client.get("/stream")


class Broken:
    """A middleware with a bug."""

    def __init__(self, _app: object) -> None:
        pass

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError(SECRET)


async def test_an_error_outside_of_the_application_is_a_problem() -> None:
    app = built()
    app.add_middleware(Broken)
    transport = ASGITransport(app, raise_app_exceptions=False)

    async with AsyncClient(transport=transport, base_url="http://orders") as client:
        assert_problem(await client.get("/orders"), 500, "internal-error")


@pytest.mark.parametrize(
    ("body", "field", "detail"),
    [
        ({}, "title", "Field required"),
        ({"title": SECRET}, "title", "String should have at most 3 characters"),
        ({"title": "a", "lines": [{"price": SECRET}]}, "lines.0.price", "integer"),
        ({"title": "a", "x": SECRET}, "x", "Extra inputs are not permitted"),
        ({"title": "a", "x" * 1000: 1}, "x" * 100, "Extra inputs are not permitted"),
        ({"title": "\ud800"}, "title", "half a character"),
        ({"title": "a", "customer": SECRET}, "customer", "Input should be a valid UUID"),
        ({"title": "a", "mail": SECRET}, "mail", "value is not a valid email address"),
        ({"title": "a", "mail": f'"{SECRET}"@x.org'}, "mail", "value is not a valid email"),
        ({"title": "a", "colour": SECRET}, "colour", "Input should be 'red'"),
        ({"title": "a", "pet": {"kind": SECRET}}, "pet", "Input should have one of the known tags"),
        ([], "body", "valid dictionary"),
    ],
)
async def test_an_invalid_body_names_the_field_and_not_its_value(
    client: AsyncClient, body: object, field: str, detail: str
) -> None:
    headers = {"content-type": "application/json"}
    answer = await client.post("/orders", content=json.dumps(body), headers=headers)

    assert_problem(answer, 422, "invalid")
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert detail in error["detail"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/orders?limit=0", "limit"),
        ("/orders?sort=title&other=1", "other"),
        (f"/orders/{SECRET}", "order_id"),
    ],
)
async def test_queries_and_paths_are_checked_alike(
    client: AsyncClient, path: str, field: str
) -> None:
    answer = await client.get(path)

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert SECRET not in str(answer.json()["errors"])


@pytest.mark.parametrize("body", [b'{"title": hunter2-hunter2', b'{"title": "\xff"}', b"[" * 30])
async def test_a_body_that_is_not_json_is_a_bad_request(client: AsyncClient, body: bytes) -> None:
    headers = {"content-type": "application/json"}

    answer = await client.post("/orders", content=body, headers=headers)

    assert_problem(answer, 400, "bad-request")
    assert "errors" not in answer.json()


def test_openapi_documents_every_status_and_nothing_of_the_framework(app: FastAPI) -> None:
    document = app.openapi()

    operations = document["paths"]["/orders"]
    always = {"400", "408", "414", "422", "431", "500", "503"}
    with_body = {"413", "415"}
    who_asks = {"401", "403"}  # documented where somebody looks at it
    told = set(operations["post"]["responses"]) - who_asks
    assert told == {"200", "404", "409", "504"} | always | with_body
    for status, answer in operations["post"]["responses"].items():
        if status != "200":
            (content,) = answer["content"].items()
            schema = {"$ref": "#/components/schemas/ProblemDetails"}
            assert content == ("application/problem+json", {"schema": schema})
    assert "HTTPValidationError" not in str(document)


def test_a_route_that_says_nothing_of_problems_is_documented_alike() -> None:
    app = build_app("Orders", [], FeatureSettings())

    @app.get("/orders/{number}")
    async def order(number: int) -> int:
        return number

    document = app.openapi()
    answers = document["paths"]["/orders/{number}"]["get"]["responses"]
    assert set(answers["422"]["content"]) == {"application/problem+json"}
    schemas = document["components"]["schemas"].keys()
    assert schemas >= {"ProblemDetails", "ProblemField"}
    assert not schemas & {"HTTPValidationError", "ValidationError"}


def test_operations_are_named_as_their_functions(app: FastAPI) -> None:
    operations = [one for path in app.openapi()["paths"].values() for one in path.values()]

    assert {one["operationId"] for one in operations} >= {"fail", "order", "orders", "one"}


async def test_the_documented_schema_is_what_is_sent(app: FastAPI, client: AsyncClient) -> None:
    schemas = app.openapi()["components"]["schemas"]

    sent = (await client.get("/raise/invalid")).json()

    assert set(sent) == set(schemas["ProblemDetails"]["properties"])
    assert set(schemas["ProblemDetails"]["required"]) == set(sent) - {"errors"}
    assert set(sent["errors"][0]) == set(schemas["ProblemField"]["properties"])


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "text/plain"}, b'{"title": "x"}', 415),
        ({"Content-Type": "application/xml"}, b"<title/>", 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x--", 415),
        ({"Content-Type": "application/jsonp"}, b"{}", 415),
        ({}, b"{}", 415),
        ({"Content-Type": "application/json"}, b"", 422),
        ({}, b"", 422),
        ({"Content-Type": "APPLICATION/JSON; charset=utf-8"}, b"{}", 422),
        ({"Content-Type": "application/merge-patch+json"}, b"{}", 422),
        ({"Content-Type": "application/json", "Accept": "text/html;q=x, */"}, b"{}", 422),
    ],
)
async def test_a_body_of_another_type_is_refused(
    client: AsyncClient, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = await client.post("/orders", headers=headers, content=body)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert ("accept" in answer.headers) is (status == 415)


def test_kinds_do_not_follow_the_wording_of_python() -> None:
    assert [type_of(status) for status in (413, 422)] == [
        "urn:problem:content-too-large",
        "urn:problem:invalid",
    ]
    assert title_of(299) == "Status 299"


def test_a_problem_reads_as_its_detail() -> None:
    problem: ProblemError = Invalid("Too long.")

    assert str(problem) == "Too long."
    assert problem.errors == ()
