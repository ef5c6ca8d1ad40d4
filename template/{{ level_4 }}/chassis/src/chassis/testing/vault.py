"""A stand-in for Vault: AppRole and the KV engine, version 2, as strict as the real one."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4


@dataclass
class VaultStandIn:
    """What Vault holds, and how it answers."""

    address: str = ""
    role_id: str = "garden"
    secret_id: str = field(default_factory=lambda: uuid4().hex)
    secrets: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By mount and path."""
    sealed: int = 0
    """How many questions it answers as one that is sealed."""
    tokens: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def log_in(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Give a token to the role."""
        if body != {"role_id": self.role_id, "secret_id": self.secret_id}:
            return 400, {"errors": ["invalid role or secret ID"]}
        token = f"hvs.{uuid4().hex}"
        self.tokens.add(token)
        return 200, {"auth": {"client_token": token, "lease_duration": 3600, "renewable": True}}

    def read(self, place: str, token: str) -> tuple[int, dict[str, Any]]:
        """Give a secret to who has a token."""
        if token not in self.tokens:
            return 403, {"errors": ["permission denied"]}
        if place not in self.secrets:
            return 404, {"errors": []}
        return 200, {"data": {"data": self.secrets[place], "metadata": {"version": 1}}}

    def answer(self, method: str, path: str, token: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Answer as the API does."""
        self.asked.append(f"{method} {path}")
        if self.sealed:
            self.sealed -= 1
            return 503, {"errors": ["Vault is sealed"]}
        if (method, path) == ("POST", "/v1/auth/approle/login"):
            return self.log_in(json.loads(body))
        mount, data, place = path.removeprefix("/v1/").partition("/data/")
        if method == "GET" and data:
            return self.read(f"{mount}/{place}", token)
        return 404, {"errors": [f"no handler for route {path!r}"]}


@contextmanager
def vault() -> Iterator[VaultStandIn]:
    """Run one."""
    stand_in = VaultStandIn()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if self.headers.get("X-Vault-Request") != "true":
                status, said = 412, {"errors": ["missing X-Vault-Request"]}
            else:
                token = self.headers.get("X-Vault-Token", "")
                body = self.rfile.read(length)
                status, said = stand_in.answer(self.command, self.path, token, body)
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815  # as the base class calls it

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        stand_in.address = f"http://127.0.0.1:{server.server_port}"
        try:
            yield stand_in
        finally:
            server.shutdown()
            thread.join()
