"""A generated project under Docker Compose: started with make, used over HTTP."""

import re
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import yaml

from tests.support import environment, run

START_SECONDS = 60


class Stack:
    """One project with ports and volumes of its own, so that it disturbs no other."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.name = f"test-{uuid4().hex[:8]}"
        api, data = free_ports(2)
        self.base = f"http://127.0.0.1:{api}"
        self.done(self.make("env"))
        self.set("API_PORT", str(api))
        self.set("DATA_PORT", str(data))

    def make(self, target: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a make target of the project."""
        return run(self.project, "make", target, **self._variables(), **variables)

    def compose(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Docker Compose in the project."""
        return run(self.project, "docker", "compose", *arguments, **self._variables())

    def start(self, target: str) -> "subprocess.Popen[str]":
        """Start a make target that does not end by itself, in a process group of its own."""
        return subprocess.Popen(
            ["make", target],
            cwd=self.project,
            env=environment() | self._variables(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def up(self) -> str:
        """Run `make up`, wait for the first answer of the API, and return what was printed."""
        printed = self.done(self.make("up"))
        self.until(self.answers)
        return printed

    def until(self, happened: Callable[[], bool]) -> None:
        """Wait for something; if it does not come, show what the containers said."""
        deadline = time.monotonic() + START_SECONDS
        while not happened():
            assert time.monotonic() < deadline, self.compose("logs", "--no-color").stdout
            time.sleep(0.1)

    def answers(self) -> bool:
        """Say whether the whole system works, down to the database."""
        try:
            return httpx2.get(self.collection, timeout=5).status_code == 200
        except httpx2.HTTPError:
            return False

    def remove(self) -> None:
        """Remove containers, networks and volumes, also when .env is gone."""
        self.done(self.make("env"))
        self.done(self.compose("down", "--volumes", "--remove-orphans", "--timeout", "5"))

    def done(self, ended: subprocess.CompletedProcess[str]) -> str:
        """Check that a command ended well, and return all that it printed."""
        printed = ended.stdout + ended.stderr
        assert ended.returncode == 0, printed
        return printed

    def set(self, name: str, value: str) -> None:
        """Write one setting into .env."""
        env = self.project / ".env"
        env.write_text(re.sub(rf"(?m)^{name}=.*$", f"{name}={value}", env.read_text()))

    def write(self, file: str, content: dict[str, Any]) -> None:
        """Write a YAML file of the project."""
        (self.project / file).write_text(yaml.safe_dump(content))

    @property
    def collection(self) -> str:
        """The address of the first entity's records."""
        paths: dict[str, Any] = httpx2.get(f"{self.base}/openapi.json").json()["paths"]
        return self.base + next(iter(paths))

    def _variables(self) -> dict[str, str]:
        return {"COMPOSE_PROJECT_NAME": self.name, "BUILDKIT_PROGRESS": "plain"}


def free_ports(number: int) -> list[int]:
    """Find ports that nobody listens on, each another."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports
