"""The runner for real: PostgreSQL, uvicorn, reloading, Ctrl-C and kill -9."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

psutil = pytest.importorskip("psutil")
for module in ("asyncpg", "dotenv", "fastapi", "pydantic_settings", "uvicorn", "watchfiles"):
    pytest.importorskip(module)

DATA = """
import asyncpg, os
from fastapi import FastAPI
from urllib.parse import urlsplit, parse_qs

def create_app():
    app = FastAPI()
    @app.get("/count")
    async def count() -> int:
        host = parse_qs(urlsplit(os.environ["DATABASE_URL"]).query)["host"][0]
        connection = await asyncpg.connect(host=host, user="postgres", database="postgres")
        try:
            return await connection.fetchval("select count(*) from task")
        finally:
            await connection.close()
    return app
"""
MIGRATE = """
import asyncio, asyncpg, os, sys
from urllib.parse import urlsplit, parse_qs

async def main():
    host = parse_qs(urlsplit(os.environ["DATABASE_URL"]).query)["host"][0]
    connection = await asyncpg.connect(host=host, user="postgres", database="postgres")
    await connection.execute("create table if not exists task (id int)")
    await connection.execute("insert into task values (1)")
    await connection.close()
    print("migrated", *sys.argv[1:])

asyncio.run(main())
"""
API = """
import logging, os
from chassis import access_log
from fastapi import FastAPI

def create_app():
    logging.basicConfig(level="INFO")
    app = FastAPI()
    access_log.install(app, access_log.Settings())
    @app.get("/where")
    async def where() -> str:
        return os.environ["DATA_API_URL"]
    return app
"""
SERVICES = """
[dev]
host = "127.0.0.1"
start_timeout_s = 20

[database]
data = ".dev/postgres"
url = "postgresql+asyncpg://postgres@/postgres?host={socket_dir}"
variable = "DATABASE_URL"
owner_url = "postgresql+asyncpg://postgres@/postgres?host={socket_dir}"
owner_variable = "MIGRATION_DATABASE_URL"

[services.data]
app = "data_app:create_app"
port = 8001
port_variable = "DATA_PORT"
ready = "/openapi.json"
docs = "/docs"
reload_dirs = ["src"]
[services.data.migrations]
upgrade = ["python", "src/migrate.py", "upgrade"]
revision = ["python", "src/migrate.py", "revision", "{message}"]
[services.data.env]
DATABASE_URL = "{database_url}"
PYTHONPATH = "src"

[services.api]
app = "api_app:create_app"
port = 8000
port_variable = "API_PORT"
ready = "/openapi.json"
docs = "/docs"
reload_dirs = ["src"]
[services.api.env]
DATA_API_URL = "http://{host}:{ports.data}"
PYTHONPATH = "src"
"""


class Running:
    """A started runner, whose output is read as it comes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.text = ""
        self._readers = [
            threading.Thread(target=self._read, args=(stream,), daemon=True)
            for stream in (process.stdout, process.stderr)
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, stream) -> None:
        for line in stream:
            self.text += line

    def until(self, text: str, seconds: float = 60.0) -> None:
        wait_for(lambda: text in self.text or self.process.poll(), seconds, lambda: self.text)
        assert text in self.text

    def end(self, seconds: float = 30.0) -> int:
        code = self.process.wait(seconds)
        for reader in self._readers:
            reader.join(2)
        return code


def wait_for(condition: Callable[[], bool], seconds: float, say: Callable[[], str] = str) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, say()
        time.sleep(0.03)


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as reply:  # noqa: S310 (our own address)
        return reply.read().decode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def left(project: Path) -> list:
    """Every process that belongs to the project: by its folder, arguments or environment."""
    found = []
    for process in psutil.process_iter():
        try:
            mine = process.environ().get("PYTHONPATH") == "src" and process.cwd() == str(project)
            if mine or str(project / ".dev") in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.fixture
def system(project: Path, level_1: Path, monkeypatch):
    if os.geteuid() == 0:  # pytest's folders are closed to the user that PostgreSQL runs as
        for folder in (project, *project.parents[:2]):
            folder.chmod(0o711)
    (project / "src").mkdir()
    (project / "src/chassis").symlink_to(level_1 / "chassis/src/chassis")
    (project / "src/data_app.py").write_text(DATA)
    (project / "src/api_app.py").write_text(API)
    (project / "src/migrate.py").write_text(MIGRATE)
    (project / "tools/services.toml").write_text(SERVICES)
    monkeypatch.setenv("API_PORT", str(free_port()))
    monkeypatch.setenv("DATA_PORT", str(free_port()))
    yield project
    for process in left(project):
        process.kill()


def api() -> str:
    return f"http://127.0.0.1:{os.environ['API_PORT']}"


def data() -> str:
    return f"http://127.0.0.1:{os.environ['DATA_PORT']}"


def test_a_day_of_work(system, start):
    first = Running(start("tools.dev"))
    first.until("Ctrl-C")
    assert re.search(rf"^  api +{api()}  {api()}/docs$", first.text, re.MULTILINE)
    assert "data | migrated upgrade" in first.text
    first.until("GET /openapi.json 200")  # the service writes it when it has answered
    assert get(f"{api()}/where") == f'"{data()}"'
    assert get(f"{data()}/count") == "1"

    second = Running(start("tools.dev"))
    assert second.end() == 1
    assert "make dev is already running in this project" in second.text

    migration = Running(start("tools.db", "revision", "-m", "more {braces} 'quoted'"))
    assert migration.end() == 0
    assert "migrated revision more {braces} 'quoted'" in migration.text
    assert get(f"{data()}/count") == "3"
    address = Running(start("tools.db", "psql-url"))
    assert address.end() == 0
    assert address.text.startswith("postgresql://postgres@/postgres?host=/")

    (system / "src/api_app.py").write_text("def broken(:\n")
    first.until("SyntaxError")
    (system / "src/api_app.py").write_text(API.replace('/where"', '/there"'))
    wait_for(lambda: "/there" in openapi(), 15, lambda: first.text)

    started = time.monotonic()
    first.process.send_signal(signal.SIGINT)
    assert first.end() == 0
    assert time.monotonic() - started < 5
    assert first.text.endswith("Stopped.\n")
    assert left(system) == []

    alone = Running(start("tools.db", "migrate"))
    assert alone.end() == 0
    assert "migrated upgrade" in alone.text
    assert left(system) == []


def openapi() -> str:
    try:
        return get(f"{api()}/openapi.json")
    except OSError:
        return ""


def test_killed_with_9_the_next_start_recovers(system, start):
    first = Running(start("tools.dev", "--no-reload", "--no-access-log"))
    first.until("Ctrl-C")
    assert "GET" not in first.text
    first.process.kill()
    first.end()
    orphans = left(system)
    assert len(orphans) > 2

    reported = Running(start("tools.dev"))
    assert reported.end() == 1
    taken = rf"port {os.environ['API_PORT']} is taken by pid \d+ \(.*chassis.serve"
    assert re.search(taken, reported.text)
    for process in orphans:
        process.kill()
    wait_for(lambda: not left(system), 20)
    assert (system / ".dev/postgres/postmaster.pid").exists()

    again = Running(start("tools.dev", "--no-reload"))
    again.until("Ctrl-C")
    assert get(f"{data()}/count") == "2"
    again.process.terminate()
    assert again.end() == 0
    assert left(system) == []


@pytest.mark.parametrize("arguments", [[], ["--no-reload"]], ids=["reload", "no-reload"])
@pytest.mark.parametrize(
    ("code", "said"),
    [
        pytest.param("import nothing_like_this\n", "ModuleNotFoundError", id="import"),
        pytest.param(
            API.replace("FastAPI()", "FastAPI(lifespan=broken)") + "\ndef broken(app): 1 / 0\n",
            "ZeroDivisionError",
            id="startup",
        ),
    ],
)
def test_a_service_that_dies_at_start_ends_the_rest(system, start, code, said, arguments):
    (system / "src/api_app.py").write_text(code)
    (system / "src/migrate.py").write_text("")
    running = Running(start("tools.dev", *arguments, DATABASE_URL="postgresql://nowhere/x"))
    assert running.end() == 1
    assert "nowhere/x (DATABASE_URL is set)" in running.text
    assert "api died at start. Its last lines:" in running.text
    assert said in running.text.split("Its last lines:")[1]
    assert left(system) == []


MAILER = """
[processes.mailer]
command = ["python", "src/mailer.py"]
reload_dirs = ["src"]
[processes.mailer.env]
"""


@pytest.mark.parametrize("arguments", [[], ["--no-reload"]], ids=["reload", "no-reload"])
def test_a_process_that_dies_at_start_ends_the_rest(system, start, arguments):
    with (system / "tools/services.toml").open("a") as services:
        services.write(MAILER)
    (system / "src/migrate.py").write_text("")
    (system / "src/mailer.py").write_text("import nothing_like_this\n")
    running = Running(start("tools.dev", *arguments, DATABASE_URL="postgresql://nowhere/x"))
    assert running.end() == 1
    assert "mailer died at start. Its last lines:" in running.text
    assert "ModuleNotFoundError" in running.text.split("Its last lines:")[1]
    assert "Everything is running" not in running.text
    assert left(system) == []


def test_a_process_that_lives_is_among_what_runs(system, start):
    with (system / "tools/services.toml").open("a") as services:
        services.write(MAILER)
    (system / "src/migrate.py").write_text("")
    (system / "src/mailer.py").write_text(
        "import time\nprint('at work', flush=True)\ntime.sleep(60)"
    )
    running = Running(start("tools.dev", DATABASE_URL="postgresql://nowhere/x"))
    running.until("Ctrl-C")
    assert "mailer" in running.text.split("Everything is running")[1]
    running.process.send_signal(signal.SIGINT)
    assert running.end() == 0
    assert left(system) == []


def test_a_service_that_ends_later_ends_the_rest(system, start):
    (system / "src/migrate.py").write_text("")
    running = Running(start("tools.dev", "--no-reload", DATABASE_URL="postgresql://nowhere/x"))
    running.until("Ctrl-C")
    server = next(p for p in left(system) if "api_app:create_app" in p.cmdline())
    server.kill()
    assert running.end() == 1
    assert "api ended by itself" in running.text
    assert left(system) == []


def test_failing_migrations_start_nothing(system, start):
    (system / "src/migrate.py").write_text("raise SystemExit('no such revision')\n")
    running = Running(start("tools.dev", DATABASE_URL="postgresql://nowhere/x"))
    assert running.end() == 1
    assert "data | no such revision" in running.text
    assert "the migrations of data failed (exit code 1)" in running.text
    assert "Uvicorn" not in running.text
    migration = Running(start("tools.db", "migrate", DATABASE_URL="postgresql://nowhere/x"))
    assert migration.end() == 1
    assert "data: python src/migrate.py upgrade failed (exit code 1)" in migration.text


def test_ctrl_c_while_starting_is_a_clean_stop(system, start):
    (system / "src/migrate.py").write_text("import time\nprint('waiting')\ntime.sleep(60)\n")
    running = Running(start("tools.dev", DATABASE_URL="postgresql://nowhere/x"))
    running.until("waiting")
    running.process.send_signal(signal.SIGINT)
    assert running.end() == 0
    assert left(system) == []


def test_no_address_without_a_running_database(system, start):
    address = Running(start("tools.db", "psql-url"))
    assert address.end() == 1
    assert "start it with: make dev" in address.text


def test_psql_is_opened_on_the_database(system, start):
    program = system / "bin/psql"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nimport sys\nprint(sys.argv[1:])\n", "utf-8")
    program.chmod(0o755)
    path = f"{program.parent}:{os.environ['PATH']}"

    opened = Running(
        start("tools.db", "psql", DATABASE_URL="postgresql+asyncpg://a/b c'", PATH=path)
    )

    assert opened.end() == 0
    assert str(["--dbname=postgresql://a/b c'"]) in opened.text


def test_a_migration_needs_a_message(project, start):
    migration = Running(start("tools.db", "revision", "-m", " "))
    assert migration.end() == 2
    assert 'make migration m="add a table"' in migration.text
