"""The command line: ``python -m tests.load [--gate]``; docs/load.md says what it does."""

import argparse
import asyncio
import json
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import httpx2
from tools.check.plan import FILE as REQUIREMENTS
from tools.common import ToolError, UsageError, say, write_atomically
from tools.common.code import REPORTS, code_state
from tools.common.tables import Table, load

from tests.e2e.surface import URL
from tests.integration.system import ROOT
from tests.load import baseline
from tests.load.baseline import Baseline
from tests.load.figures import Seen
from tests.load.measuring import SHORT, Kind, measure
from tests.load.system import Loaded, elsewhere, here
from tests.load.verdict import problems_of, summary, table

_VARIABLES = {"users": "TEST_LOAD_USERS", "time": "TEST_LOAD_TIME"}
REPORT = REPORTS / "load.json"
REPEATS = 2
GREEN, RED, INTERRUPTED = 0, 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Load the system, tell what was seen, and return whether it is good enough."""
    parser = argparse.ArgumentParser(prog="python -m tests.load", description="Load the system.")
    parser.add_argument(
        "--gate", action="store_true", help="shortly, and only compared with the baseline"
    )
    parser.add_argument("--figures", type=Path, help="where the gate's figures are written")
    options = parser.parse_args(arguments)
    logging.disable(logging.INFO)  # of the migrations
    try:
        return _run(options.figures, gate=options.gate)
    except ToolError as error:
        say(str(error), sys.stderr)
        return error.exit_code
    except httpx2.TransportError as error:
        say(f"{error.request.url} does not answer: {error}", sys.stderr)
        return RED
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(figures: Path | None, *, gate: bool) -> int:
    settings = _settings()
    share = settings.number("slower_percent", 25)
    url = "" if gate else os.environ.get(URL, "")
    name = "gate" if gate else url or "here"
    kind = SHORT if gate else _long(settings)
    before = baseline.read(ROOT / baseline.FILE, name, baseline.conditions(kind.users))
    with _loaded(url) as loaded:
        seen = _measured(loaded, kind, before, share)
    changes = baseline.slower(before, seen)
    known = before.levels.keys() & seen.routes.keys()
    if gate and known and not changes and not seen.failures:
        raise ToolError("nothing can be compared here: no route answered often enough; try again")
    problems = list(problems_of(seen, changes, share, None if gate else _target()))
    code = asyncio.run(code_state(ROOT, os.environ))
    report = {"name": name, **baseline.entry(seen, code), "failures": seen.failures}
    write_atomically(ROOT / REPORT, json.dumps(report, indent=2) + "\n")
    if not problems:
        baseline.record(ROOT / baseline.FILE, name, seen, before, code)
    said = summary(seen, before, changes, recorded=not problems)
    for line in (*table(seen, changes), said):
        say(line, sys.stdout)
    if figures:
        told = {"routes": len(seen.routes), "answers": seen.answers, "seen": said}
        write_atomically(figures, json.dumps(told))
    for problem in problems:
        say(problem, sys.stderr)
    return RED if problems else GREEN


def _measured(loaded: Loaded, kind: Kind, before: Baseline, share: float) -> Seen:
    seen = measure(loaded, kind)
    if kind is SHORT and not before.levels:  # later runs are not held against a lucky one
        return baseline.worse(seen, measure(loaded, kind))
    for _ in range(REPEATS):  # until it is no chance
        if max(baseline.slower(before, seen).values(), default=0) <= share:
            break
        say("Slower than the baseline; measured once more.", sys.stdout)
        seen = baseline.better(seen, measure(loaded, kind))
    return seen


def _loaded(url: str) -> AbstractContextManager[Loaded]:
    return nullcontext(elsewhere(url)) if url else here()


def _settings() -> Table:
    """Read what the owners set: the table [tool.load] of pyproject.toml."""
    settings = load(ROOT / "pyproject.toml").table("tool").table("load")
    settings.allow("slower_percent", "users", "seconds")
    return settings


def _long(settings: Table) -> Kind:
    """Let so many clients ask once a second each, so long."""
    users = _number("users", settings.number("users", 20))
    return Kind(users=int(users), seconds=_number("time", settings.number("seconds", 60)))


def _number(name: str, otherwise: float) -> float:
    text = os.environ.get(_VARIABLES[name], "")
    if text and not (text.isdecimal() and int(text)):
        raise UsageError(f"{name} must be a whole number above 0, got: {text}")
    return int(text) if text else otherwise


def _target() -> float:
    targets = load(ROOT / REQUIREMENTS).table("targets")
    return targets.table("p95_latency_ms").number("value")


if __name__ == "__main__":
    sys.exit(main())
