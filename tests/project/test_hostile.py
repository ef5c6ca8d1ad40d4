"""Generated systems under `make dev`, and clients that mean no good, or are made by machines."""

import http.client
import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import psutil
import pytest

from tests.project.test_running import running, token_of
from tests.support import environment, run

pytestmark = pytest.mark.long

HOST = "127.0.0.1"
PATIENCE_S = 30
FLOOD = 80 * 1024 * 1024
MORE_MEMORY_MB = 40
BEGUN = b"GET / HTTP/1.1\r\nHost: x\r\n"
POSTED = b"POST /api/v1/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
JSON = {"Content-Type": "application/json"}
TASKS = "/api/v1/tasks"
LIST = f"{TASKS}?limit=1"
WRITTEN = "UPDATE tasks SET status = '{status}' WHERE id = '{id}'"
# Of `MAX_PAGE_BYTES`, and the record that uses it up.
PAGE_BYTES = (2 + 0.2) * 1024 * 1024


@dataclass(frozen=True)
class System:
    """A running system: the port of each of its web applications, and all that it writes."""

    project: Path
    ports: dict[str, int]

    def written(self) -> str:
        """Everything that any of its processes has logged."""
        logs = [self.project / "dev.log", *(self.project / ".dev").rglob("*.log")]
        return "".join(log.read_text(errors="replace") for log in logs)


@pytest.fixture(scope="module", params=["task_manager", "task_manager@2"])
def system(request: pytest.FixtureRequest, installed: Any) -> Iterator[System]:
    """The task manager at each level."""
    project = installed(request.param)
    with running(project):
        yield served(project)


def served(project: Path) -> System:
    """Find out where the services of a running system are."""
    lines = (project / "dev.log").read_text().partition("Everything is running")[2].split("\n")
    rows = [words for line in lines if len(words := line.split()) == 3 and "/docs" in words[2]]
    return System(project, {name: int(url.rpartition(":")[2]) for name, url, _ in rows})


def call(port: int, method: str, path: str, body: str = "", **headers: str) -> int:
    """Send one request and give the status."""
    with closing(http.client.HTTPConnection(HOST, port, timeout=PATIENCE_S)) as connection:
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status


def connect(port: int) -> socket.socket:
    """Open a connection."""
    return socket.create_connection((HOST, port), PATIENCE_S)


def test_no_log_of_any_process_has_what_was_sent(system: System) -> None:
    for port in system.ports.values():
        mark = f"mark{uuid4().hex}"
        task = {"title": mark, "description": mark}
        headers = dict.fromkeys(("X-Any", "Authorization", "X-Forwarded-For", "Cookie"), mark)
        seen = [
            call(port, "GET", f"/api/v1/tasks?cursor={mark}&status={mark}&e={mark}", **headers),
            call(port, "GET", f"/api/v1/tasks/{mark}"),
            call(port, "GET", f"/{mark}?{mark}"),
            call(port, "PUT", f"/api/v1/tasks?{mark}", mark),
            call(port, "POST", "/api/v1/tasks", json.dumps(task | {mark: mark}), **JSON),
            call(port, "POST", "/api/v1/tasks", json.dumps(task), **JSON),
            call(port, "POST", "/api/v1/tasks", f'{{"title": "{mark}', **JSON),
            call(port, "POST", "/api/v1/tasks", json.dumps(task | {"due_date": mark}), **JSON),
            call(port, "POST", "/api/v1/tasks", json.dumps(task | {"title": mark * 99}), **JSON),
            call(port, "POST", "/api/v1/tasks", mark, **{"Content-Type": mark}),
        ]
        with closing(connect(port)) as upgrading:
            upgrading.sendall(
                f"GET /{mark}?{mark} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
                "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
            )
            assert upgrading.recv(100)

        assert 201 in seen
        assert not [status for status in seen if status >= 500]
        assert call(port, "GET", LIST) == 200
        assert mark not in system.written()
    assert "GET /api/v1/tasks/{task_id} 422" in system.written()


def test_hostile_clients_do_not_reach_the_others(system: System) -> None:
    for port in system.ports.values():
        before, slowest, done = memory(port), [0.0], threading.Event()
        other = threading.Thread(target=used, args=(port, slowest, done))
        other.start()
        try:
            with ExitStack() as stack:
                for begun in (
                    BEGUN + b"X: ",
                    b"GET /",
                    POSTED + b"Transfer-Encoding: chunked\r\n\r\n1;",
                ):
                    assert flood(port, begun) < FLOOD
                for begun in (b"", BEGUN, POSTED + b"Content-Length: 9\r\n\r\n"):
                    for _ in range(600):
                        stack.enter_context(closing(connect(port))).sendall(begun)
                assert call(port, "GET", LIST) == 200
        finally:
            done.set()
            other.join()

        assert slowest[0] < 5
        assert memory(port) - before < MORE_MEMORY_MB


def flood(port: int, begun: bytes) -> int:
    """Send until the service has had enough, and say how much that was."""
    sent = 0
    with closing(connect(port)) as client:
        client.sendall(begun)
        try:
            while sent < FLOOD:
                client.sendall(b"a" * 65_536)
                sent += 65_536
        except OSError:
            pass
    return sent


def used(port: int, slowest: list[float], done: threading.Event) -> None:
    """Use a service as others do, and keep how long the slowest answer took."""
    while not done.is_set():
        started = time.monotonic()
        status = call(port, "GET", LIST)
        slowest[0] = max(slowest[0], time.monotonic() - started if status == 200 else PATIENCE_S)


def memory(port: int) -> float:
    """Megabytes of the process that serves at a port."""
    commands = [(one, one.info["cmdline"] or []) for one in psutil.process_iter(["cmdline"])]
    (watcher,) = [
        one for one, words in commands if words[-1:] and f"--port {port} " in " ".join(words)
    ]
    family = [watcher, *watcher.children(recursive=True)]
    return max(float(process.memory_info().rss) for process in family) / 1e6


def sql(project: Path, statement: str) -> int:
    """Do something in the database of `make dev`, as its owner; 0 if it was done."""
    url = run(project, "uv", "run", "--no-sync", "python", "-m", "tools.db", "psql-url").stdout
    psql = next(project.glob(".venv/lib/python*/site-packages/*/pginstall/bin/psql"))
    return run(project, str(psql), "--quiet", url.strip(), "--command", statement).returncode


def test_the_log_of_the_database_has_no_value(system: System, tmp_path: Path) -> None:
    """Neither of a key that exists already, nor of a record that a check refuses."""
    mark = f"mark{uuid4().hex}"
    assert not sql(system.project, "CREATE TABLE marks (mark text UNIQUE CHECK (mark < 'n'))")
    for lines in (f"{mark}\n{mark}\n", f"n{mark}\n", f"{mark}\t{mark}\n"):
        (tmp_path / "marks").write_text(lines)
        assert sql(system.project, f"\\copy marks from '{tmp_path / 'marks'}'")

    written = system.written()
    assert 'duplicate key value violates unique constraint "marks_mark_key"' in written
    assert 'violates check constraint "marks_mark_check"' in written
    assert mark not in written
    assert not sql(system.project, "DROP TABLE marks")


def test_a_choice_that_only_the_next_version_knows(system: System) -> None:
    """In the middle of a deploy it writes records already: they are read, and not written so."""
    any_port = next(iter(system.ports.values()))
    body = {"title": "of the next version"}
    made = httpx2.post(f"http://{HOST}:{any_port}{TASKS}", json=body).json()
    assert not sql(system.project, WRITTEN.format(status="later", id=made["id"]))
    for port in system.ports.values():
        url = f"http://{HOST}:{port}{TASKS}"
        one = f"{url}/{made['id']}"
        listed = httpx2.get(url, params={"limit": 1})
        changed = httpx2.patch(one, json={"title": f"changed at {port}"})

        assert (listed.status_code, listed.json()["items"][0]["status"]) == (200, "later")
        assert (changed.status_code, changed.json()["status"]) == (200, "later")
        assert httpx2.get(one).json() == changed.json()
        assert httpx2.get(url, params={"sort": "status"}).status_code == 200
        for refused in (
            httpx2.patch(one, json={"status": "later"}),
            httpx2.post(url, json={"title": "too early", "status": "later"}),
            httpx2.get(url, params={"status": "later"}),
        ):
            assert refused.status_code == 422
            assert refused.json()["errors"][0]["field"] == "status"


def test_no_page_is_larger_than_its_budget(system: System) -> None:
    """Long texts, in signs of four bytes each: pages are shorter then, and lead on to all."""
    text = "\N{OK HAND SIGN}" * 10_000
    for port in system.ports.values():
        url = f"http://{HOST}:{port}{TASKS}"
        made = [
            httpx2.post(url, json={"title": f"long {n}", "description": text}).json()["id"]
            for n in range(70)
        ]
        seen: list[str] = []
        params: dict[str, str | int] = {"limit": 100}
        while not set(made) <= set(seen):
            answer = httpx2.get(url, params=params, timeout=PATIENCE_S)
            assert answer.status_code == 200
            assert len(answer.content) < PAGE_BYTES
            page = answer.json()
            assert page["items"]
            seen += [task["id"] for task in page["items"]]
            params["cursor"] = page["next_cursor"] or "none"
        assert len(seen) == len(set(seen))
        assert seen[: len(made)] == made[::-1]
        assert not sql(system.project, "DELETE FROM tasks WHERE title LIKE 'long %'")


def test_no_byte_is_read_as_another(system: System) -> None:
    """What is no text in UTF-8 is refused wherever it stands in a target."""
    for port in system.ports.values():
        for query in ("title=%ff", "title=%ed%a0%80", "sort=title%c3", "%fe=1", "cursor=%c0%af"):
            assert call(port, "GET", f"{TASKS}?{query}") == 422
        for path in (f"{TASKS}/%ff", f"{TASKS}%80", "/%c3"):
            for method in ("GET", "PATCH", "DELETE"):
                assert call(port, method, path) == 422
        assert call(port, "GET", f"{TASKS}?title=b%C3%B6se") == 200
        with closing(connect(port)) as client:
            client.sendall(b"GET /api/v1/tasks?title=\xff HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(100).startswith((b"HTTP/1.1 400", b"HTTP/1.1 422"))


PYTHON_CLIENT = """
import sys
from made import AuthenticatedClient, Client
from made.api.tasks import create_task, get_task, list_tasks
from made.models import PageOfTaskRead, ProblemDetails, TaskCreate, TaskRead

url, *tokens = sys.argv[1:]
strict = {"raise_on_unexpected_status": True}
with AuthenticatedClient(url, *tokens, **strict) if tokens else Client(url, **strict) as client:
    created = create_task.sync(client=client, body=TaskCreate(title="made by a machine"))
    assert isinstance(created, TaskRead), created
    assert get_task.sync(created.id, client=client) == created
    page = list_tasks.sync(client=client, limit=1)
    assert isinstance(page, PageOfTaskRead) and page.items == [created], page
    refused = create_task.sync(client=client, body=TaskCreate(title=""))
    assert isinstance(refused, ProblemDetails) and refused.errors[0].field == "title", refused
"""
# What has a default need not be sent.
TYPESCRIPT = ["--default-non-nullable=false", "-o", "made.d.ts"]
TYPESCRIPT_CLIENT = """
import createClient from "openapi-fetch";
import type { components, paths } from "./made.js";

const [baseUrl, token] = process.argv.slice(2);
const headers = token ? { Authorization: `Bearer ${token}` } : undefined;
const client = createClient<paths>({ baseUrl, headers });
const made = await client.POST("/api/v1/tasks", { body: { title: "made by a machine" } });
const task: components["schemas"]["TaskRead"] | undefined = made.data;
if (made.response.status !== 201 || !task) throw new Error(JSON.stringify(made.error));
const found = await client.GET("/api/v1/tasks/{task_id}", {
  params: { path: { task_id: task.id } },
});
if (found.data?.title !== task.title) throw new Error("another task");
const refused = await client.POST("/api/v1/tasks", { body: { title: "" } });
const problem: components["schemas"]["ProblemDetails"] | undefined = refused.error;
if (problem?.errors?.[0]?.field !== "title") throw new Error(JSON.stringify(problem));
"""


def test_clients_that_are_made_in_python_work(system: System, tmp_path: Path) -> None:
    for port in system.ports.values():
        python_client_works(f"http://{HOST}:{port}", tmp_path)


@pytest.mark.about("level_4")
def test_clients_that_are_made_work_with_a_token(
    installed: Callable[[str], Path], tmp_path: Path
) -> None:
    project = installed("task_manager@4")
    with running(project) as url:
        token = token_of(project)["Authorization"].removeprefix("Bearer ")
        python_client_works(url, tmp_path, token)
        if shutil.which("npm"):
            typescript_client_works(url, tmp_path, token)


def python_client_works(url: str, folder: Path, *token: str) -> None:
    """Have a client made, and use it, with a token where one is asked for."""
    python_client(url, folder)
    (folder / "use.py").write_text(PYTHON_CLIENT)
    ran([*ISOLATED, "python", "use.py", url, *token], folder)


ISOLATED = [
    *("uv", "run", "--isolated", "--no-project"),
    *("--with", "httpx", "--with", "attrs", "--with", "python-dateutil"),
]


def python_client(url: str, folder: Path) -> None:
    """Have a client made of a system's document, which has to be told all of it, and import it."""
    generator = "openapi-python-client>=0.26"
    options = ["--meta", "none", "--overwrite", "--output-path", "made"]
    words = ["uv", "tool", "run", "--from", generator, "openapi-python-client", "generate"]
    words += ["--url", f"{url}/openapi.json", *options, "--fail-on-warning"]
    assert "WARNING" not in ran(words, folder)
    ran([*ISOLATED, "python", "-m", "compileall", "-q", "made"], folder)
    ran([*ISOLATED, "python", "-c", "import made, made.models"], folder)


@pytest.mark.needs("npm")
def test_clients_that_are_made_in_typescript_work(system: System, tmp_path: Path) -> None:
    for port in system.ports.values():
        typescript_client_works(f"http://{HOST}:{port}", tmp_path)


def typescript_client_works(url: str, folder: Path, *token: str) -> None:
    """Have types made, and use them, with a token where one is asked for."""
    if not (folder / "package.json").exists():
        (folder / "package.json").write_text('{"type": "module"}')
        packages = ["openapi-typescript@7", "openapi-fetch", "typescript@5", "@types/node"]
        ran(["npm", "install", "--no-audit", "--no-fund", *packages], folder)
    (folder / "use.ts").write_text(TYPESCRIPT_CLIENT)
    strict = ["--strict", "--module", "nodenext", "--target", "es2022", "--skipLibCheck"]
    ran(["npx", "openapi-typescript", f"{url}/openapi.json", *TYPESCRIPT], folder)
    ran(["npx", "tsc", *strict, "use.ts"], folder)
    ran(["node", "use.js", url, *token], folder)


def ran(command: list[str], folder: Path) -> str:
    """Run a command, which must succeed, and give what it says."""
    done = subprocess.run(
        command, cwd=folder, env=environment(), check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
