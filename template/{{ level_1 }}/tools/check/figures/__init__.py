"""Tools whose figures come from what they write for programs, never from what people read.

Each module runs one tool: ``python -m tools.check.figures.NAME FILE``. It prints what the tool found,
writes the figures to FILE, and ends with the exit code of the tool.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tools.common import ToolError, say

type Measured = tuple[int, dict[str, int]]
"""The exit code of a tool, and its figures."""


def main(measure: Callable[..., Measured]) -> int:
    """Run a tool with the words after FILE, and write its figures."""
    file, *words = sys.argv[1:]
    try:
        exit_code, figures = measure(*words)
    except ToolError as error:
        say(str(error), sys.stderr)
        return error.exit_code
    Path(file).write_text(json.dumps(figures), encoding="utf-8")
    return exit_code


def run(*command: str) -> int:
    """Run a tool that prints what it found; return its exit code."""
    return _run(command, None).returncode


def written(*command: str) -> tuple[int, str]:
    """Run a tool that writes for programs; return its exit code and what it wrote."""
    done = _run(command, subprocess.PIPE)
    return done.returncode, done.stdout


def tell(path: str, place: str, text: str) -> None:
    """Print a finding in one line that begins with its place, as editors know it."""
    name = Path(path)
    if name.is_relative_to(Path.cwd()):
        name = name.relative_to(Path.cwd())
    say(f"{name}:{place}: {text}", sys.stdout)


def _run(command: tuple[str, ...], stdout: int | None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, stdout=stdout, check=False, encoding="utf-8")  # noqa: S603
    except FileNotFoundError as error:
        raise ToolError(f"{command[0]} is not installed") from error
