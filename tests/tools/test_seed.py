"""`make seed`, against a small system that keeps what it is given."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

import pytest

pytest.importorskip("dotenv")
pytest.importorskip("psutil")
pytest.importorskip("httpx2")

from tools import seed

SERVICES = """
[dev]
host = "127.0.0.1"
start_timeout_s = 20

[database]
data = ".dev/postgres"
url = "postgresql+asyncpg://postgres@/postgres?host={{socket_dir}}"
variable = "DATABASE_URL"
owner_url = "postgresql+asyncpg://postgres@/postgres?host={{socket_dir}}"
owner_variable = "MIGRATION_DATABASE_URL"

[services.api]
app = "api.main:create_app"
port = {port}
port_variable = "API_PORT"
ready = "/openapi.json"
docs = "/docs"
"""
BOOKS = {"path": "/books", "records": [{"title": "One"}, {"title": "Two"}]}
LOANS = {"path": "/loans", "records": [{"book_id": "@books/2", "note": "@ home"}]}


class System(ThreadingHTTPServer):
    """Keeps records by path; refuses those that are `bad`, and answers 503 while it is `away`."""

    def __init__(self):
        self.records = {}
        self.ids = count(1)
        self.away = False
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.away:
            self.answer(503, {"detail": "Away."})
        elif "bad" in body:
            self.answer(422, {"errors": [{"field": "bad", "detail": "is not taken"}]})
        else:
            number = str(next(self.server.ids))
            self.server.records[f"{self.path}/{number}"] = body
            self.answer(201, {"id": number})

    def do_GET(self):
        self.answer(200 if self.path in self.server.records else 404, {})

    def answer(self, status, content):
        text = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


@pytest.fixture
def system():
    with System() as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def root(project, system, monkeypatch):
    (project / "tools/services.toml").write_text(SERVICES.format(port=system.server_port))
    monkeypatch.chdir(project)
    return project


def write(root, **files):
    folder = root / "services/api/sample_data"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / f"{name}.json").write_text(text)


def test_records_come_after_those_that_they_refer_to(root, system, capsys):
    write(root, a_loans=LOANS, books=BOOKS)
    assert seed.main() == 0
    assert list(system.records.values()) == [
        {"title": "One"},
        {"title": "Two"},
        {"book_id": "2", "note": "@ home"},
    ]
    assert (
        capsys.readouterr().out == "a_loans  1 made, 0 were there\nbooks    2 made, 0 were there\n"
    )


def test_what_is_there_is_not_made_again(root, system, capsys):
    write(root, books=BOOKS)
    seed.main()
    del system.records["/books/1"]
    assert seed.main() == 0
    assert "books  1 made, 1 were there" in capsys.readouterr().out
    assert len(system.records) == 2


@pytest.mark.parametrize("remembered", ["{", "[]", '{"@books/1": 7}'])
def test_a_broken_memory_is_none(root, system, remembered):
    write(root, books=BOOKS)
    (root / ".dev").mkdir()
    (root / ".dev/seeded.json").write_text(remembered)
    assert seed.main() == 0
    assert len(system.records) == 2


def test_a_record_that_is_refused_does_not_stop_the_others(root, system, capsys):
    books = {"path": "/books", "records": [{"bad": 1}, {"title": "Two"}]}
    loans = {"path": "/loans", "records": [{"book_id": "@books/1"}, {"book_id": "@books/2"}]}
    write(root, books=books, loans=loans)
    assert seed.main() == 1
    assert capsys.readouterr().err.splitlines() == [
        "@books/1: 422 bad: is not taken",
        "@loans/1: left out, for there is no @books/1",
    ]
    assert len(system.records) == 2


def test_a_system_that_is_not_ready_is_said_once(root, system, capsys):
    write(root, books=BOOKS)
    system.away = True
    assert seed.main() == 1
    assert capsys.readouterr().err == "@books/1: 503 Away. Run this again\n"


def test_a_system_that_does_not_run_is_said(root, system, capsys):
    write(root, books=BOOKS)
    system.server_close()
    assert seed.main() == 1
    assert "start it with `make dev`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "services/api/sample_data/books.json: not JSON: "),
        ("[]", "must be an object with path and records"),
        ('{"records": []}', "must contain path"),
        ('{"path": "/books", "records": [1]}', "record 1 must be an object, got: 1"),
        ('{"path": "/books", "records": [], "more": 1}', "more"),
    ],
)
def test_a_wrong_file_is_named(root, text, said, capsys):
    write(root, books=text)
    assert seed.main() == 2
    assert said in capsys.readouterr().err


def test_no_sample_data_is_said(root, capsys):
    assert seed.main() == 2
    assert "There is no sample data" in capsys.readouterr().err
