"""Stage 6: handing over with the tool that a project brings."""

from pathlib import Path
from types import ModuleType

from ferrata.base import Exit, Failure, progress

TOOL = "tools/handoff/__main__.py"


def hand_off(hooks: ModuleType, project: Path, *, as_json: bool = False) -> Exit:
    """Install the project's packages and run its hand-off; its own lines say what is open."""
    if not (project / TOOL).is_file():
        raise Failure(
            f"{project} has no {TOOL}, its template is older than the hand-off; update the project "
            "with `copier update --trust`, or restore the file from git if it was deleted"
        )
    try:
        with progress("Installing the project's packages"):
            hooks.sync(project)
        code = hooks.run_tool(project, "tools.handoff", ["--json"] if as_json else [])
    except hooks.NotRun as reason:
        raise Failure(f"hand-off: NOT RUN: {reason}") from None
    return _verdict(code)


def _verdict(code: int) -> Exit:
    """Translate the exit code of tools.handoff."""
    match code:
        case 0 | 1:
            return Exit(code)
        case 130 | -2:
            raise KeyboardInterrupt
        case _:
            raise Failure(f"hand-off: tools.handoff ended with {code}; see the lines above")
