"""A server that a script of a project's own Python starts, and that comes and goes at a word."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support import environment


class Served:
    """A server that comes and goes; its data stays."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.url = self._answer()

    def tell(self, what: str) -> None:
        """Say what the script knows, such as `stop` and `start`, and wait until it is done."""
        assert self._process.stdin
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        assert self._answer() == "done"

    def _answer(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


@contextmanager
def serving(project: Path, script: str) -> Iterator[Served]:
    """Run the script, which says the server's address first; it ends with what it is told."""
    command = ["uv", "run", "python", "-c", script]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=project, env=environment(), stdin=pipe, stdout=pipe, text=True
    ) as process:
        yield Served(process)
        assert process.stdin
        process.stdin.close()
        assert process.wait(60) == 0
