"""The report for people who read Markdown."""

from collections.abc import Iterator
from typing import Any

from tools.check import sections
from tools.markdown import span


def checklist(content: dict[str, Any]) -> str:
    """Render the content of gates.json."""
    parts = [
        _head(content),
        sections.gates(content),
        _commands(content),
        sections.coverage(content),
        sections.requirements(content),
        sections.targets(content),
        _unproved(content),
        sections.reports(content),
    ]
    return "\n\n".join(filter(None, ("\n".join(part) for part in parts))) + "\n"


def _head(content: dict[str, Any]) -> Iterator[str]:
    machine = content["machine"]
    yield f"# Verification checklist: {content['project']}, level {content['level']}"
    yield ""
    yield f"- Run: {content['started']} to {content['finished']} ({content['duration_s']} s)"
    yield f"- Code: {sections.code(content['code'])}"
    yield (
        f"- Machine: Python {machine['python']}, {machine['platform']},"
        f" {machine['cpus']} processors"
    )
    yield f"- Result: {sections.counted(content['gates'], sections.MARKS)}"


def _commands(content: dict[str, Any]) -> Iterator[str]:
    yield "Commands, as they were run:"
    yield ""
    for gate in content["gates"]:
        if gate["started"]:
            command = span(" ".join(gate["command"]))
            yield f"- {gate['name']}: {command}, exit code {gate['exit_code']}"


def _unproved(content: dict[str, Any]) -> Iterator[str]:
    if tests := list(sections.unproved(content)):
        yield "Tests that proved nothing:"
        yield ""
        yield from tests
