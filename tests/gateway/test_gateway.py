"""The gateway, on a real nginx: what it lets through, what it refuses, and how it says so."""

import json
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.gateway.conftest import SERVICE, Gateway, Start, unverified
from tests.gateway.echo import echoing
from tests.gateway.names import naming

pytestmark = pytest.mark.about("level_3")
PROBLEM = "application/problem+json"
HEAD = b"GET /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\n"


def logged(gateway: Gateway, number: int) -> list[dict[str, Any]]:
    end = time.monotonic() + 5
    while time.monotonic() < end:
        lines = gateway.place.access_log.read_text().splitlines()
        if len(lines) >= number:
            return [json.loads(line) for line in lines]
        time.sleep(0.01)
    raise AssertionError(lines)


def problem(answer: httpx2.Response, status: int, type_: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == PROBLEM
    found: dict[str, Any] = answer.json()
    assert found["status"] == status
    assert found["type"] == f"urn:problem:{type_}"
    assert answer.headers["X-Request-ID"]
    return found


# --- What can be reached.


@pytest.mark.parametrize(
    "path",
    ["/", "/metrics", "/ready", "/health", "/docs", "/openapi.json", "/api", "/api/../metrics",
     "//metrics", "/api/v1/..%2f..%2fmetrics", "/%6detrics", "/_problem/404", "/api/%2e%2e/ready",
     "/stub_status"],
)  # fmt: skip
def test_only_the_api_can_be_reached(gateway: Gateway, path: str) -> None:
    sent = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()

    said = gateway.raw(sent)

    assert said.startswith(b"HTTP/1.1 404 "), said
    assert b"urn:problem:not-found" in said
    assert gateway.services[0].asked == []


def test_a_request_reaches_the_service_over_tls(gateway: Gateway) -> None:
    answer = gateway.get("/api/v1/tasks?limit=5", headers={"X-Request-ID": "abc-1"})

    asked = answer.json()
    assert asked["path"] == "/api/v1/tasks?limit=5"
    assert asked["headers"]["x-request-id"] == "abc-1"
    assert asked["headers"]["x-forwarded-for"] == "127.0.0.1"
    assert asked["headers"]["x-forwarded-proto"] == "https"
    assert asked["headers"]["host"] == "localhost"


def test_what_a_client_says_of_its_own_address_is_not_passed_on(gateway: Gateway) -> None:
    forged = {"X-Forwarded-For": "10.9.8.7", "Forwarded": "for=10.9.8.7"}

    asked = gateway.get(headers=forged).json()

    assert asked["headers"]["x-forwarded-for"] == "127.0.0.1"
    assert "forwarded" not in asked["headers"]


def test_behind_a_load_balancer_of_the_owner_its_word_counts(start: Start) -> None:
    own = "set_real_ip_from 127.0.0.1;\nreal_ip_header X-Forwarded-For;\nreal_ip_recursive on;\n"

    with start(own={"http_balancer.conf": own}) as gateway:
        asked = gateway.get(headers={"X-Forwarded-For": "10.9.8.7"}).json()

    assert asked["headers"]["x-forwarded-for"] == "10.9.8.7"


@pytest.mark.parametrize("protocol", ["--http1.1", "--http2"])
@pytest.mark.needs("curl")
def test_http_1_and_http_2_are_spoken(gateway: Gateway, protocol: str) -> None:
    trusted = str(gateway.place.folder / "tls/fullchain.pem")
    command = ["curl", "--silent", "--cacert", trusted, protocol, "--noproxy", "*"]
    command += ["--write-out", "\n%{http_version} %{http_code}", f"{gateway.url}/api/v1/tasks"]

    done = subprocess.run(command, check=True, capture_output=True, text=True)

    assert done.stdout.splitlines()[-1] == ("2 200" if protocol == "--http2" else "1.1 200")


def test_without_tls_the_way_to_it_is_said(gateway: Gateway) -> None:
    answer = httpx2.get(f"{gateway.plain}/api/v1/tasks?limit=5", follow_redirects=False)

    assert answer.status_code == 308
    assert answer.headers["Location"] == f"{gateway.url}/api/v1/tasks?limit=5"
    assert gateway.services[0].asked == []


def test_proof_for_the_certificate_is_served_without_tls(gateway: Gateway) -> None:
    folder = gateway.place.folder / "acme/.well-known/acme-challenge"
    folder.mkdir(parents=True)
    (folder / "token").write_text("proof")

    assert httpx2.get(f"{gateway.plain}/.well-known/acme-challenge/token").text == "proof"


# --- Who we are.


def test_another_host_is_refused(gateway: Gateway) -> None:
    sent = HEAD.replace(b"localhost", b"evil.example") + b"Connection: close\r\n\r\n"
    for tls in (True, False):
        said = gateway.raw(sent, tls=tls)
        assert said.startswith(b"HTTP/1.1 421 "), said
        assert b"urn:problem:misdirected-request" in said
    assert gateway.services[0].asked == []


@pytest.mark.parametrize("name", ["evil.example", None])
def test_tls_is_refused_under_another_name(gateway: Gateway, name: str | None) -> None:
    context = unverified()
    address = ("127.0.0.1", gateway.place.https)
    with (
        socket.create_connection(address) as wire,
        pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"),
    ):
        context.wrap_socket(wire, server_hostname=name)


MODERN = "ECDHE-ECDSA-AES128-GCM-SHA256"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the old version
@pytest.mark.parametrize(
    ("version", "cipher", "refused"),
    [
        ("TLSv1_2", MODERN, ""),
        ("TLSv1_1", "ALL", "TLSV1_ALERT_PROTOCOL_VERSION"),
        ("TLSv1_2", "ECDHE-ECDSA-AES128-SHA256", "SSLV3_ALERT_HANDSHAKE_FAILURE"),  # CBC
    ],
)
def test_old_tls_and_weak_ciphers_are_refused(
    gateway: Gateway, version: str, cipher: str, refused: str
) -> None:
    context = unverified()
    context.set_ciphers(f"{cipher}:@SECLEVEL=0")  # the client would go along
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    reason = ""
    with socket.create_connection(("127.0.0.1", gateway.place.https)) as wire:
        try:
            context.wrap_socket(wire, server_hostname="localhost").close()
        except ssl.SSLError as error:
            reason = error.reason or ""

    assert reason == refused


def test_an_owner_names_the_host(start: Start) -> None:
    own = "server_name api.example.com;\n"

    with start(own={"name_public.conf": own}) as gateway:
        said = gateway.raw(
            b"GET / HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n", tls=False
        )

    assert said.startswith(b"HTTP/1.1 308 ")
    assert b"https://api.example.com:" in said


def test_a_certificate_that_is_not_there_stops_nothing_else(start: Start) -> None:
    with start(changes={"fullchain.pem": "gone.pem"}) as gateway:
        with pytest.raises(httpx2.HTTPError):
            gateway.get()
        assert httpx2.get(gateway.plain).status_code == 308
        assert "gone.pem" in gateway.place.log.read_text()


def test_a_renewed_certificate_is_served_without_a_reload(
    start: Start, tools: Any, tmp_path: Path
) -> None:
    with start(changes={"valid=1m": "valid=1s"}) as gateway:
        assert gateway.get().status_code == 200
        renewed = tmp_path / "renewed"
        tools.self_signed(renewed, "localhost")
        (tmp_path / "tls").unlink()
        (tmp_path / "tls").symlink_to(renewed)
        with gateway.new_client() as trusts_the_new_one_only:
            until = time.monotonic() + 10
            while True:
                try:
                    answer = trusts_the_new_one_only.get("/api/v1/tasks")
                    break
                except httpx2.ConnectError:  # the old one
                    assert time.monotonic() < until
                    time.sleep(0.2)
            assert answer.status_code == 200


# --- Bounds.


def test_more_than_100_requests_a_minute_are_refused(gateway: Gateway) -> None:
    began = time.monotonic()
    answers = [gateway.get() for _ in range(130)]
    grown = (time.monotonic() - began) / 0.6

    refused = [one for one in answers if one.status_code != 200]
    assert [one.status_code for one in answers[:100]] == [200] * 100
    assert 30 - grown - 1 <= len(refused) <= 30
    for one in refused:
        problem(one, 429, "too-many-requests")
        assert one.headers["Retry-After"] == "1"
        assert one.headers["Strict-Transport-Security"]
    time.sleep(0.7)
    assert gateway.get().status_code == 200


@pytest.mark.about("bot")
def test_telegram_may_tell_a_bot_more_than_that(start: Start) -> None:
    with start(of="task_manager@3+bot") as gateway:
        told = [
            gateway.client.post("/api/v1/bot-webhooks/telegram", json={}).status_code
            for _ in range(150)
        ]

    assert set(told) == {200}


@pytest.mark.about("realtime")
def test_one_client_has_20_streams_at_once(start: Start) -> None:
    with start(of="task_manager@3+realtime") as gateway, ThreadPoolExecutor(25) as pool:
        path = "/api/v1/tasks/live/events?seconds=1"
        answers = list(pool.map(gateway.get, [path] * 25))
        again = gateway.get("/api/v1/tasks/live/events")

    refused = [one for one in answers if one.status_code != 200]
    assert len(refused) == 5
    for one in refused:
        problem(one, 429, "too-many-requests")
    assert again.status_code == 200  # their places are given back


def test_one_client_does_not_use_up_what_another_has(start: Start) -> None:
    own = "set_real_ip_from 127.0.0.1;\nreal_ip_header X-Forwarded-For;\n"

    def status(gateway: Gateway, address: str) -> int:
        return gateway.get(headers={"X-Forwarded-For": address}).status_code

    with start(own={"http_balancer.conf": own}) as gateway:
        for address, same_network, another in (
            ("10.0.0.1", "10.0.0.1", "10.0.0.2"),
            ("2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1"),
        ):
            assert {status(gateway, address) for _ in range(100)} == {200}
            assert 429 in {status(gateway, same_network) for _ in range(5)}
            assert status(gateway, another) == 200


@pytest.mark.parametrize(
    ("address", "same_client", "another"),
    [("10.0.0.1", "10.0.0.1", "10.0.0.2"), ("2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1")],
)
def test_bodies_that_drip_take_no_more_than_what_one_client_may_have_at_once(
    start: Start, address: str, same_client: str, another: str
) -> None:
    own = "set_real_ip_from 127.0.0.1;\nreal_ip_header X-Forwarded-For;\n"
    fewer = {"limit_conn open_per_client 100;": "limit_conn open_per_client 5;"}
    with (
        start(own={"http_balancer.conf": own}, changes=fewer) as gateway,
        ExitStack() as open_ones,
    ):

        def status(of: str) -> int:
            return gateway.get(headers={"X-Forwarded-For": of}).status_code

        drips = [open_ones.enter_context(dripping(gateway, address)) for _ in range(5)]
        until(lambda: status(same_client) == 429)
        problem(gateway.get(headers={"X-Forwarded-For": address}), 429, "too-many-requests")
        assert status(another) == 200
        for wire in drips:
            wire.sendall(b"x")  # they are alive
        drips[0].close()
        until(lambda: status(same_client) == 200)  # its place is given back


def dripping(gateway: Gateway, address: str) -> ssl.SSLSocket:
    """A request of that address whose body does not come to an end."""
    wire = socket.create_connection(("127.0.0.1", gateway.place.https), 20)
    wire = unverified().wrap_socket(wire, server_hostname="localhost")
    head = HEAD.replace(b"GET", b"POST") + f"X-Forwarded-For: {address}\r\n".encode()
    wire.sendall(head + b"Content-Length: 1000\r\n\r\nx")
    return wire


def test_clients_who_come_by_ipv6_have_addresses_of_their_own(start: Start) -> None:
    own = {
        "port80_ipv6.conf": "listen [::]:8080;\n",
        "port443_ipv6.conf": "listen [::]:8443 ssl;\n",
    }
    end = b"Connection: close\r\n\r\n"
    with start(own=own) as gateway:
        try:
            served = gateway.raw(HEAD + end, to="::1")
        except OSError as error:
            pytest.skip(f"no IPv6 here: {error}")
        stranger = HEAD.replace(b"localhost", b"evil.example") + end
        refused = [gateway.raw(stranger, to="::1", tls=tls) for tls in (True, False)]
        plain = gateway.raw(HEAD + end, to="::1", tls=False)

    assert served.startswith(b"HTTP/1.1 200 ")
    assert plain.startswith(b"HTTP/1.1 308 ")
    assert all(said.startswith(b"HTTP/1.1 421 ") for said in refused)
    assert [one["headers"]["x-forwarded-for"] for one in gateway.services[0].asked] == ["::1"]


def test_a_body_that_is_too_large_is_refused(gateway: Gateway) -> None:
    exact = gateway.client.post("/api/v1/tasks", content=b"x" * 1048576)
    above = gateway.client.post("/api/v1/tasks", content=b"x" * 1048577)

    assert exact.json()["body"] == 1048576
    problem(above, 413, "content-too-large")
    assert len(gateway.services[0].asked) == 1


@pytest.mark.parametrize(
    ("sent", "status", "type_"),
    [
        (b"GET /api/" + b"x" * 20000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414, "uri-too-long"),
        (HEAD + b"X-A: " + b"x" * 20000 + b"\r\n\r\n", 431, "request-header-fields-too-large"),
        (HEAD + 3 * (b"X-A: " + b"x" * 16000 + b"\r\n") + b"\r\n", 431, "request-header-fields-too-large"),
        (HEAD + 110 * b"X-A: x\r\n" + b"\r\n", 431, "request-header-fields-too-large"),
        (b"GET /api/ \x01 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "bad-request"),
        (b"GET /api/v1/tasks HTTP/1.1\r\n\r\n", 400, "bad-request"),
        (HEAD + b"Transfer-Encoding: gzip\r\n\r\n", 501, "not-implemented"),
        (HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "bad-request"),
        (b"TRACE /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "method-not-allowed"),
    ],
    ids=["target", "header", "headers", "many", "control", "no-host", "coding", "smuggling", "trace"],
)  # fmt: skip
def test_a_bad_request_is_a_problem(gateway: Gateway, sent: bytes, status: int, type_: str) -> None:
    said = gateway.raw(sent)

    assert said.startswith(f"HTTP/1.1 {status} ".encode()), said
    assert PROBLEM.encode() in said
    assert f"urn:problem:{type_}".encode() in said
    assert gateway.services[0].asked == []


def test_clients_that_send_slowly_are_cut_off(start: Start) -> None:
    with start(changes={"_timeout 10s": "_timeout 1s"}) as gateway:
        began = time.monotonic()
        head = gateway.raw(HEAD)  # never ends
        body = gateway.raw(
            b"POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nx"
        )

        assert time.monotonic() - began < 8
        for said in (head, body):
            assert said == b"" or said.startswith(b"HTTP/1.1 408")
        assert gateway.services[0].asked == []
        assert gateway.get().status_code == 200


# --- Services behind it.


def test_requests_go_to_every_instance(start: Start) -> None:
    with start(3) as gateway:
        seen = {gateway.get().json()["instance"] for _ in range(20)}

    assert seen == {"instance 0", "instance 1", "instance 2"}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_dead_instance_costs_no_request(start: Start, method: str) -> None:
    with start(2) as gateway:
        gateway.services[0].stop()

        answers = [gateway.client.request(method, "/api/v1/tasks") for _ in range(20)]

    assert {one.status_code for one in answers} == {200}
    assert {one.json()["instance"] for one in answers} == {"instance 1"}


def test_an_instance_that_comes_back_is_used_again(start: Start) -> None:
    with start(1, changes={"fail_timeout=5s": "fail_timeout=1s"}) as gateway:
        port = gateway.services[0].port
        gateway.services[0].stop()
        problem(gateway.get(), 502, "bad-gateway")

        with echoing("again", port=port):
            end = time.monotonic() + 5
            while gateway.get().status_code != 200:
                assert time.monotonic() < end
                time.sleep(0.1)


def test_a_slow_service_is_told_as_an_unknown_outcome(start: Start) -> None:
    with start(2, changes={"proxy_read_timeout 15s": "proxy_read_timeout 300ms"}) as gateway:
        answer = gateway.client.post("/api/v1/tasks?seconds=1")

    problem(answer, 504, "outcome-unknown")
    assert sum(len(service.asked) for service in gateway.services) == 1  # never sent twice


@pytest.mark.about("files")
@pytest.mark.parametrize(("patience", "status"), [("15s", 200), ("3600s", 504)])
def test_the_end_of_a_direct_upload_takes_longer_and_is_asked_for_once(
    start: Start, patience: str, status: int
) -> None:
    quick = {f"proxy_read_timeout {patience}": "proxy_read_timeout 300ms"}
    with start(2, of="task_manager@3+files", changes=quick) as gateway:
        answer = gateway.client.put("/api/v1/direct-uploads/7/completion?seconds=1")

    assert answer.status_code == status, answer.text
    assert sum(len(service.asked) for service in gateway.services) == 1  # never by two at once


@pytest.mark.parametrize("status", [404, 409, 422, 500, 503])
def test_what_a_service_answers_is_passed_on_as_it_is(gateway: Gateway, status: int) -> None:
    answer = gateway.get(f"/api/v1/tasks?status={status}&header=Retry-After:7")

    assert answer.status_code == status
    assert answer.json()["instance"] == "instance 0"
    assert answer.headers["Retry-After"] == "7"


def test_instances_come_and_go_by_their_names(start: Start) -> None:
    """As containers do: the names are asked for anew, and nothing is reloaded."""
    with naming() as names:
        changes = {
            "server 127.0.0.1:": f"server {SERVICE}.test:",
            "max_fails": "resolve max_fails",
            "\nupstream ": f"\nresolver 127.0.0.1:{names.port} valid=1s ipv6=off;\n\nupstream ",
        }
        names.addresses = ["127.0.0.1"]
        with start(1, changes=changes) as gateway, twin(gateway) as other:
            until(lambda: gateway.get().status_code == 200)
            names.addresses = ["127.0.0.1", "127.0.0.2"]
            until(lambda: gateway.get().json()["instance"] == "twin")
            names.addresses = ["127.0.0.2"]
            until(lambda: {gateway.get().json()["instance"] for _ in range(4)} == {"twin"})
            assert other.asked


def twin(gateway: Gateway) -> Any:
    return echoing("twin", "127.0.0.2", gateway.services[0].port)


def until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 8
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.2)


# --- Headers.


def test_security_headers_are_set_once(gateway: Gateway) -> None:
    wanted = {
        "Strict-Transport-Security": "max-age=63072000",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
    }
    for answer in (gateway.get(), gateway.get("/nowhere")):
        assert {name: answer.headers.get_list(name) for name in wanted} == {
            name: [value] for name, value in wanted.items()
        }
        assert answer.headers["Server"] == "nginx"
    own = gateway.get("/api/v1/tasks?header=X-Content-Type-Options:own&header=X-Request-ID:mine")
    assert own.headers.get_list("X-Content-Type-Options") == ["own"]
    assert own.headers.get_list("X-Request-ID") == ["mine"]


ORIGIN = "https://app.example.com"
ASKS = {
    "Access-Control-Request-Method": "PATCH",
    "Access-Control-Request-Headers": "If-Match, X-Own",
}


@pytest.fixture
def cors(start: Start) -> Any:
    with start(own={"cors_own.map": f'"{ORIGIN}" $http_origin;\n'}) as gateway:
        yield gateway


def test_a_page_of_a_listed_origin_may_call(cors: Gateway) -> None:
    answer = cors.get(headers={"Origin": ORIGIN})
    preflight = cors.client.options("/api/v1/tasks/1", headers={"Origin": ORIGIN, **ASKS})

    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
    assert answer.headers["Vary"] == "Origin"
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "PATCH" in preflight.headers["Access-Control-Allow-Methods"]
    assert preflight.headers["Access-Control-Allow-Headers"] == "If-Match, X-Own"
    assert len(cors.services[0].asked) == 1


@pytest.mark.parametrize("origin", ["https://evil.example", "http://app.example.com", "null"])
def test_a_page_of_another_origin_may_not(cors: Gateway, origin: str) -> None:
    answer = cors.get(headers={"Origin": origin})
    preflight = cors.client.options("/api/v1/tasks", headers={"Origin": origin, **ASKS})

    for one in (answer, preflight):
        assert not [name for name in one.headers if name.startswith("access-control-")]


def test_a_page_can_read_that_it_is_refused(cors: Gateway) -> None:
    def refused() -> httpx2.Response:
        return next(answer for answer in asking if answer.status_code == 429)

    asking = (cors.get(headers={"Origin": ORIGIN}) for _ in range(150))

    assert refused().headers["Access-Control-Allow-Origin"] == ORIGIN


def test_a_service_with_origins_of_its_own_answers_for_itself(cors: Gateway) -> None:
    answer = cors.get(
        "/api/v1/tasks?header=Access-Control-Allow-Origin:own", headers={"Origin": ORIGIN}
    )

    assert answer.headers.get_list("Access-Control-Allow-Origin") == ["own"]


def test_json_is_compressed_and_its_version_still_counts(gateway: Gateway) -> None:
    large = gateway.get('/api/v1/tasks/1?size=5000&header=ETag:"3"')

    assert large.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in large.headers["Vary"]
    tag = large.headers["ETag"]
    asked = gateway.client.patch("/api/v1/tasks/1", headers={"If-Match": tag}).json()
    assert asked["headers"]["if-match"] == '"3"'
    small = gateway.get('/api/v1/tasks/1?header=ETag:"3"')
    assert "Content-Encoding" not in small.headers
    assert small.headers["ETag"] == '"3"'


# --- The log.


def test_a_request_is_logged_without_what_people_sent(gateway: Gateway) -> None:
    gateway.get("/api/v1/tasks/5f0c?search=secret", headers={"X-Request-ID": "abc-1"})
    gateway.get("/secret/path")
    gateway.client.request("SECRET", "/api/v1/tasks")
    gateway.get(headers={"X-Request-ID": 'bad"id'})

    lines = logged(gateway, 4)

    assert lines[0] == lines[0] | {
        "level": "info",
        "service": "gateway",
        "request_id": "abc-1",
        "method": "GET",
        "route": "/api/v1/tasks",
        "status": 200,
        "upstream_status": "200",
    }
    assert lines[1]["route"] == "unmatched"
    assert lines[2]["method"] == "_OTHER"
    assert len(lines[3]["request_id"]) == 32
    written = gateway.place.access_log.read_text() + gateway.place.log.read_text()
    for word in ("secret", "SECRET", "5f0c", "bad"):
        assert word not in written
    assert lines[0]["upstream"] == f"127.0.0.1:{gateway.services[0].port}"


def test_a_service_that_is_away_is_in_the_access_log(start: Start) -> None:
    with start() as gateway:
        gateway.services[0].stop()
        gateway.client.post("/api/v1/tasks?search=secret")

        [line] = logged(gateway, 1)

        assert line["method"] == "POST"

        assert line["status"] == 502
        assert line["upstream_status"] == "502"
        assert "secret" not in gateway.place.log.read_text()


def test_a_full_disk_for_logs_stops_no_request(start: Start) -> None:
    full = {"access_log ": "access_log /dev/full json;\n#"}

    with start(changes=full) as gateway:
        assert {gateway.get().status_code for _ in range(5)} == {200}


# --- Files of an owner.


def test_an_owners_location_is_served(start: Start) -> None:
    own = "location = /status { default_type text/plain; return 200 fine; }\n"

    with start(own={"server_status.conf": own}) as gateway:
        assert gateway.get("/status").text == "fine"


def test_what_nginx_does_not_accept_is_said(tools: Any, start: Start) -> None:
    with (
        pytest.raises(
            tools.NginxError, match=r'unknown directive "lcation" in .*server_own.conf:1'
        ),
        start(own={"server_own.conf": "lcation / {}\n"}),
    ):
        pass


def test_an_nginx_that_is_too_old_is_said(
    tools: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = tmp_path / "nginx"
    old.write_text("#!/bin/sh\necho nginx version: nginx/1.22.1 >&2\n")
    old.chmod(0o755)
    monkeypatch.setattr(tools, "_of_the_environment", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(tools.NginxError, match=r"nginx/1.22.1; 1.30 is needed"):
        tools.program()
    old.unlink()
    with pytest.raises(tools.NginxError, match="nginx is not installed"):
        tools.program()
