"""A data service behind a real PgBouncer, in the modes that people run it in."""

import os
import pwd
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from tests.project.test_running import free_port, running
from tests.support import environment, run

SERVICE = "team_data_postgres_api"
# Fewer connections than requests at a time, so that they are shared.
SETTINGS = """
[databases]
* = host={folder} dbname=postgres user={role}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
"""
SIZES = {"transaction": 2, "session": 20}


@contextmanager
def pooler(project: Path, mode: str, folder: Path) -> Iterator[int]:
    """Run PgBouncer before the database of a project; it refuses to be root."""
    port, owner = free_port(), pwd.getpwuid((project / ".dev/postgres").stat().st_uid).pw_name
    address = run(project, "uv", "run", "--no-sync", "python", "-m", "tools.db", "psql-url").stdout
    (database,) = parse_qs(urlsplit(address.strip()).query)["host"]
    file = folder / "pgbouncer.ini"
    size = SIZES[mode]
    text = SETTINGS.format(folder=database, port=port, mode=mode, role=SERVICE, size=size)
    file.write_text(text)
    command = ["pgbouncer", "--quiet", str(file)]
    if os.geteuid() == 0:
        for path in (folder, *folder.parents):
            path.chmod(path.stat().st_mode | 0o011)
        command = ["runuser", "-u", owner, "--", *command]
    with subprocess.Popen(command) as process:
        try:
            yield port
        finally:
            process.terminate()


@contextmanager
def service(project: Path, **variables: str) -> Iterator[str]:
    """Run the data service alone, with these variables."""
    port = free_port()
    process = subprocess.Popen(
        [
            project / ".venv/bin/python",
            *("-m", "chassis.serve", f"{SERVICE}.main:create_app", "--port", str(port)),
        ],
        cwd=project,
        env=environment() | variables,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def until_ready(base: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if httpx2.get(f"{base}/ready").status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.2)
    pytest.fail(f"not ready: {httpx2.get(f'{base}/ready').text}")


@pytest.mark.long
@pytest.mark.needs("pgbouncer")
@pytest.mark.parametrize("mode", SIZES)
def test_it_serves(mode: str, installed: Callable[[str], Path], tmp_path: Path) -> None:
    project = installed("task_manager@2")
    with running(project), pooler(project, mode, tmp_path) as port:
        url = f"postgresql://{SERVICE}@127.0.0.1:{port}/any?sslmode=prefer&application_name=me"
        with service(project, DATABASE_URL=url, DATABASE_BEHIND_POOLER="true") as base:
            until_ready(base)
            with httpx2.Client(base_url=f"{base}/api/v1", timeout=20) as http:

                def use(number: int) -> None:
                    task = http.post("/tasks", json={"title": f"Task {number}"})
                    assert task.status_code == 201, task.text
                    path = f"/tasks/{task.json()['id']}"
                    assert http.get(path).json()["title"] == f"Task {number}"
                    assert http.get("/tasks").status_code == 200
                    assert http.delete(path).status_code == 204

                with ThreadPoolExecutor(20) as many:
                    list(many.map(use, range(200)))
