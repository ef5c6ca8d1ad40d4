"""The ten risks of the OWASP API Security Top 10 (2023), each tried on the running system."""

import json
import socket
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi.routing import iter_route_contexts
from tools.dev import identity

from chassis.identity import PUBLIC, Principal
from chassis.identity.rules import SIGNED_IN
from tests.integration.collections import PROBLEM, Collection, Records, collections
from tests.integration.system import (
    HOST,
    NO_DATABASE,
    Started,
    application,
    client_headers,
    document,
    environment,
    listening,
    serving,
    system,
)
from tests.integration.test_identity import NOBODY, asked, of, operations, rules_of

TIMEOUT_S = 20
QUIET_S = 0.3
PARALLEL = 12
FOR_ALL = {PUBLIC, SIGNED_IN}
EVIL = "evil.example"
INTERNALS = ("Traceback", 'File "', "sqlalchemy", "asyncpg", "site-packages", "postgresql://")
OTHERS: Mapping[str, object] = {
    "is_admin": True,
    "id": str(uuid4()),
    "version": 99,
    "created_at": "2000-01-01T00:00:00Z",
}


@pytest.fixture(scope="module", params=[one.name for one in system().services if not one.upgrade])
def api(request: pytest.FixtureRequest) -> str:
    """A service that clients call; the others let nobody in but services."""
    name: str = request.param
    return name


@pytest.fixture(autouse=True)
def nobody_is_assumed(ask_as: Callable[[Principal | None], None]) -> None:
    ask_as(None)


@pytest.fixture
def http(services: Mapping[str, Started], api: str) -> Iterator[httpx2.Client]:
    """A client that says nothing about who it is."""
    with httpx2.Client(base_url=services[api].url, timeout=TIMEOUT_S) as client:
        yield client


@pytest.fixture
def records(services: Mapping[str, Started], api: str) -> Iterator[Records]:
    """Makes records as somebody who may do everything."""
    keepers: dict[str, Records] = {}
    with ExitStack() as stack:
        for one in (s for s in system().services if s.upgrade):
            address, headers = services[one.name].url, client_headers(one)
            inner = httpx2.Client(base_url=address, timeout=TIMEOUT_S, headers=headers)
            kept = Records(stack.enter_context(inner), document(one.name))
            keepers |= {found.path: kept for found in collections(document(one.name))}
        client = httpx2.Client(base_url=services[api].url, timeout=TIMEOUT_S, headers=of(["admin"]))
        made = Records(stack.enter_context(client), document(api), keepers)
        yield made
        for keeper in (made, *keepers.values()):
            keeper.remove_all()


@pytest.fixture
def some(api: str) -> Collection:
    """One of its collections: all are made alike."""
    found = next(collections(document(api)), None)
    return found or pytest.skip("it has no collection")


@pytest.fixture
def record(records: Records, some: Collection) -> dict[str, Any]:
    """A record that somebody else has made."""
    return records.create(some)


def test_api1_a_record_is_closed_whoever_knows_its_id(
    http: httpx2.Client, records: Records, some: Collection, record: dict[str, Any]
) -> None:
    path = some.of(record["id"])
    before = records.http.get(path).json()
    for headers, refusal in (({}, 401), (of([NOBODY]), 403)):
        for method in ("GET", "PATCH", "DELETE"):
            answer = http.request(method, path, headers=headers, json={})
            assert answer.status_code in {refusal, 405}, f"{method} {path}: {answer.text}"

    assert records.http.get(path).json() == before


def _forged(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, dict[str, str]]]:
    right = of(["admin"])["Authorization"].removeprefix("Bearer ")
    header, payload, signature = right.split(".")
    own = ec.generate_private_key(ec.SECP256R1())
    unsigned = urlsafe_b64encode(b'{"alg": "none", "typ": "at+jwt"}').rstrip(b"=").decode()
    others = payload[:-4] + ("AAAA" if payload[-4:] != "AAAA" else "BBBB")
    tokens = {
        "unsigned": f"{unsigned}.{payload}.",
        "another payload": f"{header}.{others}.{signature}",
        "cut off": right[:-8],
        "of another key": jwt.encode(
            jwt.decode(right, options={"verify_signature": False}),
            own,
            identity.ALGORITHM,
            headers={**jwt.get_unverified_header(right)},
        ),
    }
    with monkeypatch.context() as patch:
        long_ago = SimpleNamespace(time=lambda: time.time() - 30 * 24 * 3600)
        patch.setattr(identity, "time", long_ago)
        tokens["expired"] = of(["admin"])["Authorization"].removeprefix("Bearer ")
    yield from ((kind, {"Authorization": f"Bearer {token}"}) for kind, token in tokens.items())
    yield "another scheme", {"Authorization": f"Basic {right}"}
    yield "in a cookie", {"Cookie": f"token={right}; access_token={right}"}


def test_api2_no_forged_token_is_believed(
    http: httpx2.Client, some: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind, headers in _forged(monkeypatch):
        answer = http.get(some.path, headers=headers)
        assert answer.status_code == 401, f"{kind}: {answer.text}"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_api3_nobody_sets_or_sees_more_than_is_declared(
    records: Records, some: Collection, record: dict[str, Any]
) -> None:
    schema = some.create["responses"]["201"]["content"]["application/json"]["schema"]
    declared = records.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    path = some.of(record["id"])
    assert records.http.get(path).json().keys() <= declared["properties"].keys()

    for name, value in OTHERS.items():
        for method, to in (("POST", some.path), ("PATCH", path)):
            body = records.body(some) if method == "POST" else {}
            answer = records.http.request(method, to, json={**body, name: value})
            assert answer.status_code in {405, 422}, f"{method} takes {name}: {answer.text}"


def test_api4_what_costs_too_much_is_refused(http: httpx2.Client, some: Collection) -> None:
    admin = of(["admin"])
    deep = b"[" * 100_000 + b"]" * 100_000
    answers = {
        "a page without end": http.get(some.path, params={"limit": 10**6}, headers=admin),
        "a large body": http.post(some.path, content=b" " * (8 << 20), headers=admin),
        "a deep body": http.post(some.path, content=deep, headers=_json(admin)),
        "many headers": http.get(
            some.path, headers={**admin, **{f"X-{number}": "a" for number in range(500)}}
        ),
    }

    for what, answer in answers.items():
        assert answer.status_code in {413, 422, 431}, f"{what}: {answer.status_code}"


def _json(headers: Mapping[str, str]) -> dict[str, str]:
    return {**headers, "Content-Type": "application/json"}


def test_api5_a_role_does_what_it_is_for_however_it_asks(
    http: httpx2.Client,
    api: str,
    records: Records,
    some: Collection,
    record: dict[str, Any],
) -> None:
    rules, path = rules_of(api), some.of(record["id"])
    readers = [
        role
        for role, permissions in rules.policy.roles.items()
        if all(permission.endswith(":read") for permission in permissions)
    ]
    for role in (*readers, NOBODY):
        for (method, route), status in asked(str(http.base_url), api, of([role])).items():
            # What the policy says of this one route alone: some ask by POST and change nothing.
            named = rules.policy.routes.get(f"{method} {route}", "")
            may = rules.permission_for(method, route) in FOR_ALL or (
                bool(named) and rules.policy.allows([role], named)
            )
            if method != "GET" and not may:
                assert status == 403, f"{role}: {method} {route} is answered {status}"
    for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        records.http.get(path, headers={header: "DELETE"})
        records.http.post(path, headers={header: "DELETE"})

    assert records.http.get(path).status_code == 200


def test_api6_what_is_sent_many_times_happens_once(
    records: Records, some: Collection, record: dict[str, Any]
) -> None:
    path, etag = some.of(record["id"]), records.http.get(some.of(record["id"])).headers
    body, key = records.body(some), {"Idempotency-Key": str(uuid4())}
    references = {name: record[name] for name in records.references(some)}

    def create(_: int) -> httpx2.Response:
        return records.http.post(some.path, json={**body, **references}, headers=key)

    def remove(_: int) -> int:
        return records.http.delete(path, headers={"If-Match": etag["ETag"]}).status_code

    with ThreadPoolExecutor(PARALLEL) as threads:
        made = list(threads.map(create, range(PARALLEL)))
        removed = list(threads.map(remove, range(PARALLEL)))

    created = {answer.json()["id"] for answer in made if answer.status_code == 201}
    records.made += [some.of(one) for one in created]
    assert len(created) <= 1
    assert removed.count(204) <= 1


def test_api7_nobody_is_called_on_behalf_of_a_client(
    http: httpx2.Client, records: Records, some: Collection
) -> None:
    with listening() as somewhere:
        address = f"http://{HOST}:{somewhere.getsockname()[1]}/keys"
        right = of(["admin"])["Authorization"].removeprefix("Bearer ")
        claims = jwt.decode(right, options={"verify_signature": False})
        forged = jwt.encode(
            {**claims, "iss": address},
            ec.generate_private_key(ec.SECP256R1()),
            identity.ALGORITHM,
            headers={"typ": "at+jwt", "kid": "theirs", "jku": address, "x5u": address},
        )
        headers = {"Referer": address, "Origin": address, "X-Forwarded-Host": EVIL, "Host": EVIL}
        refused = http.get(some.path, headers={**headers, "Authorization": f"Bearer {forged}"})
        body = {**records.body(some), "callback": address}
        made = records.http.post(some.path, json=body, headers=headers)

        assert refused.status_code == 401
        assert EVIL not in made.headers.get("Location", "")
        assert _nobody_calls(somewhere)
    if made.is_success:
        records.made.append(some.of(made.json()["id"]))


def _nobody_calls(somewhere: socket.socket) -> bool:
    somewhere.settimeout(QUIET_S)
    try:
        somewhere.accept()
    except TimeoutError:
        return True
    return False


def test_api8_no_answer_tells_how_it_is_made(http: httpx2.Client, some: Collection) -> None:
    admin, path = of(["admin"]), some.path
    answers = [
        http.get(path, headers={**admin, "Origin": f"https://{EVIL}"}),
        http.get(path),
        http.get(f"{path}/no-id", headers=admin),
        http.get("/api/../../etc/passwd", headers=admin),
        http.request("TRACE", path, headers=admin),
        http.post(path, content=b"\xff{", headers=_json(admin)),
        http.get(path, params={"cursor": "'; DROP TABLE x --"}, headers=admin),
    ]

    assert answers[0].status_code == 200
    for answer in answers:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert not {"server", "x-powered-by"} & answer.headers.keys()
        assert not [word for word in INTERNALS if word in answer.text], answer.text
    for answer in answers[1:]:
        assert 400 <= answer.status_code < 500, answer.request.url
        assert answer.headers["Content-Type"] == PROBLEM


def test_api9_every_route_below_api_is_in_the_document(api: str) -> None:
    (found,) = (one for one in system().services if one.name == api)
    app = application(found, environment(found, NO_DATABASE))
    served = {
        (method, str(route.path_format))
        for route in iter_route_contexts(app.routes)
        for method in (route.methods or ())
    }

    below = {(method, path) for method, path in served if path.startswith("/api")}
    assert below == {route for route in operations(api) if route[1].startswith("/api")}


class Other(BaseHTTPRequestHandler):
    """Another service, that answers as it should not."""

    address = ""
    answers: Mapping[str, tuple[int, Mapping[str, str], bytes]] = {}
    kind = ""

    def do_GET(self) -> None:
        status, headers, body = self.answers[self.kind]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            return  # it has heard enough

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_api10_what_another_service_answers_is_not_passed_on_unseen(api: str) -> None:
    (found,) = (one for one in system().services if one.name == api)
    kept = [one.name for one in system().services if one.upgrade]
    path = next(collections(document(api))).path
    hidden = "what-nobody-should-see"
    with (
        listening() as elsewhere,
        ThreadingHTTPServer((HOST, 0), Other) as other,
        ExitStack() as stack,
    ):
        threading.Thread(target=other.serve_forever, daemon=True).start()
        stack.callback(other.shutdown)
        away = f"http://{HOST}:{elsewhere.getsockname()[1]}/"
        as_json = {"Content-Type": "application/json"}
        Other.answers = {
            "sends elsewhere": (307, {"Location": away}, b""),
            "no JSON": (200, {"Content-Type": "text/html"}, f"<b>{hidden}</b>".encode()),
            "another shape": (200, as_json, json.dumps({"items": [{"x": hidden}]}).encode()),
            "too much": (200, as_json, b'{"items": ["' + b"a" * (32 << 20) + b'"]}'),
            "its own failure": (500, as_json, json.dumps({"detail": hidden}).encode()),
        }
        ports = dict.fromkeys(kept, other.server_port)
        open_ = stack.enter_context(listening())
        app = application(found, environment(found, NO_DATABASE, ports))
        stack.enter_context(serving(app, open_))
        url = f"http://{HOST}:{open_.getsockname()[1]}{path}"
        for kind in Other.answers:
            Other.kind = kind
            answer = httpx2.get(url, headers=of(["admin"]), timeout=TIMEOUT_S)
            assert answer.status_code in {500, 502, 503}, f"{kind}: {answer.status_code}"
            assert answer.headers["Content-Type"] == PROBLEM
            assert hidden not in answer.text
        assert _nobody_calls(elsewhere)
