"""What the project must do, as requirements.toml says it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.tables import Table, load

FILE = Path("tools/requirements.toml")
_UNPROVED = "no test that ran names it"


@dataclass(frozen=True)
class Requirement:
    """One thing the project must do."""

    id: str
    kind: str
    title: str
    priority: str
    acceptance: str | None
    descoped: Mapping[str, str] | None


@dataclass(frozen=True)
class Target:
    """One figure the project must reach."""

    name: str
    title: str
    wanted: str
    not_measured: str


@dataclass(frozen=True)
class Required:
    """Everything that tests can prove, and the gate that runs them."""

    gate: str
    data: str
    requirements: tuple[Requirement, ...]
    targets: tuple[Target, ...]


def read_required(path: Path, gate: str, data: str) -> Required:
    """Read requirements.toml."""
    file = load(path)
    file.allow("requirements", "targets")
    return Required(
        gate,
        data,
        tuple(_requirement(name, table) for name, table in file.table("requirements").tables()),
        tuple(_target(name, table) for name, table in file.table("targets").tables()),
    )


def _requirement(name: str, table: Table) -> Requirement:
    table.allow("kind", "title", "priority", "acceptance", "descoped")
    return Requirement(
        id=name,
        kind=table.get("kind", str),
        title=table.get("title", str),
        priority=table.get("priority", str),
        acceptance=table.get("acceptance", str, "") or None,
        descoped=table.texts("descoped") or None,
    )


def _target(name: str, table: Table) -> Target:
    table.allow("title", "bound", "value", "unit", "not_measured")
    wanted = f"{table.get('bound', str)} {table.number('value')} {table.get('unit', str)}"
    reason = table.get("not_measured", str, _UNPROVED)
    return Target(name, table.get("title", str), wanted.strip(), reason)
