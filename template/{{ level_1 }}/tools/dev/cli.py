"""The command line of the runner."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.console import say
from tools.dev.lines import Lines
from tools.dev.service import Options
from tools.dev.supervisor import Supervisor
from tools.dev.system import SYSTEM, read_system
from tools.errors import ToolError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the system until Ctrl-C, and return the exit code."""
    given = _parser().parse_args(arguments)
    root = Path.cwd()
    options = Options(reload=given.reload, access_log=given.access_log)
    try:
        system = read_system(root / SYSTEM)
        names = [child.name for child in system.children]
        lines = Lines(names, sys.stdout)
        asyncio.run(Supervisor(system, options, root, lines).run())
    except ToolError as error:
        say(str(error), sys.stderr)
        return error.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.dev", description="Run the system on this machine without Docker."
    )
    parser.add_argument(
        "--no-reload", dest="reload", action="store_false", help="do not watch the code"
    )
    parser.add_argument(
        "--no-access-log", dest="access_log", action="store_false", help="do not log requests"
    )
    return parser
