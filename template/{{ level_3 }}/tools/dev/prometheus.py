"""Prometheus on this machine: the files of deploy/prometheus, with addresses of this machine.

What is not here is not measured, and no alert says that it is down.
"""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

OLDEST = (2, 45)
HOST = "127.0.0.1"
_FILES = ("deploy/prometheus", "deploy/local/prometheus")
_POLL_S = 0.05
_START_TIMEOUT_S = 20.0
_STOP_TIMEOUT_S = 10.0


class PrometheusError(Exception):
    """Prometheus is not there, or does not accept its files; the message says why."""


@dataclass(frozen=True)
class Place:
    """Where Prometheus works on this machine: its folder, its port, who is measured by name."""

    folder: Path
    port: int
    services: Mapping[str, str]
    """The address of each service; one that is not here is not measured."""

    @property
    def log(self) -> Path:
        """What Prometheus says."""
        return self.folder / "prometheus.log"


def program(name: str, *, oldest: tuple[int, int] = OLDEST, called: str = "") -> str:
    """Find a program of Prometheus on this machine; some packages give it another name."""
    found = shutil.which(name) or (shutil.which(called) if called else None)
    if found is None:
        raise PrometheusError(f"{name} is not installed")
    said = subprocess.run([found, "--version"], check=False, capture_output=True, text=True)  # noqa: S603
    version = re.search(r"version (\d+)\.(\d+)", said.stdout + said.stderr)
    if not version or (int(version[1]), int(version[2])) < oldest:
        is_there = version[0] if version else "of no known version"
        raise PrometheusError(f"{found} is {is_there}; {'.'.join(map(str, oldest))} is needed")
    return found


def write(root: Path, place: Place) -> Path:
    """Copy the files into its folder, with the addresses of this machine in them."""
    for name in _FILES:
        target = place.folder / name
        shutil.rmtree(target, ignore_errors=True)
        if (root / name).is_dir():
            shutil.copytree(root / name, target)
        for file in target.rglob("*.yml"):
            text = file.read_text(encoding="utf-8")
            file.write_text(_here(text, place), encoding="utf-8")
    own = place.folder / "deploy/prometheus"
    for file in (own / "scrape").iterdir():
        if not any(f"{name.replace('-', '_')}.yml" == file.name for name in place.services):
            (own / "rules" / file.name).unlink(missing_ok=True)
    return own / "prometheus.yml"


def _here(text: str, place: Place) -> str:
    """Put the addresses of this machine in place of names that only containers know."""

    def addresses(found: re.Match[str]) -> str:
        known = place.services.get(found[1])
        return f"static_configs: [{{targets: [{known or ''}]}}]"

    text = re.sub(r"dns_sd_configs: \[\{names: \[([\w-]+)\], .*\]", addresses, text)
    return text.replace("localhost:9090", f"{HOST}:{place.port}")


@contextmanager
def running(configuration: Path, place: Place) -> Iterator[subprocess.Popen[bytes]]:
    """Run Prometheus for as long as this is entered."""
    command = [program("prometheus"), f"--config.file={configuration}"]
    command += [f"--storage.tsdb.path={place.folder / 'data'}", "--storage.tsdb.retention.time=7d"]
    command += [f"--web.listen-address={HOST}:{place.port}"]
    with place.log.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C must not stop it before the services
        )
    try:
        _wait(process, place)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], place: Place) -> None:
    end = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < end and process.poll() is None:
        if _is_ready(place.port):
            return
        time.sleep(_POLL_S)
    said = place.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    raise PrometheusError(f"prometheus did not start ({place.log}): {said[-1] if said else ''}")


def _is_ready(port: int) -> bool:
    connection = HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request("GET", "/-/ready")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
