"""The sections of the page, and the two that say what no figure does."""

from typing import Any

from tools.check.page.gates import coverage, gates
from tools.check.page.markup import Markup, section, table, tag
from tools.check.page.requirements import requirements, targets


def not_run(content: dict[str, Any]) -> Markup:
    """Return what this run says nothing about, and why."""
    left = [gate for gate in content["gates"] if gate["state"] == "not run"]
    missing = ([gate["title"], gate["reason"]] for gate in left)
    tests = ([test["id"], _why(test)] for test in content["unproved_tests"] or ())
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
