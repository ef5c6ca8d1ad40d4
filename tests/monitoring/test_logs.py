"""What keeps the logs of production: nothing secret gets in, and the store knows what it has to."""

import base64
import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.about("level_4")

SECRETS = {
    "elastic_password": "e-l/a+s",
    "kibana_password": "k-i_b",
    "log_writer_password": "w-r_t",
}

# As much of Logstash as a script of its filter sees.
RUN = """
require "json"
load ARGV[0]
class Event
  def initialize(parts) = @parts = parts
  def get(name) = name == ENV["FAILS"] ? raise("no") : @parts[name]
  def set(name, value) = @parts[name] = value
  def remove(name) = @parts.delete(name)
  def parts = @parts
end
STDIN.each_line { |line| puts JSON.generate(filter(Event.new(JSON.parse(line))).first.parts) }
"""


@pytest.fixture(scope="module")
def logs(rendered: Callable[[str], Path]) -> Path:
    """The folder of a project that has it."""
    return rendered("task_manager@4") / "deploy/logs"


def redacted(logs: Path, *events: dict[str, Any], fails: str = "") -> list[dict[str, Any]]:
    """Lines as they leave Logstash."""
    done = subprocess.run(
        ["ruby", "-e", RUN, str(logs / "redact.rb")],
        input="\n".join(map(json.dumps, events)),
        env={**os.environ, "FAILS": fails},
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


HIDDEN = {
    "Authorization: Bearer abcdefgh.ij-k": "Authorization: Bearer [credentials]",
    "authorization: basic dXNlcjpwYXNz": "authorization: basic [credentials]",
    "got eyJhbGciOi.eyJzdWIi.c2ln": "got [token]",
    "postgresql://me:pa55@db/x is away": "postgresql://[credentials]@db/x is away",
    "amqp://u:p@q@queue:5672/": "amqp://[credentials]@queue:5672/",
    "DETAIL: Key (email)=(ann.o+1@mail.example.com)": "DETAIL: Key (email)=([e-mail])",
    "password=hunter2, next": "password=[secret], next",
    '{"api_key": "a b", "n": 1}': '{"api_key": [secret], "n": 1}',
    "refresh_token: 'x y' used": "refresh_token: [secret] used",
    "paid by 4111 1111 1111 1111.": "paid by [card].",
    "to DE89 3704 0044 0532 0130 00": "to [account]",
}
KEPT = [
    "order 4111111111111112 took 12 ms",
    "at 2026-11-29T17:00:00.123456Z, 1732893600123456789",
    "a basic understanding; the bearer of it",
    "trace 0af7651916cd43dd8448eb211c80319c, 00000000-0000-4000-8000-000000000000",
    "GET /api/v1/tasks 200",
    "a token bucket of 100",
]


@pytest.mark.needs("ruby")
def test_what_must_not_be_kept_is_taken_out(logs: Path) -> None:
    asked = [*HIDDEN, *KEPT]
    events = [{"message": text, "line": {"errors": [{"exc_value": text}]}} for text in asked]

    for text, event in zip(asked, redacted(logs, *events), strict=True):
        assert event["message"] == HIDDEN.get(text, text)
        assert event["line"] == {"errors": [{"exc_value": HIDDEN.get(text, text)}]}


@pytest.mark.needs("ruby")
def test_a_line_that_cannot_be_read_is_not_kept(logs: Path) -> None:
    event = {"message": "password=hunter2", "line": {"a": "secret: x"}, "log": {"level": "info"}}

    [left] = redacted(logs, event, fails="http")

    assert left == {"message": "a line that could not be read: RuntimeError"}


class Store(ThreadingHTTPServer):
    """Elasticsearch and Kibana, as far as they are told something."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}
        self.kibana_is_away = 2
        self.refuses = ""
        super().__init__(("127.0.0.1", 0), Answers)


class Answers(BaseHTTPRequestHandler):
    """What both answer."""

    server: Store

    def do_GET(self) -> None:
        self.server.kibana_is_away -= 1
        self._answer(503 if self.server.kibana_is_away >= 0 else 200)

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Type"].startswith("multipart/form-data"):
            assert self.headers["kbn-xsrf"]
            content = content.partition(b"\r\n\r\n")[2].partition(b"\r\n--")[0]
            self.server.asked[self.path] = [json.loads(line) for line in content.splitlines()]
        else:
            assert self.headers["Content-Type"] == "application/json"
            self.server.asked[self.path] = json.loads(content)
        self._answer(400 if self.path == self.server.refuses else 200)

    do_POST = do_PUT  # noqa: N815  # the name of the library

    def _answer(self, status: int) -> None:
        user = base64.b64encode(f"elastic:{SECRETS['elastic_password']}".encode()).decode()
        known = self.headers["Authorization"] == f"Basic {user}"
        self.send_response(status if known else 401)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def prepare(
    logs: Path, store: Store, secrets: Path, **more: str
) -> "subprocess.CompletedProcess[str]":
    """Run the step of a deployment that tells them."""
    secrets.mkdir(exist_ok=True)
    for name, text in SECRETS.items():
        (secrets / name).write_text(f"{text}\n")
    address = f"http://127.0.0.1:{store.server_port}"
    own = {"LOGS": logs, "SECRETS": secrets, "ELASTICSEARCH": address, "KIBANA": address}
    return subprocess.run(
        ["bash", logs / "prepare.sh"],
        env={**os.environ, **own, **more},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_store_is_told_and_no_secret_is_an_argument(
    logs: Path, store: Store, tmp_path: Path
) -> None:
    told = prepare(logs, store, tmp_path / "secrets", BASH_XTRACEFD="2", SHELLOPTS="xtrace")

    assert told.returncode == 0, told.stderr
    assert {*store.asked} == {
        "/_ilm/policy/application-logs",
        "/_index_template/application-logs",
        "/_security/role/log_writer",
        "/_security/user/log_writer",
        "/_security/user/kibana_system/_password",
        "/api/saved_objects/_import?overwrite=true",
    }
    writer = {"password": SECRETS["log_writer_password"], "roles": ["log_writer"]}
    assert store.asked["/_security/user/log_writer"] == writer
    kibana = {"password": SECRETS["kibana_password"]}
    assert store.asked["/_security/user/kibana_system/_password"] == kibana
    kinds = {found["type"] for found in store.asked["/api/saved_objects/_import?overwrite=true"]}
    assert kinds == {"index-pattern", "search", "visualization", "dashboard"}
    programs = [line for line in told.stderr.splitlines() if line.lstrip("+").startswith(" curl")]
    assert len(programs) >= 6
    assert not any(text in line for line in programs for text in SECRETS.values())


def test_what_is_refused_ends_the_deployment(logs: Path, store: Store, tmp_path: Path) -> None:
    store.refuses = "/_security/role/log_writer"

    told = prepare(logs, store, tmp_path / "secrets")

    assert told.returncode != 0
    assert "400" in told.stderr
    assert "/_security/user/log_writer" not in store.asked


def test_one_that_does_not_come_is_told(logs: Path, store: Store, tmp_path: Path) -> None:
    store.kibana_is_away = 1000

    told = prepare(logs, store, tmp_path / "secrets", PATIENCE_S="1")

    assert told.returncode == 1
    assert "/api/status does not answer, or not well, for 1 s" in told.stderr


def test_a_program_is_given_secrets(logs: Path, tmp_path: Path) -> None:
    (tmp_path / "one").write_text("a b\n")
    script = ["bash", logs / "with_secrets.sh", "one", "FIRST", "--", "printenv", "FIRST"]
    environment = {**os.environ, "SECRETS": str(tmp_path)}

    given = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
    (tmp_path / "one").unlink()
    missing = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)

    assert given.stdout == "a b\n"
    assert missing.returncode != 0
    assert missing.stdout == ""
