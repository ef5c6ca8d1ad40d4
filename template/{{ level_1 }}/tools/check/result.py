"""What became of a gate."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tools.check.plan import Gate


class State(StrEnum):
    """The only three ways a gate can end; one that did not run has not passed."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Coverage:
    """Percentages, rounded down so that no figure looks better than it is."""

    exact: float
    threshold: float
    by_service: Mapping[str, float]

    @property
    def total(self) -> float:
        """Return the percentage for people."""
        return rounded_down(self.exact)


def rounded_down(percent: float) -> float:
    """Cut a percentage after one decimal: 59.96 % is not 60 %."""
    return math.floor(percent * 10) / 10


@dataclass(frozen=True)
class Proof:
    """What became of one test, and the requirements that it names."""

    id: str
    requirements: tuple[str, ...]
    outcome: str
    reason: str


class MissingEvidenceError(Exception):
    """A figure that should be in a report is not there."""


@dataclass(frozen=True)
class Result:
    """One gate of one run, with the evidence it left."""

    gate: Gate
    state: State
    reason: str = ""
    command: tuple[str, ...] = ()
    exit_code: int | None = None
    started: str | None = None
    duration_s: float = 0.0
    figure: str = ""
    figures: Mapping[str, int | float | str] = field(default_factory=dict)
    tool_version: str | None = None
    output: str = ""
    coverage: Coverage | None = None
    tests: tuple[Proof, ...] | None = None
    reports: tuple[str, ...] = ()

    @property
    def started_at_all(self) -> bool:
        """Say whether there is anything to show: output, duration, a log."""
        return self.started is not None


def not_run(gate: Gate, reason: str) -> Result:
    """Return the result of a gate that never started."""
    return Result(gate, State.NOT_RUN, reason)
