"""The figures of a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

FEWEST_ANSWERS = 10
"""Of a route that is compared; the middle of fewer says nothing."""


@dataclass(frozen=True)
class Route:
    """What was answered by one route."""

    answers: int
    median_ms: float
    p95_ms: float
    ratio: float | None
    """How many times as long as the bare route it took, in the middle; each answer is compared
    with the bare one just before it."""

    @property
    def level(self) -> float:
        """Give what is compared with another run."""
        return self.median_ms if self.ratio is None else self.ratio


@dataclass(frozen=True)
class Seen:
    """What was seen in one run."""

    users: int
    seconds: float
    routes: Mapping[str, Route]
    p95_ms: float
    failures: Mapping[str, list[str]]

    @property
    def answers(self) -> int:
        """Count all answers."""
        return sum(route.answers for route in self.routes.values())


def seen(users: int, seconds: float, answers: Mapping[str, Any]) -> Seen:
    """Make figures of the milliseconds that answers took."""
    routes = {name: _route(pairs) for name, pairs in sorted(answers["routes"].items())}
    took = [pair[0] for pairs in answers["routes"].values() for pair in pairs]
    return Seen(users, seconds, routes, _p95(took), answers["failures"])


def _route(pairs: list[tuple[float, float]]) -> Route:
    took = [pair[0] for pair in pairs]
    ratios = [one / bare for one, bare in pairs if bare]
    return Route(len(pairs), median(took), _p95(took), median(ratios) if ratios else None)


def _p95(took: list[float]) -> float:
    return quantiles(took, n=20, method="inclusive")[-1] if len(took) > 1 else took[0]
