"""The gates and what they measured."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from tools.check.page.markup import Markup, joined, section, table, tag
from tools.check.page.states import badge

_HERE = "artifacts/reports"


def gates(content: dict[str, Any]) -> Markup:
    """Return every gate with its figure and how long it took."""
    longest = max((gate["duration_s"] for gate in content["gates"]), default=0) or 1
    header = ["Gate", "State", "Result", "Seconds", "Reports"]
    rows = (_gate(gate, longest) for gate in content["gates"])
    commands = (
        tag("li", tag("code", " ".join(gate["command"])), f" exit code {gate['exit_code']}")
        for gate in content["gates"]
        if gate["started"]
    )
    folded = tag("details", tag("summary", "Commands, as they were run"), tag("ul", *commands))
    return section("Gates", table("The gates of this run", header, rows), folded)


def _gate(gate: dict[str, Any], longest: float) -> list[object]:
    tool = tag("small", f"{gate['tool']} {gate['tool_version'] or ''}")
    said = ": ".join(filter(None, [gate["figure"], gate["reason"]]))
    bar = _bar(100 * gate["duration_s"] / longest, f"{gate['duration_s']:.2f}", "time")
    return [
        joined([gate["title"], tool]),
        badge(gate["state"]),
        said,
        bar if gate["started"] else "–",
        joined(_links(gate)) or "–",
    ]


def _links(gate: dict[str, Any]) -> Iterator[Markup]:
    for name in [*gate["reports"], *filter(None, [gate["log"]])]:
        path = PurePosixPath(name).relative_to(_HERE)
        inside = path if path.suffix else path / "index.html"
        yield tag("a", path.name, href=inside.as_posix())


def coverage(content: dict[str, Any]) -> Markup | None:
    """Return a bar for each folder, with the threshold marked."""
    if not (measured := content["coverage"]):
        return None
    least = measured["threshold"]
    together = _covered(measured["total"], least, "bad")
    folders = (
        [name, _covered(part, least, "open")] for name, part in measured["by_service"].items()
    )
    rows = [["All together", together], *folders]
    note = tag("p", f"The line marks the {least} % that all together must reach.", class_="note")
    return section("Coverage", note, table("Coverage by folder", ["Folder", "Coverage"], rows))


def _covered(percent: float, least: float, otherwise: str) -> Markup:
    if percent >= least:
        return _bar(percent, f"✓ {percent} %", "good", least)
    return _bar(percent, f"{'✗' if otherwise == 'bad' else '○'} {percent} %", otherwise, least)


def _bar(percent: float, said: str, kind: str, mark: float | None = None) -> Markup:
    filled = tag("span", class_=kind, style=f"width:{percent:.1f}%")
    marked = None if mark is None else tag("b", style=f"left:{mark:g}%")
    track = tag("span", filled, marked, class_="track", aria_hidden="true")
    return tag("span", track, tag("span", said, class_="said"), class_="bar")
