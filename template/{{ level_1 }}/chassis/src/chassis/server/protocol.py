"""HTTP as uvicorn speaks it, with bounds on what a client sends and on how long it takes."""

from http import HTTPStatus
from typing import Any, Never
from weakref import WeakKeyDictionary

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from chassis.problems import ProblemResponse
from chassis.server.settings import Settings

MAX_PIPELINED = 16
"""Requests that may wait behind the one in progress; hardly any client sends a second one."""
FRAMING = 8
"""Bytes that may come for each byte of a body: the smallest chunks are that wasteful."""

_DETAILS = {
    HTTPStatus.BAD_REQUEST: "This is not HTTP as it should be.",
    HTTPStatus.REQUEST_TIMEOUT: "The request did not arrive in time.",
    HTTPStatus.REQUEST_URI_TOO_LONG: "The path with its query is too long.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "The headers are too large or too many.",
    HTTPStatus.SERVICE_UNAVAILABLE: "All connections are in use.",
}


class RefusedError(Exception):
    """A request is refused while it is being parsed."""


class Unread:
    """How long a client has read nothing of what waits for it."""

    def __init__(self) -> None:
        self._left = 0
        self._since = 0.0

    def seconds(self, transport: Any, now: float) -> float:
        """Look at what waits now."""
        left = transport.get_write_buffer_size()
        if not left or left != self._left:
            self._left, self._since = left, now
        return now - self._since


class Connections(ServerState):
    """The open connections; those that wait for a request are known in the order of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: dict[Connection, None] = {}
        self._unread: WeakKeyDictionary[Any, Unread] = WeakKeyDictionary()

    def expire(self, now: float, send_timeout: float) -> None:
        """Close connections that take too long."""
        for connection in list(self.connections):
            if isinstance(connection, Connection):
                connection.expire(now)
            elif (
                self._unread.setdefault(connection, Unread()).seconds(connection.transport, now)
                > send_timeout
            ):
                connection.transport.abort()  # a WebSocket


class Connection(HttpToolsProtocol):
    """One connection of a client.

    What has come of a request is counted after each piece of data, and once all of the head is
    known: a request that arrives at once, as nearly all do, costs next to nothing.
    """

    def __init__(
        self,
        limits: Settings,
        config: Config,
        server_state: Connections,
        app_state: dict[str, Any],
        _loop: Any = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = limits
        self._waiting = server_state.waiting
        self._refused = False
        self._reason = HTTPStatus.BAD_REQUEST  # why the parser stops, if it does
        self._begun = False  # something of a request is here
        self._in_body = False  # all of its head is here
        self._complete = True  # all of it is here
        self._piece_bytes = 0  # of the piece of data that is being read
        self._first_piece = False  # the request began in it
        self._raw_bytes = 0  # what came of it in later pieces
        self._body_bytes = 0
        self._since: float | None = None  # when the wait for its head or body began
        self._unread = Unread()

    def connection_made(self, transport: Any) -> None:
        """Take a connection in, or make room for it."""
        super().connection_made(transport)
        self._since = self.loop.time()
        if len(self.connections) > self._limits.max_connections:
            if not self._waiting:
                self._answer(HTTPStatus.SERVICE_UNAVAILABLE)
                return
            next(iter(self._waiting)).close()
        self._waiting[self] = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._waiting.pop(self, None)
        super().connection_lost(exc)

    def close(self) -> None:
        """End a connection that waits for a request."""
        self._waiting.pop(self, None)
        self.connections.discard(self)
        if self.transport.get_write_buffer_size():
            self.transport.abort()  # closing would wait until the client has read everything
        else:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Read a piece of what the client sends."""
        if self._refused:
            return
        self._complete = self._first_piece = False
        self._piece_bytes = len(data)
        super().data_received(data)
        if not self._complete and not self._refused:
            self._check_unfinished()

    def on_message_begin(self) -> None:
        """Begin to count: the first byte of a request is here."""
        super().on_message_begin()
        if len(self.pipeline) >= MAX_PIPELINED:
            self._stop(HTTPStatus.BAD_REQUEST)
        self._begun = self._first_piece = True
        self._complete = self._in_body = False
        self._raw_bytes = self._body_bytes = 0
        self._since = None

    def on_headers_complete(self) -> None:
        """Refuse the head of a request if it is too large, or let the application have it."""
        if len(self.url) > self._limits.max_target_bytes:
            self._stop(HTTPStatus.REQUEST_URI_TOO_LONG)
        if self._head_is_too_large():
            self._stop(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        super().on_headers_complete()
        self._waiting.pop(self, None)
        self._in_body = True
        self._since = None
        if not self.parser.should_upgrade():
            self.headers = []  # what follows the body must not pass for headers

    def on_body(self, body: bytes) -> None:
        """Take in a part of the body."""
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Stop the clock: all of the request is here."""
        self._complete = True
        self._begun = self._in_body = False
        self._since = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the next request, or wait for one."""
        super().on_response_complete()
        if self.timeout_keep_alive_task is not None:  # so it is idle
            self._waiting[self] = None

    def send_400_response(self, _msg: str) -> None:
        """Answer what the parser did not take, or what was refused in it."""
        self._refuse(self._reason)

    def expire(self, now: float) -> None:
        """End the connection if the client takes too long to send, or to read."""
        if self._unread.seconds(self.transport, now) > self._limits.send_timeout:
            self.transport.abort()
        elif self._since is not None:
            if self.flow.read_paused:  # it is not the client that takes its time
                self._since = now
            if now - self._since > self._allowed():
                self._give_up()

    def _allowed(self) -> float:
        """Give the seconds that what is being waited for may take."""
        if not self._in_body:
            return self._limits.header_timeout
        return self._limits.body_timeout + self._body_bytes / self._limits.body_rate

    def _stop(self, reason: HTTPStatus) -> Never:
        """Have the parser stop, which calls ``send_400_response`` then."""
        self._reason = reason
        raise RefusedError(reason.phrase)

    def _check_unfinished(self) -> None:
        limits = self._limits
        if self._since is None:
            self._since = self.loop.time()
        if not self._first_piece:
            self._raw_bytes += self._piece_bytes
        too_much = self._raw_bytes > limits.max_header_bytes + FRAMING * self._body_bytes
        if self._begun and len(self.url) > limits.max_target_bytes:
            self._refuse(HTTPStatus.REQUEST_URI_TOO_LONG)
        elif too_much and self._in_body:
            self._refuse(HTTPStatus.BAD_REQUEST)
        elif too_much or (self._begun and len(self.headers) > limits.max_headers):
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def _head_is_too_large(self) -> bool:
        if len(self.headers) > self._limits.max_headers:
            return True
        if self._first_piece and self._piece_bytes <= self._limits.max_header_bytes:
            return False
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        return size > self._limits.max_header_bytes

    def _give_up(self) -> None:
        if self._begun:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self.close()

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer and close; a request before it that is in progress is answered first."""
        self._refused = True
        self._since = None
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            if self._in_body:  # it has its answer
                self.transport.close()
            else:
                self._answer(status)
        elif not self._in_body:
            cycle.keep_alive = False
            self.flow.pause_reading()
        elif cycle.response_started or self.pipeline:
            self.transport.abort()
        else:
            self._answer(status)
            cycle.disconnected = True
            cycle.message_event.set()

    def _answer(self, status: HTTPStatus) -> None:
        self._refused = True
        problem = ProblemResponse(status, instance=self._path(), detail=_DETAILS[status])
        lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode()]
        headers = [*self.server_state.default_headers, *problem.raw_headers]
        lines += [name + b": " + value for name, value in headers]
        lines += [b"connection: close", b"", bytes(problem.body)]
        self.transport.write(b"\r\n".join(lines))
        self.transport.close()

    def _path(self) -> str:
        if not self._begun or len(self.url) > self._limits.max_target_bytes:
            return "/"
        return self.url.partition(b"?")[0].decode("ascii", "replace")
