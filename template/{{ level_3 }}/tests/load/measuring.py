"""Loads a system for a while, and tells what was seen."""

import json
import math
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tools.common import ToolError

from tests.e2e.surface import client, public
from tests.integration.collections import Records, collections
from tests.integration.system import ROOT, client_headers, document
from tests.load.figures import FEWEST_ANSWERS, Seen, seen
from tests.load.scenario import turns
from tests.load.system import Loaded

_SHOWN = 300


@dataclass(frozen=True)
class Kind:
    """How a system is loaded, and for how long."""

    users: int
    seconds: float
    pace_s: float = 1
    """What a client waits between requests."""
    enough: float = math.inf
    """Once every route has answered so often, it ends."""
    fewest: int = 0
    """Until every route has answered so often, it goes on: on a busy machine, up to ``patience_s``."""
    patience_s: float = 60
    own: bool = True
    """Whether clients that the owners wrote take part."""


# One client without a pause: what is seen is work, not waiting for a processor.
SHORT = Kind(users=1, seconds=15, pace_s=0, enough=30, fewest=FEWEST_ANSWERS, own=False)


def measure(loaded: Loaded, kind: Kind) -> Seen:
    """Find out what clients can do, let them do it, and take away what they made."""
    records: list[Records] = []
    services = []
    try:
        for service in public():
            url = loaded.services[service.name]
            records.append(Records(client(service, url), document(service.name)))
            found = collections(records[-1].document)
            services.append(
                {
                    "name": service.name,
                    "url": url,
                    "headers": dict(client_headers(service)),
                    "schemas": records[-1].document.get("components", {}).get("schemas", {}),
                    "turns": turns(records[-1], found, stays=bool(loaded.bare)),
                }
            )
        answers = _drive({"services": services, "bare": loaded.bare, **asdict(kind)})
        if not answers["routes"]:
            raise ToolError(f"nothing was answered in {kind.seconds:g} s{_why(answers)}")
        return seen(kind.users, kind.seconds, answers)
    finally:
        for one in records:
            one.remove_all()
            one.http.close()


def _drive(job: Mapping[str, Any]) -> dict[str, Any]:
    """Run the process that loads."""
    with TemporaryDirectory(prefix="load-") as folder:
        order, answers = Path(folder, "job.json"), Path(folder, "answers.json")
        order.write_text(json.dumps(job), encoding="utf-8")
        done = subprocess.run(  # noqa: S603  # a module of this folder
            [sys.executable, "-m", "tests.load.drive", str(order), str(answers)],
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
        )
        if not answers.exists():
            said = done.stderr.strip().rpartition("\n")[2]
            absent = said.startswith(("ImportError", "ModuleNotFoundError"))
            what = "locust cannot run here" if absent else "the system could not be loaded"
            raise ToolError(f"{what}: {said}")
        content: dict[str, Any] = json.loads(answers.read_text(encoding="utf-8"))
        return content


def _why(answers: Mapping[str, Any]) -> str:
    failed = [f"{route}: {said[0][:_SHOWN]}" for route, said in answers["failures"].items()]
    return f": {'; '.join(failed)}" if failed else ""
