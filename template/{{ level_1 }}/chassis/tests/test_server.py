"""The web server against clients that send too much, too slowly, or nothing at all."""

import gc
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import PlainTextResponse
from fastapi.routing import APIRoute

from chassis import problems
from chassis.app import assemble
from chassis.features import FeatureSettings
from chassis.server import Server, Settings

HOST = "127.0.0.1"
PATIENCE_S = 10
QUICK = {"header_timeout": 0.5, "body_timeout": 0.5, "send_timeout": 0.5, "idle_timeout": 1}
HASTY = {"header_timeout": 0.2, "body_timeout": 0.2, "send_timeout": 0.2}
FLOOD = 64 * 1024 * 1024
BEGUN = b"GET / HTTP/1.1\r\nHost: garden\r\n"
GET = BEGUN + b"\r\n"
POST = b"POST / HTTP/1.1\r\nHost: garden\r\nContent-Length: 5\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: garden\r\nTransfer-Encoding: chunked\r\n\r\n"

type Connect = Callable[[], socket.socket]


def garden(*routers: APIRouter) -> FastAPI:
    """An application that echoes, waits until it is told to go on, and says a lot."""
    app = assemble("Garden", routers, FeatureSettings(), [problems])
    app.state.gate = threading.Event()

    @app.get("/")
    @app.post("/")
    async def echo(request: Request) -> PlainTextResponse:
        return PlainTextResponse(await request.body())

    @app.get("/wait")
    def wait() -> PlainTextResponse:
        app.state.gate.wait(PATIENCE_S)
        return PlainTextResponse("waited")

    @app.get("/much")
    async def much() -> PlainTextResponse:
        return PlainTextResponse("x" * FLOOD)

    return app


class Served:
    """A server that runs in a thread."""

    def __init__(
        self, settings: Settings, listening: socket.socket, routers: Iterable[APIRouter]
    ) -> None:
        self.app = garden(*routers)
        self.server = Server(self.app, settings)
        self.address = listening.getsockname()
        self.thread = threading.Thread(target=self.server.run, args=([listening],))

    def connect(self) -> socket.socket:
        """Open a connection."""
        return socket.create_connection(self.address, PATIENCE_S)

    def stop(self) -> float:
        """Stop it, and say how many seconds that took."""
        started = time.monotonic()
        self.server.should_exit = True
        self.thread.join()
        return time.monotonic() - started


@contextmanager
def serving(*routers: APIRouter, **limits: float) -> Iterator[Served]:
    """Run a server with limits that tests can reach."""
    with socket.create_server((HOST, 0)) as listening:
        served = Served(Settings.model_validate({**QUICK, **limits}), listening, routers)
        served.thread.start()
        try:
            while not served.server.started:
                assert served.thread.is_alive()
                time.sleep(0.01)
            yield served
        finally:
            served.app.state.gate.set()
            served.stop()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def hasty() -> Iterator[Served]:
    """A server that waits for nobody, and looks whether somebody is late at every tick."""
    with pytest.MonkeyPatch.context() as patched, serving(**HASTY) as running:
        patched.setattr("chassis.server.server.TICKS_A_SECOND", 1)
        yield running


@pytest.fixture
def client(served: Served) -> Iterator[socket.socket]:
    """A connection of which each test does with as it likes."""
    with closing(served.connect()) as connection:
        yield connection


def flood(client: socket.socket, piece: bytes, size: int) -> int:
    """Send until all is sent or the server has had enough; say how much that was."""
    sent = 0
    try:
        while sent < size:
            client.sendall(piece)
            sent += len(piece)
    except OSError:
        pass
    return sent


def answer(client: socket.socket) -> tuple[int, bytes]:
    """Read everything until the connection ends; give the status and the body of it."""
    received = b""
    try:
        while piece := client.recv(65_536):
            received += piece
    except ConnectionResetError:
        pass
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]) if head else 0, body


def ask(client: socket.socket, request: bytes = GET) -> int:
    """Send a request over a connection that stays open, and give the status."""
    client.sendall(request)
    return int(client.recv(65_536).split(b" ")[1])


def problem(status: int, body: bytes) -> dict[str, Any]:
    """Read a problem, which must say the same as the status line."""
    read: dict[str, Any] = json.loads(body)
    assert read["status"] == status
    assert read["type"].startswith("urn:problem:")
    return read


def test_what_would_make_the_first_request_wait_is_done_before_it() -> None:
    worked_out: list[str] = []

    def name(route: APIRoute) -> str:
        worked_out.append(route.path)
        return route.name

    beds = APIRouter(prefix="/beds", generate_unique_id_function=name)
    beds.add_api_route("/{bed}", lambda bed: bed)
    worked_out.clear()

    with serving(beds):
        assert worked_out == ["/beds/{bed}"]
        assert gc.get_freeze_count()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: garden\r\n\r\n", 414),
        (b"GET /?a=" + b"b" * 20_000 + b" HTTP/1.1\r\nHost: garden\r\n\r\n", 414),
        (BEGUN + b"X-Long: " + b"a" * 40_000 + b"\r\n\r\n", 431),
        (BEGUN + b"a" * 40_000 + b": 1\r\n\r\n", 431),
        (BEGUN + b"X-Many: 1\r\n" * 10_000 + b"\r\n", 431),
        (BEGUN + b"A:\r\n" * 101 + b"\r\n", 431),
        (b"GARDEN\r\n\r\n", 400),
        (b"CONNECT garden:80 HTTP/1.1\r\nHost: garden\r\n\r\n", 400),
    ],
    ids=["path", "query", "long value", "long name", "many", "one too many", "no HTTP", "CONNECT"],
)
def test_a_head_that_is_too_large_or_no_http_is_refused(
    client: socket.socket, request_: bytes, status: int
) -> None:
    client.sendall(request_)

    answered, body = answer(client)

    assert answered == status
    problem(status, body)


def test_what_is_just_within_the_limits_is_served(client: socket.socket) -> None:
    path = b"/?a=" + b"b" * 16_380
    assert ask(client, b"GET %s HTTP/1.1\r\nHost: garden\r\n\r\n" % path) == 200
    assert ask(client, BEGUN + b"X-Long: " + b"a" * 32_000 + b"\r\n\r\n") == 200
    assert ask(client, BEGUN + b"A: b\r\n" * 99 + b"\r\n") == 200


@pytest.mark.parametrize(
    "begun",
    [b"GET /", BEGUN, BEGUN + b"X-Long: ", CHUNKED + b"0\r\nX-Trailer: ", CHUNKED + b"1;x="],
    ids=["path", "header name", "header", "trailer", "chunk extension"],
)
def test_what_does_not_end_is_cut_off_early(client: socket.socket, begun: bytes) -> None:
    client.sendall(begun)

    # What the kernels of both sides hold besides is a few megabytes.
    assert flood(client, b"a" * 65_536, FLOOD) < FLOOD


def test_others_are_served_during_a_flood(served: Served) -> None:
    with closing(served.connect()) as hostile, closing(served.connect()) as other:
        hostile.sendall(BEGUN + b"X-Long: ")
        flooding = threading.Thread(target=flood, args=(hostile, b"a" * 65_536, 4 * FLOOD))
        flooding.start()
        started = time.monotonic()

        assert [ask(other) for _ in range(20)] == [200] * 20
        assert time.monotonic() - started < 2
        flooding.join()


def test_what_does_not_come_is_not_waited_for(hasty: Served) -> None:
    begun = {
        b"": 0,
        b"\r\n": 0,
        b"G": 408,
        BEGUN + b"X-Half: ": 408,
        POST + b"12": 408,
        CHUNKED + b"5\r\n12": 408,
    }
    with ExitStack() as stack:
        clients = {sent: stack.enter_context(closing(hasty.connect())) for sent in begun}
        for sent, client in clients.items():
            client.sendall(sent)

        answers = {sent: answer(client) for sent, client in clients.items()}

    assert {sent: status for sent, (status, _) in answers.items()} == begun
    for status, body in answers.values():
        if status:
            problem(status, body)


def test_drops_do_not_prolong_the_time(hasty: Served) -> None:
    drops = {BEGUN: b"X: y\r\n", b"\r\n": b"\r\n", POST.replace(b"5", b"500"): b"x"}
    with ExitStack() as stack:
        clients = {sent: stack.enter_context(closing(hasty.connect())) for sent in drops}
        for sent, client in clients.items():
            client.sendall(sent)
            client.setblocking(False)  # noqa: FBT003  # there is no name for it
        ends = time.monotonic() + PATIENCE_S
        while clients:
            assert time.monotonic() < ends, clients
            time.sleep(0.05)
            clients = {sent: one for sent, one in clients.items() if takes(one, drops[sent])}


def takes(client: socket.socket, drop: bytes) -> bool:
    """Send a little more, and tell whether the connection is still there without an answer."""
    try:
        client.send(drop)
        received = client.recv(65_536)
    except BlockingIOError:
        return True
    except ConnectionError:
        return False
    assert received == b"" or received.startswith(b"HTTP/1.1 408")
    return False


def test_an_idle_connection_is_closed(client: socket.socket) -> None:
    assert ask(client) == 200
    assert client.recv(1) == b""


def test_an_answer_that_is_not_read_is_given_up(hasty: Served) -> None:
    with closing(hasty.connect()) as client:
        client.sendall(b"GET /much HTTP/1.1\r\nHost: garden\r\n\r\n")
        ends = time.monotonic() + PATIENCE_S
        assert client.recv(10) == b"HTTP/1.1 2"
        while hasty.server.opened.connections:
            assert time.monotonic() < ends
            time.sleep(0.05)


def test_connections_above_the_bound_take_the_place_of_idle_ones() -> None:
    with serving(max_connections=20, header_timeout=60) as served, ExitStack() as stack:
        idle = [stack.enter_context(closing(served.connect())) for _ in range(60)]
        half = [stack.enter_context(closing(served.connect())) for _ in range(60)]
        for connection in half:
            connection.sendall(b"GET")
        late = stack.enter_context(closing(served.connect()))

        assert ask(late) == 200
        assert idle[0].recv(1) == b""
        assert len(served.server.opened.connections) <= 20


def test_a_connection_above_the_bound_is_refused_when_all_work() -> None:
    with serving(max_connections=2) as served, ExitStack() as stack:
        working = [stack.enter_context(closing(served.connect())) for _ in range(2)]
        for connection in working:
            connection.sendall(b"GET /wait HTTP/1.1\r\nHost: garden\r\n\r\n")
        ends = time.monotonic() + PATIENCE_S
        while served.server.opened.waiting:
            assert time.monotonic() < ends
            time.sleep(0.01)

        status, body = answer(stack.enter_context(closing(served.connect())))
        served.app.state.gate.set()

        assert status == 503
        problem(503, body)
        assert [connection.recv(12) for connection in working] == [b"HTTP/1.1 200"] * 2


def test_pipelined_requests_are_answered_in_order(client: socket.socket) -> None:
    client.sendall(POST + b"first" + POST + b"other" + BEGUN + b"Connection: close\r\n\r\n")

    received = b""
    while piece := client.recv(65_536):
        received += piece

    assert received.count(b"HTTP/1.1 200") == 3
    assert received.index(b"first") < received.index(b"other")


@pytest.mark.parametrize(
    "second", [BEGUN + b"X: 1\r\n" * 200, b"GARDEN\r\n\r\n", GET * 1000], ids=["431", "400", "many"]
)
def test_a_refusal_never_gets_into_the_answer_before_it(second: bytes) -> None:
    with serving() as served, closing(served.connect()) as client:
        client.sendall(b"GET /wait HTTP/1.1\r\nHost: garden\r\n\r\n" + second)
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(PATIENCE_S)
        served.app.state.gate.set()

        status, body = answer(client)

        assert status == 200
        assert body.startswith(b"waited")
        assert b"HTTP/1.1 4" not in body


def test_trailers_do_not_pass_for_headers() -> None:
    app = assemble("Garden", [], FeatureSettings(), [problems])

    @app.post("/")
    async def names(request: Request) -> list[str]:
        await request.body()
        return list(request.headers)

    with serving() as served, closing(served.connect()) as client:
        served.server.config.loaded_app = app
        client.sendall(CHUNKED + b"1\r\nx\r\n0\r\nX-Forwarded-For: nobody\r\n\r\n")

        received = client.recv(65_536)

    assert b"200 OK" in received
    assert b"x-forwarded-for" not in received


def test_stopping_takes_no_longer_than_it_may() -> None:
    limits = {"shutdown_timeout": 1, "header_timeout": 60, "body_timeout": 60}
    with serving(**limits) as served, ExitStack() as stack:
        for begun in (b"", BEGUN, POST, b"GET /wait HTTP/1.1\r\nHost: garden\r\n\r\n"):
            stack.enter_context(closing(served.connect())).sendall(begun)
        threading.Timer(1.2, served.app.state.gate.set).start()  # a thread cannot be interrupted

        assert served.stop() < 5
