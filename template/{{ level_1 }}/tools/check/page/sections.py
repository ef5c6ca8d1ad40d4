"""The sections of the page, in its order."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from tools.check.page.markup import Markup, joined, table, tag
from tools.check.page.states import badge, look

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
    return _section("Gates", table("The gates of this run", header, rows), folded)


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


def _bar(percent: float, said: str, kind: str, mark: float | None = None) -> Markup:
    filled = tag("span", class_=kind, style=f"width:{percent:.1f}%")
    marked = None if mark is None else tag("b", style=f"left:{mark:g}%")
    track = tag("span", filled, marked, class_="track", aria_hidden="true")
    return tag("span", track, tag("span", said, class_="said"), class_="bar")


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
    return _section("Coverage", note, table("Coverage by folder", ["Folder", "Coverage"], rows))


def _covered(percent: float, least: float, otherwise: str) -> Markup:
    if percent >= least:
        return _bar(percent, f"✓ {percent} %", "good", least)
    return _bar(percent, f"{'✗' if otherwise == 'bad' else '○'} {percent} %", otherwise, least)


def requirements(content: dict[str, Any]) -> Markup:
    """Return what is required, and the tests that prove it."""
    if (rows := content["requirements"]) is None:
        return _section("Requirements", badge("not known"), f" {content['requirements_reason']}")
    counts = dict.fromkeys((row["state"] for row in rows), 0)
    for row in rows:
        counts[row["state"]] += 1
    shares = (
        tag("span", class_=look(state), style=f"flex-grow:{number}")
        for state, number in counts.items()
    )
    badges = (badge(state, f"{number} {state}") for state, number in counts.items())
    header = ["Id", "Requirement", "Priority", "State", "Tests that prove it"]
    return _section(
        "Requirements",
        tag("div", *shares, class_="shares", aria_hidden="true"),
        tag("p", *badges, class_="badges"),
        table("The requirements and their tests", header, map(_requirement, rows)),
    )


def _requirement(row: dict[str, Any]) -> list[object]:
    acceptance = tag("small", row["acceptance"]) if row["acceptance"] else None
    return [
        row["id"],
        joined([row["title"], acceptance]),
        row["priority"],
        badge(row["state"]),
        _tests(row),
    ]


def _tests(row: dict[str, Any]) -> Markup | str:
    if descoped := row["descoped"]:
        return f"{descoped['reason']} (approved by {descoped['approved_by']})"
    if not (tests := row["tests"]):
        return "none"
    passed = sum(test["outcome"] == "passed" for test in tests)
    items = (tag("li", badge(test["outcome"]), " ", tag("code", test["id"])) for test in tests)
    said = tag("summary", f"{passed} of {len(tests)} passed")
    return tag("details", said, tag("ul", *items))


def targets(content: dict[str, Any]) -> Markup | None:
    """Return the figures that are wanted, and those that were measured."""
    if not (rows := content["targets"]):
        return None
    header = ["Target", "Wanted", "Measured", "State"]
    return _section("Targets", table("Targets", header, map(_target, rows)))


def _target(target: dict[str, Any]) -> list[object]:
    why = tag("small", target["reason"]) if target["reason"] else None
    state = joined([badge(target["state"]), why])
    return [target["title"], target["wanted"], target["measured"] or "–", state]


def not_run(content: dict[str, Any]) -> Markup:
    """Return what this run says nothing about, and why."""
    gates = ([gate["title"], gate["reason"]] for gate in content["gates"] if not gate["started"])
    tests = ([test["id"], _why(test)] for test in content["unproved_tests"] or ())
    if rows := [*gates, *tests]:
        return _section("Not run", table("What was not run", ["What", "Why"], rows))
    return _section("Not run", tag("p", "Every gate ran, and no test was skipped.", class_="note"))


def _why(test: dict[str, Any]) -> str:
    return ": ".join(filter(None, [test["outcome"], test["reason"]]))


def surroundings(content: dict[str, Any]) -> Markup:
    """Return where, when and of what code the run was."""
    machine, code = content["machine"], content["code"]
    changed = " with uncommitted changes" if code and code["dirty"] else ""
    facts = {
        "Started": content["started"],
        "Finished": content["finished"],
        "Commit": f"{code['commit']}{changed}" if code else "not under git",
        "Machine": f"{machine['platform']}, {machine['cpus']} processors",
        "Python": machine["python"],
    }
    pairs = (tag("div", tag("dt", name), tag("dd", said)) for name, said in facts.items())
    return _section("Surroundings", tag("dl", *pairs, class_="facts"))


def _section(title: str, *children: object) -> Markup:
    name = title.lower().replace(" ", "-")
    return tag("section", tag("h2", title, id=name), *children, aria_labelledby=name)
