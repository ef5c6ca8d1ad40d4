"""The report for people: every number in it comes from gates.json."""

from collections.abc import Iterator
from typing import Any

_MARKS = {"passed": "[x]", "failed": "[ ]", "not run": "[ ]"}


def checklist(content: dict[str, Any]) -> str:
    """Render the content of gates.json as Markdown."""
    return "\n".join([*_head(content), *_gates(content), *_coverage(content)]) + "\n"


def _head(content: dict[str, Any]) -> Iterator[str]:
    machine, code = content["machine"], content["code"]
    yield f"# Verification checklist: {content['project']}, level {content['level']}"
    yield ""
    yield f"- Run: {content['started']} to {content['finished']} ({content['duration_s']} s)"
    yield f"- Code: {_code(code)}"
    yield (
        f"- Machine: Python {machine['python']}, {machine['platform']},"
        f" {machine['cpus']} processors"
    )
    yield f"- Result: {_result(content['gates'])}"
    yield ""


def _code(code: dict[str, Any] | None) -> str:
    if code is None:
        return "not under git"
    return f"commit {code['commit']}{', with uncommitted changes' if code['dirty'] else ''}"


def _result(gates: list[dict[str, Any]]) -> str:
    states = [gate["state"] for gate in gates]
    return ", ".join(f"{states.count(state)} {state}" for state in _MARKS)


def _gates(content: dict[str, Any]) -> Iterator[str]:
    yield "| | gate | state | figure | seconds | tool | log |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for gate in content["gates"]:
        yield _row(
            _MARKS[gate["state"]],
            gate["title"],
            gate["state"].upper() if gate["state"] != "passed" else "passed",
            ": ".join(filter(None, [gate["figure"], gate["reason"]])),
            gate["duration_s"] if gate["started"] else "",
            f"{gate['tool']} {gate['tool_version'] or ''}".strip(),
            f"`{gate['log']}`" if gate["log"] else "",
        )
    yield ""
    yield "Commands, as they were run:"
    yield ""
    for gate in content["gates"]:
        if gate["started"]:
            yield f"- {gate['name']}: `{' '.join(gate['command'])}`, exit code {gate['exit_code']}"


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _coverage(content: dict[str, Any]) -> Iterator[str]:
    coverage = content["coverage"]
    if coverage is None:
        return
    yield ""
    yield f"Coverage: {coverage['total']} %, at least {coverage['threshold']} % is wanted."
    yield ""
    yield "| folder | coverage, % |"
    yield "| --- | --- |"
    for name, percent in coverage["by_service"].items():
        yield _row(name, percent)
