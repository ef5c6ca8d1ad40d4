"""The first screen: how it went, in one look."""

from collections.abc import Iterator
from typing import Any

from tools.check.page.markup import Markup, tag

_SIGNS = {"good": "✓", "bad": "✗", "open": "○"}


def verdict(content: dict[str, Any]) -> tuple[str, str]:
    """Return what the run came to, as a kind and a sentence."""
    states = [gate["state"] for gate in content["gates"]]
    if failed := states.count("failed"):
        return "bad", f"{failed} of {len(states)} gates failed"
    if missing := states.count("not run"):
        return "open", f"{missing} of {len(states)} gates did not run"
    return "good", f"All {len(states)} gates passed"


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
    yield _tile("Gates passed", str(passed), f"of {len(gates)}")
    for figures in (gate["figures"] for gate in gates):
        if "passed" in figures:
            yield _tile("Tests passed", str(figures["passed"]), _others(figures, content))
    if coverage := content["coverage"]:
        yield _tile("Coverage", f"{coverage['total']} %", f"at least {coverage['threshold']} %")
    if rows := content["requirements"]:
        covered = sum(row["state"] == "covered" for row in rows)
        yield _tile("Requirements covered", str(covered), f"of {len(rows)}")


def _others(figures: dict[str, Any], content: dict[str, Any]) -> str:
    outcomes = [test["outcome"] for test in content["unproved_tests"] or ()]
    counts = {"failed": figures.get("failed", 0)}
    counts |= {outcome: outcomes.count(outcome) for outcome in outcomes}
    return ", ".join(f"{number} {outcome}" for outcome, number in counts.items())


def _tile(name: str, figure: str, note: str) -> Markup:
    return tag("div", tag("dt", name), tag("dd", figure, tag("small", note)))
