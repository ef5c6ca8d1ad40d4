"""Which gates a climb made red, and which were red before it."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from ferrata.base import one_line, progress
from ferrata.checking.coverage import REPORTS

REPORT = REPORTS / "gates.json"
PLAN = Path("tools/gates.toml")
ENV = ".env"
PASSED, NOT_RUN = "passed", "not run"


@dataclass(frozen=True)
class Gates:
    """How the gates of a run ended; `run` tells it from every other one."""

    run: str
    commit: str | None
    states: Mapping[str, str]
    figures: Mapping[str, str]

    @property
    def red(self) -> list[str]:
        """Those that did not pass, in their order."""
        return [name for name, state in self.states.items() if state != PASSED]


def last_run(project: Path) -> Gates | None:
    """What the report of the last run says, if there is one that can be read."""
    try:
        report = json.loads((project / REPORT).read_text("utf-8"))
        code, gates = report["code"], report["gates"]
        return Gates(
            run=str(report["started"]),
            commit=code["commit"] if code and not code["dirty"] else None,
            states={gate["name"]: gate["state"] for gate in gates},
            figures={gate["name"]: gate["figure"] or gate["reason"] or "" for gate in gates},
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def blame(hooks: ModuleType, repository: Any, before: Gates | None) -> list[str]:
    """Say which gates the climb made red; `before` is the last run before it.

    Where that run was of something else than the last commit, the gates that are red now run once
    more for that commit, in a copy of it.
    """
    now = last_run(repository.project)
    if now is None or (before and now.run == before.run):
        return []
    known = before if _tells(before, repository.head, now.red) else None
    try:
        known = known or _run_before(hooks, repository, now.red)
    except (hooks.NotRun, OSError, ValueError, RuntimeError) as reason:
        return [f"Which gates were red before is not known: {one_line(str(reason))}"]
    return _told(now, known)


def _tells(before: Gates | None, head: str, names: Iterable[str]) -> bool:
    if before is None or before.commit != head:
        return False
    return all(before.states.get(name) != NOT_RUN for name in names)


def _run_before(hooks: ModuleType, repository: Any, names: Iterable[str]) -> Gates:
    """Run some gates for the last commit, in a copy of it."""
    copy = Path(repository.scratch) / "before"
    repository.check_out(copy)
    env = repository.project / ENV
    if env.is_file():
        (copy / ENV).write_bytes(env.read_bytes())
    there = tomllib.loads((copy / PLAN).read_text("utf-8")).get("gates")
    if not isinstance(there, dict):
        raise hooks.NotRun(f"{PLAN} of the last commit names no gates")
    arguments = [word for name in names if name in there for word in ("--only", name)]
    if not arguments:
        return Gates("", None, {}, {})
    with progress("Looking which gates were red before"):
        hooks.sync(copy)
        hooks.run_tool(copy, "tools.check", arguments, silent=True)
    found = last_run(copy)
    if found is None:
        raise hooks.NotRun("the gates of the last commit left no report")
    return found


def _told(now: Gates, before: Gates) -> list[str]:
    old = [name for name in now.red if before.states.get(name) not in {None, PASSED}]
    new = [name for name in now.red if name not in old]
    lines = []
    if new:
        lines += ["The climb made red:", *(f"  {_line(name, now, before)}" for name in new)]
    if old:
        lines += ["Red before the climb too:", *(f"  {_line(name, now, before)}" for name in old)]
    return lines


def _line(name: str, now: Gates, before: Gates) -> str:
    if name not in before.states:
        return f"{name}: {now.figures[name]} (a new gate)"
    return f"{name}: {now.figures[name]} (before: {before.figures[name]})"
