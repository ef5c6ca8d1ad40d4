"""Fills the system that `make dev` runs with the sample data of its services, over HTTP.

What was made once is not made again, as long as it is there.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from tools.common import ToolError, UsageError, say, write_atomically
from tools.common.tables import Table
from tools.dev.clients import headers
from tools.dev.system import SYSTEM, base_environment, chosen_ports, read_system

_MEMORY = Path(".dev/seeded.json")
_REFERENCE = re.compile(r"@([a-z0-9_]+)/([1-9][0-9]*)")
_TIMEOUT_S = 10


@dataclass(frozen=True)
class Record:
    """A record to make: where it is posted, and what with."""

    name: str
    """What references call it: `@books/1` is the first one in books.json."""
    url: str
    values: Mapping[str, object]
    headers: Mapping[str, str]

    @property
    def kind(self) -> str:
        """Name the file that it stands in."""
        return self.name[1:].partition("/")[0]

    @property
    def references(self) -> set[str]:
        """Name the records that this one refers to."""
        texts = [value for value in self.values.values() if isinstance(value, str)]
        return {text for text in texts if _REFERENCE.fullmatch(text)}

    def body(self, ids: Mapping[str, str]) -> dict[str, object]:
        """Return what is posted, with the ids of the records that it refers to."""
        return {
            name: ids.get(value, value) if isinstance(value, str) else value
            for name, value in self.values.items()
        }


@dataclass
class Seeding:
    """One run: what is known by now, and what could not be made."""

    http: httpx2.Client
    ids: dict[str, str]
    made: list[Record] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def run(self, records: Sequence[Record]) -> None:
        """Make every record after those that it refers to."""
        waiting = [record for record in records if not self._is_there(record)]
        while ready := [one for one in waiting if one.references <= self.ids.keys()]:
            for record in ready:
                self._make(record)
            waiting = [record for record in waiting if record not in ready]
        self.failed += [
            f"{record.name}: left out, for there is no {min(record.references - self.ids.keys())}"
            for record in waiting
        ]

    def _is_there(self, record: Record) -> bool:
        known = self.ids.get(record.name)
        if known and self._get(record, known).status_code == httpx2.codes.OK:
            return True
        self.ids.pop(record.name, None)
        return False

    def _get(self, record: Record, known: str) -> httpx2.Response:
        return self.http.get(f"{record.url}/{known}", headers=record.headers)

    def _make(self, record: Record) -> None:
        answer = self.http.post(record.url, json=record.body(self.ids), headers=record.headers)
        if answer.status_code == httpx2.codes.CREATED:
            self.ids[record.name] = str(answer.json()["id"])
            self.made.append(record)
        elif answer.is_server_error:
            raise ToolError(f"{record.name}: {answer.status_code} {_told(answer)} Run this again")
        else:
            self.failed.append(f"{record.name}: {answer.status_code} {_told(answer)}")


def main() -> int:
    """Fill the running system, and return the exit code."""
    try:
        return seed(Path.cwd())
    except ToolError as error:
        say(str(error), sys.stderr)
        return error.exit_code
    except httpx2.TransportError:
        say("The system does not answer; start it with `make dev`, then run this again", sys.stderr)
        return 1


def seed(root: Path) -> int:
    """Make what is not there yet; return 1 if something was refused."""
    records = list(read_records(root))
    if not records:
        raise UsageError("There is no sample data: services/*/sample_data/*.json")
    with httpx2.Client(timeout=_TIMEOUT_S, trust_env=False) as http:
        seeding = Seeding(http, _remembered(root / _MEMORY))
        try:
            seeding.run(records)
        finally:
            write_atomically(root / _MEMORY, json.dumps(seeding.ids, indent=2) + "\n")
    kinds = list(dict.fromkeys(record.kind for record in records))
    width = max(map(len, kinds))
    for kind in kinds:
        there = sum(record.kind == kind and record.name in seeding.ids for record in records)
        made = sum(record.kind == kind for record in seeding.made)
        say(f"{kind:{width}}  {made} made, {there - made} were there", sys.stdout)
    for line in seeding.failed:
        say(line, sys.stderr)
    return 1 if seeding.failed else 0


def read_records(root: Path) -> Iterator[Record]:
    """Read the sample data of every service that `make dev` runs."""
    system = read_system(root / SYSTEM)
    environment = base_environment(root, system.env_files, system.stand_ins)
    ports = chosen_ports(system, environment)
    for service in system.services:
        base = f"http://{system.host}:{ports[service.name]}"
        for path in sorted((root / "services" / service.name / "sample_data").glob("*.json")):
            sent = headers(system, service, root, environment)
            yield from _records(path, path.relative_to(root), base, sent)


def _records(path: Path, place: Path, base: str, sent: Mapping[str, str]) -> Iterator[Record]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError(f"{place}: not JSON: {error}") from error
    if not isinstance(content, dict):
        raise UsageError(f"{place}: must be an object with path and records")
    table = Table(str(place), content)
    table.allow("path", "records")
    url = base + table.get("path", str)
    for number, values in enumerate(table.get("records", list), start=1):
        if not isinstance(values, dict):
            raise UsageError(f"{place}: record {number} must be an object, got: {values!r}")
        yield Record(f"@{path.stem}/{number}", url, values, sent)


def _remembered(path: Path) -> dict[str, str]:
    """Return the ids of an earlier run; a file that is not there, or broken, is none."""
    try:
        return Table(path.name, {"ids": json.loads(path.read_text("utf-8"))}).texts("ids")
    except (OSError, ValueError, UsageError):
        return {}


def _told(answer: httpx2.Response) -> str:
    """Say in one line why a record was refused."""
    try:
        problem = answer.json()
        blamed = [f"{error['field']}: {error['detail']}" for error in problem.get("errors", [])]
        return "; ".join(blamed) or str(problem["detail"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return answer.reason_phrase


if __name__ == "__main__":
    sys.exit(main())
