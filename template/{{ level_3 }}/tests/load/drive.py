"""The process that loads the system: ``python -m tests.load.drive JOB ANSWERS``.

locust makes waiting cooperative for the whole process that imports it, hence one of its own.
"""

import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from locust import User
from locust.env import Environment

from tests.load.visitor import BARE, RefusedError, Visitor

SPAWNED_AT_ONCE = 10
LAST_TURN_S = 10
"""Clients get so long to end the turn that they are in, and so leave nothing behind."""


class Answers:
    """What was answered, in the order in which it was: by route the milliseconds it took."""

    def __init__(self) -> None:
        self.routes: dict[str, list[tuple[float, float]]] = {}
        self.failures: dict[str, list[str]] = {}
        self.refused = 0
        self._bare: dict[int, float] = {}

    @property
    def fewest(self) -> int:
        """Count the answers of the route that has the fewest."""
        return min(map(len, self.routes.values()), default=0)

    def took(
        self,
        *,
        request_type: str,
        name: str,
        response_time: float,
        exception: object,
        context: dict[str, Any],
        **_: Any,
    ) -> None:
        """Remember one answer, beside the bare one that the same client got before."""
        client = context.get("client", 0)
        route = f"{request_type} {name}"
        if isinstance(exception, RefusedError):
            self.refused += 1
        elif exception:
            self.failures.setdefault(route, []).append(str(exception))
        elif name == BARE:
            self._bare[client] = response_time
        else:
            pair = (response_time, self._bare.get(client, 0.0))
            self.routes.setdefault(route, []).append(pair)

    def told(self) -> dict[str, Any]:
        """Give what the process that asked for it needs."""
        return {"routes": self.routes, "failures": self.failures, "refused": self.refused}


def main(job_file: Path, answers_file: Path) -> None:
    """Let clients in for a while, and write what they were answered."""
    job = json.loads(job_file.read_text(encoding="utf-8"))
    users: list[type[User]] = [_visitor(one, job) for one in job["services"] if one["turns"]]
    if job["own"]:
        users += _own(Path(__file__).parent, job["services"][0]["url"])
    answers = Answers()
    environment = Environment(user_classes=users, stop_timeout=LAST_TURN_S)
    environment.events.request.add_listener(answers.took)  # type: ignore[no-untyped-call]
    runner = environment.create_local_runner()
    runner.start(max(job["users"], len(users)), spawn_rate=SPAWNED_AT_ONCE)
    start = time.monotonic()
    while _goes_on(job, answers.fewest, time.monotonic() - start):
        time.sleep(0.1)  # clients go on meanwhile: locust has made it so
    runner.quit()
    answers_file.write_text(json.dumps(answers.told()), encoding="utf-8")


def _goes_on(job: dict[str, Any], fewest: int, seconds: float) -> bool:
    if seconds < job["seconds"]:
        return bool(fewest < job["enough"])
    return bool(fewest < job["fewest"] and seconds < job["patience_s"])


def _visitor(service: dict[str, Any], job: dict[str, Any]) -> type[Visitor]:
    own = {"host": service["url"], "service": service, "bare": job["bare"], "pace_s": job["pace_s"]}
    return type(service["name"], (Visitor,), {**own, "abstract": False})


def _own(folder: Path, url: str) -> list[type[User]]:
    """Find the clients that the project's owners wrote: users_*.py beside this."""
    found: list[type[User]] = []
    for file in sorted(folder.glob("users_*.py")):
        for value in vars(import_module(f"tests.load.{file.stem}")).values():
            if isinstance(value, type) and issubclass(value, User) and not value.abstract:
                value.host = value.host or url
                found.append(value)
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
