"""A service that answers with what it was asked, for what stands in front of it."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Echo:
    """One that runs, and what it was asked."""

    name: str
    server: ThreadingHTTPServer
    asked: list[dict[str, Any]] = field(default_factory=list)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server.server_address[1])

    def stop(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """The query says how to answer: status, size, seconds, header=name:value."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    echo: Echo

    def answer(self) -> None:
        wanted = parse_qs(urlsplit(self.path).query)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = {
            "instance": self.echo.name,
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": len(body),
        }
        self.echo.asked.append(asked)
        time.sleep(float(wanted.get("seconds", ["0"])[0]))
        filling = "x" * int(wanted.get("size", ["0"])[0])
        content = json.dumps(asked | {"filling": filling}).encode()
        self.send_response(int(wanted.get("status", ["200"])[0]))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for header in wanted.get("header", []):
            self.send_header(*header.split(":", 1))
        self.end_headers()
        self.wfile.write(content if self.command != "HEAD" else b"")

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def echoing(name: str, host: str = "127.0.0.1", port: int = 0) -> Iterator[Echo]:
    """Run one for as long as this is entered; it may be stopped before."""
    methods = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    answers = {f"do_{method}": _Handler.answer for method in methods}
    handler = type("Handler", (_Handler,), answers)
    server = ThreadingHTTPServer((host, port), handler)
    handler.echo = Echo(name, server)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield handler.echo  # type: ignore[attr-defined]
    finally:
        handler.echo.stop()  # type: ignore[attr-defined]
        thread.join()
