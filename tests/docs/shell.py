"""A shell in a folder, in which the commands of a page are typed one after the other."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from tests.docs.pages import Block

PATIENCE_S = 300
STARTS = re.compile(r"^(\w+=\S+ )*make( -C \S+)? dev\b", re.MULTILINE)
PORTS = re.compile(r"\b80[01][01]\b")


class Shell:
    """Runs blocks; `make dev` goes on in the background until the next one, or the end."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.ports = {port: str(_free_port()) for port in ("8000", "8001", "8010", "8011")}
        own = {"API_PORT": self.ports["8000"], "DATA_PORT": self.ports["8001"]}
        self.environment = {**environment, **own}
        self._running: subprocess.Popen[bytes] | None = None
        # Outside of the folder, which may be a repository.
        self._log = folder.with_name(f"{folder.name}.log")

    def run(self, block: Block) -> tuple[int, str]:
        """Type a block; give the exit code and what was printed."""
        before, starts = self._parts(block.text)
        done = self._run(before)
        if done.returncode == 0 and starts:
            self.stop()
            self._start(starts)
        return done.returncode, done.stdout

    def _parts(self, text: str) -> tuple[str, str]:
        """What ends, and what goes on; with ports that are free instead of those that are shown."""
        free = PORTS.sub(lambda port: self.ports[port[0]], text)
        found = STARTS.search(free)
        return (free[: found.start()], free[found.start() :]) if found else (free, "")

    def _run(self, text: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    def _start(self, command: str) -> None:
        with self._log.open("wb") as log:
            self._running = subprocess.Popen(
                ["bash", "-c", command],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        end = time.monotonic() + PATIENCE_S
        while "Everything is running" not in self._log.read_text():
            assert self._running.poll() is None, self._log.read_text()
            assert time.monotonic() < end, self._log.read_text()
            time.sleep(0.1)

    def stop(self) -> None:
        """Ctrl-C in the terminal of `make dev`."""
        if self._running is None:
            return
        process, self._running = self._running, None
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        assert self._log.read_text().endswith("Stopped.\n"), self._log.read_text()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
