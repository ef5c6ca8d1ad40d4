"""Wall time of commands and functions: the best of several runs, for other work only adds to it."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

# What would change what is measured: no bytecode kept, another environment, another database.
UNWANTED = {"PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "DATABASE_URL"}
ENVIRONMENT = {key: value for key, value in os.environ.items() if key not in UNWANTED}


def best(run: Callable[[], object], times: int = 3) -> float:
    """Seconds of the fastest run."""
    return min(seconds(run) for _ in range(times))


def seconds(run: Callable[[], object]) -> float:
    """Seconds of one run."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def call(
    command: Sequence[str | Path], at: Path, environment: Mapping[str, str] | None = None
) -> None:
    """Run a command quietly; when it fails, its output is in the error."""
    done = subprocess.run(
        command,
        cwd=at,
        env={**ENVIRONMENT, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        raise RuntimeError(f"{' '.join(map(str, command))} failed ({done.returncode}):\n{said}")


def exit_code(command: Sequence[str | Path], at: Path, environment: Mapping[str, str]) -> int:
    """Run a command quietly and give its exit code."""
    return subprocess.run(
        command,
        cwd=at,
        env={**ENVIRONMENT, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    ).returncode
