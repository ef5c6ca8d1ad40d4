"""The baseline: what was seen once on a machine, so that what becomes slower is found."""

import json
import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tools.common import ToolError, write_atomically
from tools.common.code import REPORTS

from tests.load.figures import FEWEST_ANSWERS, Route, Seen

FILE = REPORTS / "load-baseline.json"
_PACKAGES = ("fastapi", "locust", "pydantic", "sqlalchemy", "uvicorn")


@dataclass(frozen=True)
class Baseline:
    """What is compared with; where nothing can be, ``why`` says what is in the way."""

    levels: Mapping[str, float]
    recorded: str
    why: str = ""


def conditions(users: int) -> dict[str, Any]:
    """Tell what figures depend on, so that only like is compared with like."""
    return {
        "processor": _processor(),
        "processors": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "users": users,
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def read(file: Path, name: str, now: Mapping[str, Any]) -> Baseline:
    """Read what was recorded under a name, if it is of the same conditions."""
    if not (entry := _entries(file).get(name)):
        return Baseline({}, "", "there was none")
    levels = {route: Route(**figures).level for route, figures in entry["routes"].items()}
    other = [key for key, value in now.items() if entry["conditions"].get(key) != value]
    why = f"the last one is of other conditions ({', '.join(other)})" if other else ""
    return Baseline({} if why else levels, entry["recorded"][:10], why)


def _entries(file: Path) -> dict[str, Any]:
    try:
        entries: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ToolError(f"{file}: not JSON ({error}); remove it to record another one") from error
    return entries


def slower(baseline: Baseline, seen: Seen) -> dict[str, float]:
    """Tell by how many percent each route is slower than its baseline; below 0, it is faster."""
    return {
        name: 100 * (route.level / baseline.levels[name] - 1)
        for name, route in seen.routes.items()
        if name in baseline.levels and route.answers >= FEWEST_ANSWERS
    }


def better(first: Seen, second: Seen) -> Seen:
    """Take each route as it was in the run in which it was faster."""
    return _chosen(first, second, min)


def worse(first: Seen, second: Seen) -> Seen:
    """Take each route as it was in the run in which it was slower."""
    return _chosen(first, second, max)


def _chosen(first: Seen, second: Seen, choose: Callable[..., Route]) -> Seen:
    routes = {**second.routes, **first.routes}
    for name in first.routes.keys() & second.routes.keys():
        routes[name] = choose(first.routes[name], second.routes[name], key=lambda one: one.level)
    failures = {**first.failures, **second.failures}
    return replace(first, routes=dict(sorted(routes.items())), failures=failures)


def record(file: Path, name: str, seen: Seen, baseline: Baseline, code: Any) -> None:
    """Record what was seen: all of it where nothing was compared, else the routes that are new."""
    entries = _entries(file)
    new = entry(seen, code)
    if baseline.levels:
        known = entries[name]["routes"]
        kept = {route: known.get(route, figures) for route, figures in new["routes"].items()}
        # A route that got too few answers this time is not gone.
        new = {**entries[name], "routes": {**known, **kept}}
    write_atomically(file, json.dumps({**entries, name: new}, indent=2) + "\n")


def entry(seen: Seen, code: Any) -> dict[str, Any]:
    """Describe a run: when, of what, on what, and the figures."""
    return {
        "recorded": datetime.now(UTC).isoformat(timespec="seconds"),
        "code": code,
        "conditions": conditions(seen.users),
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in _PACKAGES},
        },
        "seconds": seen.seconds,
        "p95_ms": round(seen.p95_ms, 2),
        "routes": {
            name: {
                key: round(value, 3) if isinstance(value, float) else value
                for key, value in asdict(route).items()
            }
            for name, route in seen.routes.items()
        },
    }
