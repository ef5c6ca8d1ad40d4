"""Python processes that start at once: forked from one that has imported what they need.

To import a worker takes seconds, and tests start dozens of them. Otherwise they are what
``python -m`` starts: real processes, with an environment and a log of their own.
"""

import json
import os
import runpy
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO

from tests.integration.system import ROOT

_POLL_S = 0.01


@dataclass(frozen=True)
class Fork:
    """A process that was forked."""

    pid: int
    _parent: "Forks"

    def poll(self) -> int | None:
        """Give its exit code, or the signal that ended it below zero; None while it lives."""
        code: int | None = self._parent.ask({"ended": self.pid})
        return code

    def wait(self, timeout_s: float) -> int:
        """Wait until it ends."""
        deadline = time.monotonic() + timeout_s
        while (code := self.poll()) is None:
            assert time.monotonic() < deadline, f"process {self.pid} does not end"
            time.sleep(_POLL_S)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        """Signal it; its number is nobody else's until it is known to have ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it, without a chance to clean up."""
        self.send_signal(signal.SIGKILL)


class Forks:
    """The process that forks; it ends all that it started when the tests end, however they do."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    @classmethod
    @contextmanager
    def of(cls, *modules: str) -> Iterator["Forks"]:
        """Import modules in a process of their own."""
        command = [sys.executable, "-m", __name__, *modules]
        with subprocess.Popen(  # noqa: S603  # this very Python
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            yield cls(process)

    def start(
        self, log: Path, environment: Mapping[str, str], module: str, *arguments: str
    ) -> Fork:
        """Run ``python -m module arguments`` with its output in a file."""
        words = {"run": module, "arguments": arguments, "log": str(log)}
        return Fork(self.ask({**words, "environment": dict(environment)}), self)

    def ask(self, request: Mapping[str, Any]) -> Any:
        """Have something done."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(request)}\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


def serve(requests: TextIO, answers: TextIO) -> None:
    """Fork as told; at the end of the requests, end whatever lives."""
    ended: dict[int, int | None] = {}
    for line in requests:
        request = json.loads(line)
        if "run" in request:
            answer: int | None = os.fork()
            if not answer:
                _run(**request)
            ended[answer or 0] = None
        else:
            pid = request["ended"]
            if ended[pid] is None and (status := os.waitpid(pid, os.WNOHANG)) != (0, 0):
                ended[pid] = os.waitstatus_to_exitcode(status[1])
            answer = ended[pid]
        answers.write(f"{json.dumps(answer)}\n")
        answers.flush()
    for pid, code in ended.items():
        if code is None:
            os.kill(pid, signal.SIGKILL)


def _run(run: str, arguments: list[str], log: str, environment: dict[str, str]) -> None:
    """Become what ``python -m`` is; does not return."""
    code = 1
    try:
        os.environ.clear()
        os.environ.update(environment)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(out, 1)
        os.dup2(out, 2)
        sys.argv[1:] = arguments
        runpy.run_module(run, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
    except BaseException:  # noqa: BLE001  # as Python itself does at the end of a program
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        import_module(name)
    with suppress(KeyboardInterrupt):
        serve(sys.stdin, sys.stdout)
