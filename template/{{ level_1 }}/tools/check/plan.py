"""What a run checks: the gates of gates.toml, the requirements of requirements.toml."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.common import UsageError
from tools.common.tables import Table, fill, load

FILE = Path("tools/requirements.toml")
_UNPROVED = "no test that ran names it"
_GATE_KEYS = (
    "title",
    "lane",
    "command",
    "measured",
    "inputs",
    "tool",
    "timeout_s",
    "patterns",
    "counts",
    "outcomes",
    "figures",
    "figure",
    "failed_figure",
    "remedy",
    "noise",
    "cannot_run",
    "needs",
    "env",
    "reports",
)


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
    """Everything that tests can prove."""

    requirements: tuple[Requirement, ...]
    targets: tuple[Target, ...]


def read_required(path: Path) -> Required:
    """Read requirements.toml."""
    file = load(path)
    file.allow("requirements", "targets")
    return Required(
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


@dataclass(frozen=True)
class Gate:
    """One command whose exit code and figure decide whether the project is in order."""

    name: str
    title: str
    lane: str
    command: tuple[str, ...]
    measured: tuple[str, ...]
    inputs: tuple[str, ...]
    tool: str
    timeout_s: float
    patterns: tuple[re.Pattern[str], ...]
    counts: Mapping[str, re.Pattern[str]]
    outcomes: str
    figures: str
    figure: str
    failed_figure: str
    remedy: str
    noise: re.Pattern[str] | None
    cannot_run: re.Pattern[str] | None
    needs: tuple[str, ...]
    env: Mapping[str, str]
    reports: tuple[str, ...]


@dataclass(frozen=True)
class CoverageRule:
    """Which gate measures coverage, where its data is, and how much is enough."""

    gate: str
    data: str
    threshold: float
    folders: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """Everything one run needs to know."""

    project: str
    level: int
    quick: tuple[str, ...]
    shell: tuple[str, ...]
    gates: tuple[Gate, ...]
    coverage: CoverageRule | None
    required: Required | None

    def selected(self, names: list[str]) -> tuple[Gate, ...]:
        """Return the gates to run: all of them, or those that were named and what they need."""
        known = [gate.name for gate in self.gates]
        if unknown := [name for name in names if name not in known]:
            raise UsageError(f"no gate is called {unknown[0]}; known gates: {', '.join(known)}")
        wanted = set(names or known)
        for gate in reversed(self.gates):  # what a gate needs is above it
            wanted |= set(gate.needs) if gate.name in wanted else set()
        return tuple(gate for gate in self.gates if gate.name in wanted)


def read_plan(path: Path) -> Plan:
    """Read gates.toml and refuse what could not be run as written."""
    file = load(path)
    file.allow("project", "level", "quick", "shell", "coverage", "gates")
    gates = tuple(_gate(name, table) for name, table in file.table("gates").tables())
    if not gates:
        raise UsageError(f"{file.place}: must contain at least one table [gates.NAME]")
    _check_order(file, gates)
    return Plan(
        project=file.get("project", str),
        level=file.get("level", int),
        quick=_quick(file, gates),
        shell=file.words("shell"),
        gates=gates,
        coverage=_coverage(file.table("coverage"), gates),
        required=_required(gates, path.with_name(FILE.name)),
    )


def _gate(name: str, table: Table) -> Gate:
    table.allow(*_GATE_KEYS)
    command = table.words("command")
    if not command:
        raise UsageError(f"{table.place}: must contain command, a list of words")
    for text in (*command, *table.words("measured"), *table.texts("env").values()):
        fill(text, {"work": ""}, table.place)
    return Gate(
        name=name,
        title=table.get("title", str),
        lane=table.get("lane", str),
        command=command,
        measured=table.words("measured"),
        inputs=table.words("inputs"),
        tool=table.get("tool", str, command[0]),
        timeout_s=table.number("timeout_s"),
        patterns=tuple(map(table.pattern, table.words("patterns"))),
        counts={key: table.pattern(text) for key, text in table.texts("counts").items()},
        outcomes=table.get("outcomes", str, ""),
        figures=table.get("figures", str, ""),
        figure=table.get("figure", str),
        failed_figure=table.get("failed_figure", str, ""),
        remedy=table.get("remedy", str, ""),
        noise=_optional(table, "noise"),
        cannot_run=_optional(table, "cannot_run"),
        needs=table.words("needs"),
        env=table.texts("env"),
        reports=table.words("reports"),
    )


def _optional(table: Table, key: str) -> re.Pattern[str] | None:
    text = table.get(key, str, "")
    return table.pattern(text) if text else None


def _check_order(file: Table, gates: tuple[Gate, ...]) -> None:
    # Lanes follow the file's order: a need that points upwards can never deadlock them.
    above: set[str] = set()
    for gate in gates:
        if missing := [need for need in gate.needs if need not in above]:
            place = f"{file.place}.gates.{gate.name}"
            raise UsageError(f"{place}: needs {missing[0]}, which must be a gate above it")
        above.add(gate.name)


def _coverage(table: Table, gates: tuple[Gate, ...]) -> CoverageRule | None:
    if not table.values:
        return None
    table.allow("gate", "data", "threshold", "folders")
    return CoverageRule(
        _known_gate(table, gates),
        table.get("data", str),
        table.number("threshold"),
        table.words("folders"),
    )


def _quick(file: Table, gates: tuple[Gate, ...]) -> tuple[str, ...]:
    known = [gate.name for gate in gates]
    names = file.words("quick")
    if unknown := [name for name in names if name not in known]:
        raise UsageError(f"{file.place}: quick must hold names of gates, got: {unknown[0]}")
    return names


def _required(gates: tuple[Gate, ...], file: Path) -> Required | None:
    return read_required(file) if any(gate.outcomes for gate in gates) else None


def _known_gate(table: Table, gates: tuple[Gate, ...]) -> str:
    name = table.get("gate", str)
    if name not in [gate.name for gate in gates]:
        raise UsageError(f"{table.place}: gate must be the name of a gate, got: {name}")
    return name
