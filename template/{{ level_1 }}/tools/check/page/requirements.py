"""What is required, and what of it was proved."""

from typing import Any

from tools.check.page.markup import Markup, joined, section, table, tag
from tools.check.page.states import badge, look


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
