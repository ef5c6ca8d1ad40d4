"""The Markdown reports: every figure in them comes from gates.json."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

MARKS = {"passed": "[x]", "failed": "[ ]", "not run": "[ ]"}
_GOOD = {"passed", "covered", "descoped"}


def text(value: object) -> str:
    """Return a text that reads as it is: no HTML, no end of a cell, no new line."""
    kept = str(value).strip().replace("\\", "\\\\").replace("<", "\\<").replace("|", "\\|")
    return "<br>".join(kept.splitlines())


def span(value: str) -> str:
    """Return a text as code, between as many backticks as it needs."""
    longest = max(map(len, re.findall("`+", value)), default=0)
    fence, space = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{space}{value}{space}{fence}"


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Return the lines of a table; the cells are Markdown already."""
    for cells in (header, ["---"] * len(header), *rows):
        yield f"| {' | '.join(map(str, cells))} |"


def code(state: dict[str, Any] | None) -> str:
    """Say which code was checked."""
    if state is None:
        return "not under git"
    return f"commit {state['commit']}{', with uncommitted changes' if state['dirty'] else ''}"


def counted(entries: list[dict[str, Any]], states: Iterable[str]) -> str:
    """Say how many are in which state."""
    found = [entry["state"] for entry in entries]
    return ", ".join(f"{found.count(state)} {state}" for state in states)


def gates(content: dict[str, Any]) -> Iterator[str]:
    """Return every gate with its figure."""
    header = ["", "gate", "state", "figure", "seconds", "tool", "log"]
    yield from table(header, map(_gate, content["gates"]))


def _gate(gate: dict[str, Any]) -> list[object]:
    return [
        MARKS[gate["state"]],
        gate["title"],
        _state(gate["state"]),
        text(": ".join(filter(None, [gate["figure"], gate["reason"]]))),
        gate["duration_s"] if gate["started"] else "",
        f"{gate['tool']} {gate['tool_version'] or ''}".strip(),
        span(gate["log"]) if gate["log"] else "",
    ]


def _state(state: str) -> str:
    return state if state in _GOOD else state.upper()


def coverage(content: dict[str, Any]) -> Iterator[str]:
    """Return the coverage of each folder."""
    if measured := content["coverage"]:
        yield f"Coverage: {measured['total']} %, at least {measured['threshold']} % is wanted."
        yield ""
        yield from table(["folder", "coverage, %"], measured["by_service"].items())


def requirements(content: dict[str, Any]) -> Iterator[str]:
    """Return each requirement with its state and its tests."""
    if (rows := content["requirements"]) is None:
        yield f"Requirements: NOT KNOWN, {text(content['requirements_reason'])}."
    else:
        yield from table(["id", "requirement", "priority", "state", "tests"], map(_row, rows))


def _row(row: dict[str, Any]) -> list[object]:
    tests = (f"{span(test['id'])} {test['outcome']}" for test in row["tests"])
    proof = "<br>".join(tests).replace("|", "\\|")
    if descoped := row["descoped"]:
        proof = text(f"{descoped['reason']} (approved by {descoped['approved_by']})")
    return [row["id"], text(row["title"]), row["priority"], _state(row["state"]), proof]


def targets(content: dict[str, Any]) -> Iterator[str]:
    """Return the figures that are wanted, and what was measured."""
    if rows := content["targets"]:
        yield from table(["target", "wanted", "measured", "state"], map(_target, rows))


def _target(target: dict[str, Any]) -> list[object]:
    state = ": ".join(filter(None, [_state(target["state"]), target["reason"]]))
    return [target["title"], target["wanted"], target["measured"] or "", text(state)]


def unproved(content: dict[str, Any]) -> Iterator[str]:
    """Return the tests that neither passed nor failed, and why."""
    for test in content["unproved_tests"] or ():
        reason = ": ".join(filter(None, [test["outcome"], test["reason"]]))
        yield f"- {span(test['id'])}: {text(reason)}"


def reports(content: dict[str, Any]) -> Iterator[str]:
    """Return where the full reports of the tools are."""
    if names := [name for gate in content["gates"] for name in gate["reports"]]:
        yield f"Full reports: {', '.join(map(span, names))}."


def checklist(content: dict[str, Any]) -> str:
    """Render the content of gates.json."""
    parts = [
        _head(content),
        gates(content),
        _commands(content),
        coverage(content),
        requirements(content),
        targets(content),
        _unproved(content),
        reports(content),
    ]
    return "\n\n".join(filter(None, ("\n".join(part) for part in parts))) + "\n"


def _head(content: dict[str, Any]) -> Iterator[str]:
    machine = content["machine"]
    yield f"# Verification checklist: {content['project']}, level {content['level']}"
    yield ""
    yield f"- Run: {content['started']} to {content['finished']} ({content['duration_s']} s)"
    yield f"- Code: {code(content['code'])}"
    yield (
        f"- Machine: Python {machine['python']}, {machine['platform']},"
        f" {machine['cpus']} processors"
    )
    yield f"- Result: {counted(content['gates'], MARKS)}"


def _commands(content: dict[str, Any]) -> Iterator[str]:
    yield "Commands, as they were run:"
    yield ""
    for gate in content["gates"]:
        if gate["started"]:
            command = span(" ".join(gate["command"]))
            yield f"- {gate['name']}: {command}, exit code {gate['exit_code']}"


def _unproved(content: dict[str, Any]) -> Iterator[str]:
    if tests := list(unproved(content)):
        yield "Tests that proved nothing:"
        yield ""
        yield from tests
