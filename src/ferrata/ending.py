"""How a command line ends: each end has an exit code of its own."""

import os
import sys
import traceback
from collections.abc import Sequence

import typer
from typer.exceptions import TyperException

from ferrata.base import (
    Exit,
    Failure,
    be_robust,
    note,
    one_line,
    repository_url,
    say_json,
    unwind_on_signals,
)

# Whichever way it was started: its help and its completion speak of the command.
NAME = "ferrata"
# What a template says of its own catalog; each version of it has a class of its own.
CATALOG_ERROR = "CatalogError"


def ended(app: typer.Typer) -> int:
    """Run the command line and give the exit code."""
    be_robust()
    unwind_on_signals()
    try:
        code = app(prog_name=NAME, standalone_mode=False)
        sys.stdout.flush()
        if code == Exit.INTERRUPTED:
            # typer makes this of a Ctrl-C, without a word.
            raise KeyboardInterrupt  # noqa: TRY301
    except BaseException as error:  # noqa: BLE001  (every end has an exit code of its own)
        return _code(error)
    return int(code or 0)


def _code(error: BaseException) -> Exit:
    """Say what ended the command, and give its exit code."""
    match error:
        case TyperException():
            context = getattr(error, "ctx", None)
            path = context.command_path if context else NAME
            _complain(f"{error.format_message().rstrip('.')} (see `{path} --help`)")
            return Exit.USAGE
        case _ if isinstance(error, Failure) or type(error).__name__ == CATALOG_ERROR:
            lines = getattr(error, "lines", [])
            _complain(str(error), lines)
            for line in lines:
                note(line)
            return Exit(getattr(error, "exit_code", Exit.FAILURE))
        case KeyboardInterrupt() | typer.Abort():
            _complain("interrupted; nothing half-made was left behind")
            return Exit.INTERRUPTED
        case BrokenPipeError():
            # The reader went away; without this, Python complains at its own end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return Exit.FAILURE
        case SystemExit():
            return Exit(int(error.code or 0))
        case _:
            return _bug(error)


def _complain(message: str, lines: Sequence[str] = ()) -> None:
    """Say what went wrong; with --json also as the one document on stdout."""
    note(f"ferrata: {one_line(message)}")
    if "--json" in sys.argv:
        say_json({"error": one_line(message), **({"lines": [*lines]} if lines else {})})


def _bug(error: BaseException) -> Exit:
    traceback.print_exception(error)
    what = f"{type(error).__name__}: {error}"
    _complain(f"{what}: this is a bug; report it with the lines above: {repository_url()}/issues")
    return Exit.BUG
