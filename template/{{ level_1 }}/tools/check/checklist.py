"""The report for people: every number in it comes from gates.json."""

from collections.abc import Iterable, Iterator
from typing import Any

from tools.markdown import table, text

_MARKS = {"passed": "[x]", "failed": "[ ]", "not run": "[ ]"}


def checklist(content: dict[str, Any]) -> str:
    """Render the content of gates.json as Markdown."""
    parts = [_head(content), gates(content), _commands(content), coverage(content)]
    parts += [_requirements(content), targets(content), _unproved(content), reports(content)]
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
    yield f"- Result: {counted(_MARKS, [gate['state'] for gate in content['gates']])}"


def code(state: dict[str, Any] | None) -> str:
    """Say which code was checked."""
    if state is None:
        return "not under git"
    return f"commit {state['commit']}{', with uncommitted changes' if state['dirty'] else ''}"


def counted(states: Iterable[str], found: list[str]) -> str:
    """Say how many are in which state."""
    return ", ".join(f"{found.count(state)} {state}" for state in states)


def gates(content: dict[str, Any]) -> Iterator[str]:
    """Return every gate with its figure."""
    header = ["", "gate", "state", "figure", "seconds", "tool", "log"]
    yield from table(header, map(_gate, content["gates"]))


def _gate(gate: dict[str, Any]) -> list[object]:
    return [
        _MARKS[gate["state"]],
        gate["title"],
        gate["state"].upper() if gate["state"] != "passed" else "passed",
        text(": ".join(filter(None, [gate["figure"], gate["reason"]]))),
        gate["duration_s"] if gate["started"] else "",
        f"{gate['tool']} {gate['tool_version'] or ''}".strip(),
        f"`{gate['log']}`" if gate["log"] else "",
    ]


def _commands(content: dict[str, Any]) -> Iterator[str]:
    yield "Commands, as they were run:"
    yield ""
    for gate in content["gates"]:
        if gate["started"]:
            yield f"- {gate['name']}: `{' '.join(gate['command'])}`, exit code {gate['exit_code']}"


def coverage(content: dict[str, Any]) -> Iterator[str]:
    """Return the coverage of each folder."""
    if measured := content["coverage"]:
        yield f"Coverage: {measured['total']} %, at least {measured['threshold']} % is wanted."
        yield ""
        yield from table(["folder", "coverage, %"], measured["by_service"].items())


def _requirements(content: dict[str, Any]) -> Iterator[str]:
    yield "## Requirements"
    yield ""
    if content["requirements"] is None:
        yield f"NOT KNOWN: {text(content['requirements_reason'])}."
    else:
        yield from requirements(content["requirements"])


def requirements(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Return each requirement with the tests that prove it."""
    header = ["id", "requirement", "priority", "state", "tests"]
    yield from table(header, map(_requirement, rows))


def _requirement(entry: dict[str, Any]) -> list[object]:
    state = entry["state"] if entry["state"] in {"covered", "descoped"} else entry["state"].upper()
    tests = (f"`{test['id']}` {test['outcome']}" for test in entry["tests"])
    return [entry["id"], text(entry["title"]), entry["priority"], state, "<br>".join(tests)]


def targets(content: dict[str, Any]) -> Iterator[str]:
    """Return the figures that are wanted, and what was measured."""
    if content["targets"]:
        yield from table(["target", "wanted", "measured", "state"], map(_target, content["targets"]))


def _target(target: dict[str, Any]) -> list[object]:
    state = ": ".join(filter(None, [target["state"], target["reason"]]))
    return [target["title"], target["wanted"], target["measured"] or "", text(state)]


def _unproved(content: dict[str, Any]) -> Iterator[str]:
    if content["unproved_tests"]:
        yield "Tests that proved nothing:"
        yield ""
        yield from unproved(content["unproved_tests"])


def unproved(tests: list[dict[str, Any]]) -> Iterator[str]:
    """Return the tests that did not run to their end, and why."""
    for test in tests:
        yield f"- `{test['id']}`: {text(': '.join(filter(None, [test['outcome'], test['reason']])))}"


def reports(content: dict[str, Any]) -> Iterator[str]:
    """Return where the full reports are."""
    names = [name for gate in content["gates"] for name in gate["reports"]]
    if names:
        yield f"Full reports: {', '.join(f'`{name}`' for name in names)}."
