"""The report to look at: one HTML file without scripts and without anything from elsewhere."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from string import Template
from typing import Any

from tools.check.evidence import OUTCOMES
from tools.check.html import Markup, badge, joined, look, section, table, tag

_SIGNS = {"good": "✓", "bad": "✗", "open": "○"}
_HERE = "artifacts/reports"
_STYLE = Path(__file__).with_name("style.css")
_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" \
content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>$title</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' \
viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='8' fill='%23$icon'/%3E%3C/svg%3E">
<style>
$style</style>
</head>
<body>
$header
<main>
$main
</main>
<footer><p>Every figure on this page comes from <a href="gates.json">gates.json</a>.</p></footer>
</body>
</html>
""")
_ICON_COLOURS = {"good": "1a7f4b", "bad": "b3261e", "open": "8a5a00"}


def verdict(content: dict[str, Any]) -> tuple[str, str]:
    """Return what the run came to, as a kind and a sentence."""
    states = [gate["state"] for gate in content["gates"]]
    if failed := states.count("failed"):
        return "bad", f"{failed} of {len(states)} gates failed"
    if missing := states.count("not run"):
        return "open", f"{missing} of {len(states)} gates did not run"
    return "good", "The gate passed" if len(states) == 1 else f"All {len(states)} gates passed"


def summary(content: dict[str, Any]) -> Markup:
    """Return the header of the page."""
    kind, sentence = verdict(content)
    return tag(
        "header",
        tag("p", f"{content['project']} · level {content['level']}", class_="project"),
        tag("div", _SIGNS[kind], class_="sign", aria_hidden="true"),
        tag("h1", sentence),
        tag("p", _when(content), class_="when"),
        _problems(content),
        tag("dl", *_tiles(content), class_="tiles"),
        class_=f"verdict {kind}",
    )


def _problems(content: dict[str, Any]) -> Markup | None:
    bad = [gate for gate in content["gates"] if gate["state"] != "passed" and gate["started"]]
    said = (": ".join(filter(None, [g["title"], g["figure"], g["reason"]])) for g in bad)
    return tag("ul", *(tag("li", line) for line in said), class_="problems") if bad else None


def _when(content: dict[str, Any]) -> str:
    finished = content["finished"].replace("T", " ").replace("+00:00", " UTC")
    said = f"{finished}, in {content['duration_s']} s"
    if code := content["code"]:
        changed = " with uncommitted changes" if code["dirty"] else ""
        said += f", of commit {code['commit'][:12]}{changed}"
    return said


def _tiles(content: dict[str, Any]) -> Iterator[Markup]:
    gates = content["gates"]
    passed = sum(gate["state"] == "passed" for gate in gates)
    kept = sum(gate["kept"] for gate in gates)
    note = f"of {len(gates)}, {kept} of them in an earlier run" if kept else f"of {len(gates)}"
    yield _tile("Gates passed", str(passed), note)
    if counts := _tests_of(content):
        others = (f"{n} {outcome}" for outcome, n in counts.items() if outcome != "passed")
        yield _tile("Tests passed", str(counts["passed"]), ", ".join(others) or "and no other")
    if coverage := content["coverage"]:
        yield _tile("Coverage", f"{coverage['total']} %", f"at least {coverage['threshold']} %")
    if rows := content["requirements"]:
        covered = sum(row["state"] == "covered" for row in rows)
        yield _tile("Requirements covered", str(covered), f"of {len(rows)}")


def _tests_of(content: dict[str, Any]) -> Counter[str]:
    """Count the tests of all gates, by what became of them."""
    counts: Counter[str] = Counter()
    for gate in content["gates"]:
        counts.update({name: n for name, n in gate["figures"].items() if name in OUTCOMES})
    return counts


def _tile(name: str, figure: str, note: str) -> Markup:
    return tag("div", tag("dt", name), tag("dd", figure, tag("small", note)))


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


def requirements(content: dict[str, Any]) -> Markup:
    """Return what is required, and the tests that prove it."""
    if (rows := content["requirements"]) is None:
        return section("Requirements", badge("not known"), f" {content['requirements_reason']}")
    counts = dict.fromkeys((row["state"] for row in rows), 0)
    for row in rows:
        counts[row["state"]] += 1
    shares = (
        tag("span", class_=look(state), style=f"flex-grow:{number}")
        for state, number in counts.items()
    )
    badges = (badge(state, f"{number} {state}") for state, number in counts.items())
    header = ["Id", "Requirement", "Priority", "State", "Tests that prove it"]
    return section(
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
    return section("Targets", table("Targets", header, map(_target, rows)))


def _target(target: dict[str, Any]) -> list[object]:
    why = tag("small", target["reason"]) if target["reason"] else None
    state = joined([badge(target["state"]), why])
    return [target["title"], target["wanted"], target["measured"] or "–", state]


def not_run(content: dict[str, Any]) -> Markup:
    """Return what this run says nothing about, and why."""
    left = [gate for gate in content["gates"] if gate["state"] == "not run"]
    missing = ([gate["title"], gate["reason"]] for gate in left)
    tests = [[test["id"], _why(test)] for test in content["unproved_tests"] or ()]
    if content["unproved_tests"] is None:
        tests = [["Tests", content["requirements_reason"]]]
    if rows := [*missing, *tests]:
        return section("Not run", table("What was not run", ["What", "Why"], rows))
    return section("Not run", tag("p", "Every gate ran, and no test was skipped.", class_="note"))


def _why(test: dict[str, Any]) -> str:
    return ": ".join(filter(None, [test["outcome"], test["reason"]]))


def environment(content: dict[str, Any]) -> Markup:
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
    return section("Environment", tag("dl", *pairs, class_="facts"))


SECTIONS = (gates, requirements, coverage, targets, not_run, environment)


def page(content: dict[str, Any]) -> str:
    """Render the content of gates.json."""
    kind, sentence = verdict(content)
    parts: dict[str, object] = {
        "title": joined([f"{content['project']}: {sentence.lower()}"]),
        "icon": _ICON_COLOURS[kind],
        "style": Markup(_STYLE.read_text(encoding="utf-8")),
        "header": summary(content),
        "main": joined(part(content) for part in SECTIONS),
    }
    return _PAGE.substitute(parts)
