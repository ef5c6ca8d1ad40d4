"""What became of each test, and which requirements it proves: the evidence of a run."""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from chassis.testing.requirements import requirements_of

_NOTE_EVERY_S = 0.2


@dataclass
class Outcome:
    """One test; each set of parameters is a test of its own."""

    id: str
    requirements: list[str]
    outcome: str = "not run"
    reason: str = ""


class Outcomes:
    """Follows a run and writes its outcomes as JSON."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tests: dict[str, Outcome] = {}
        self._note = path.with_name(f"{path.name}.progress")
        self._done = 0
        self._next_note = 0.0

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Begin with every test that was selected: one that is never reached did not run."""
        self._tests = {
            item.nodeid: Outcome(item.nodeid, requirements_of(item)) for item in session.items
        }

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in the outcome of a phase: a test that fails in its teardown has failed."""
        if (test := self._tests.get(report.nodeid)) and (outcome := _outcome(report)):
            test.outcome, test.reason = outcome, _reason(report)

    def pytest_runtest_logfinish(self) -> None:
        """Note how many tests are done, for whoever watches the run."""
        self._done += 1
        if (now := time.monotonic()) >= self._next_note:
            self._next_note = now + _NOTE_EVERY_S
            self._note.parent.mkdir(parents=True, exist_ok=True)
            self._note.write_text(f"{self._done} of {len(self._tests)}", encoding="utf-8")

    def pytest_sessionfinish(self) -> None:
        """Write the report."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        content = {"tests": [asdict(test) for test in self._tests.values()]}
        self._note.unlink(missing_ok=True)
        self._path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _outcome(report: pytest.TestReport) -> str | None:
    # A failure that is expected proves nothing, and neither does one that fails to come.
    expected = hasattr(report, "wasxfail")
    if report.failed:
        return "failed"
    if report.skipped:
        return "xfailed" if expected else "skipped"
    if report.when == "call":
        return "xpassed" if expected else "passed"
    return None


def _reason(report: pytest.TestReport) -> str:
    if expected := getattr(report, "wasxfail", ""):
        return str(expected).removeprefix("reason: ")
    if report.skipped and isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return ""
