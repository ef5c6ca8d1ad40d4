"""Stage 5: running the gates that a project brings."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from ferrata.base import Exit, Interrupted, UsageFailure, note, one_line, progress, say_json

_FLAGS = ("--quick", "--fresh")
_STOPPED = "interrupted; the gates did not finish, run `make check` in the project"


def run_gates(
    hooks: ModuleType,
    project: Path,
    only: Sequence[str] = (),
    **flags: bool,
) -> Exit:
    """Install the project's packages and run its gates; what cannot run is said, never passed.

    `flags` are options of the gates: `quick`, `fresh`, `json`.
    """
    arguments = [word for gate in only for word in ("--only", gate)]
    arguments += [f"--{flag}" for flag, given in flags.items() if given]
    return _run(hooks, project, only, arguments)


def _run(
    hooks: ModuleType,
    project: Path,
    only: Sequence[str] = (),
    arguments: Sequence[str] = (),
    stdout: int | None = None,
) -> Exit:
    try:
        with progress("Installing the project's packages"):
            hooks.sync(project)
        code = hooks.check(project, arguments, stdout)
    except (hooks.NotRun, OSError) as reason:
        return _not_run(one_line(str(reason)), as_json="--json" in arguments)
    except KeyboardInterrupt:
        raise Interrupted(_STOPPED) from None
    return _verdict(code, only, arguments)


def run_climbed(hooks: ModuleType, project: Path, *, on_stderr: bool = False) -> Exit:
    """Run the gates of a project that climbed, unless FERRATA_GATES=off, as for plain Copier."""
    if os.environ.get("FERRATA_GATES") == "off":
        note("ferrata: gates: NOT RUN: FERRATA_GATES=off; run `make check` later")
        return Exit.GREEN
    return _run(hooks, project, stdout=sys.stderr.fileno() if on_stderr else None)


def _not_run(reason: str, *, as_json: bool) -> Exit:
    note(f"ferrata: gates: NOT RUN: {reason}")
    if as_json:
        say_json({"state": "not run", "reason": reason, "gates": []})
    return Exit.RED


def _verdict(code: int, only: Sequence[str], arguments: Sequence[str]) -> Exit:
    """Translate the exit code of tools.check; where nothing was asked for, nothing was typed wrongly."""
    match code:
        case 0:
            return Exit.GREEN
        case 2 if typed := [*only] or [flag for flag in _FLAGS if flag in arguments]:
            raise UsageFailure(
                f"the project's gates do not know {', '.join(typed)}; see the line above"
            )
        case 130 | -2:
            raise Interrupted(_STOPPED)
        case 4:
            return Exit.RED
        case _:
            note(f"ferrata: gates: NOT RUN: tools.check ended with {code}; see the lines above")
            return Exit.RED
