"""What a climb does to a project, for reading: before it happens, and what is left to do."""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from ferrata.climbing.preview import Preview
from ferrata.planning import ASSIGNMENT, VARIABLES
from ferrata.project import Recorded
from ferrata.template import Template, environment, variables

SHOWN = 40
TOKENS = 4
"""The level at which every route takes a token."""
SECRET = re.compile(r"^#\s*secret\b", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class Variable:
    """An environment variable that is new."""

    name: str
    value: str
    secret: bool

    def __str__(self) -> str:
        """Give it with what becomes of it where nobody sets it."""
        if self.secret:
            return f"{self.name} (needed; .env gets a random one)"
        return f"{self.name} (default: {self.value})" if self.value else f"{self.name} (optional)"


@dataclass(frozen=True)
class Report:
    """Everything that is said about a climb."""

    name: str
    steps: list[str]
    behaviour: list[str]
    closing: list[str]
    variables: list[Variable]
    added: list[str]
    changed: list[str]
    removed: list[str]
    restored: list[str]

    grown: list[str]

    @property
    def message(self) -> str:
        """A commit message that says what was done."""
        if self.grown:
            return f"Add {', '.join(self.steps)}"
        return f"Climb: {', '.join(self.steps)}" if self.steps else "Restore the template's files"

    @property
    def done(self) -> str:
        """What happened, as the beginning of a sentence."""
        return (
            f"{_listed(self.grown, 'was', 'were')} added" if self.grown else "The project climbed"
        )


def report(preview: Preview, template: Template) -> Report:
    """Compare the project with its preview."""
    rules = template.rules
    before, after, outcome = preview.before, preview.after, preview.outcome
    prefix = str(preview.repository.prefix)
    names = set(ASSIGNMENT.findall(_text(preview.repository.project / VARIABLES)))
    return Report(
        name=str(after.answers["project_name"]),
        steps=_steps(rules, before, after),
        behaviour=behaviour(rules, before.answers, after.answers),
        closing=closing(template, before.answers, after.answers),
        variables=[one for one in _variables(preview.text(VARIABLES)) if one.name not in names],
        added=[
            _with_owner(rules, prefix, path)
            for path in sorted(outcome.added, key=lambda each: rules.owner(each) != "yours")
            if path not in outcome.restored
        ],
        changed=[f"{prefix}{path}" for path in outcome.changed],
        removed=[f"{prefix}{path}" for path in outcome.removed],
        restored=[f"{prefix}{path}" for path in outcome.restored],
        grown=grown(before.answers["entities"], after.answers["entities"]),
    )


def _text(file: Path) -> str:
    return file.read_text("utf-8", "replace") if file.is_file() else ""


def _variables(example: str) -> Iterator[Variable]:
    """What .env.example assigns; `# secret` above one asks for a random value."""
    for paragraph in example.split("\n\n"):
        secret = SECRET.search(paragraph) is not None
        for line in paragraph.splitlines():
            if ASSIGNMENT.match(line):
                name, _, value = line.partition("=")
                yield Variable(name, value, secret)


def _with_owner(rules: ModuleType, prefix: str, path: str) -> str:
    yours = " (yours from now on)" if rules.owner(path) == "yours" else ""
    return f"{prefix}{path}{yours}"


def _steps(rules: ModuleType, before: Recorded, after: Recorded) -> list[str]:
    """What changes in the answers and the template, each in a few words."""
    old, new = before.answers, after.answers
    steps = []
    if new["level"] != old["level"]:
        row = next(row for row in rules.catalog()["levels"] if row["level"] == new["level"])
        steps.append(f"level {old['level']} -> {new['level']} ({row['name']})")
    there = _modules(rules, old)
    steps += [f"module {name}" for name in _modules(rules, new) if name not in there]
    asked = (name for name in new["modules"] if name not in old["modules"])
    steps += [f"module {name}, there already" for name in asked if name in there]
    new_layers = {*_layers(rules, new)} - {*_layers(rules, old)}
    chosen = [row for row in rules.catalog()["providers"] if row["name"] in new_layers]
    steps += [f"{row['of']} {row['name']}" for row in chosen]
    if after.commit != before.commit:
        steps.append(f"template {before.commit} -> {after.commit}")
    steps += grown(old["entities"], new["entities"])
    others = [
        key
        for key in new
        if key not in {"level", "modules", "entities", *(row["of"] for row in chosen)}
        and key in old
        and new[key] != old[key]
    ]
    return [*steps, *(f"answer {key}" for key in others)]


def grown(old: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]]) -> list[str]:
    """The entities and fields that are new."""
    known = {entity["name"]: [field["name"] for field in entity["fields"]] for entity in old}
    return [
        what
        for entity in new
        for what in (
            [
                f"field {entity['name']}.{field['name']}"
                for field in entity["fields"]
                if field["name"] not in known[entity["name"]]
            ]
            if entity["name"] in known
            else [f"entity {entity['name']}"]
        )
    ]


def _modules(rules: ModuleType, answers: Mapping[str, Any]) -> list[str]:
    """The modules with all that they bring."""
    modules: list[str] = rules.closure(answers["level"], _known(rules, answers)["modules"])
    return modules


def _layers(rules: ModuleType, answers: Mapping[str, Any]) -> list[str]:
    """The modules with all that they bring, and the providers."""
    layers: list[str] = rules.layers(_known(rules, answers))
    return layers


def _known(rules: ModuleType, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers without modules that this version does not know; an older one may know others."""
    known = {row["name"] for row in rules.catalog()["modules"]}
    return {**answers, "modules": [name for name in answers["modules"] if name in known]}


def behaviour(rules: ModuleType, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What will behave differently, as the catalog says of what has all its layers only now."""
    there, now = _everything(rules, before), _everything(rules, after)
    return [
        row["line"]
        for row in rules.catalog()["behaviour"]
        if now.issuperset(row["layers"]) and not there.issuperset(row["layers"])
    ]


def closing(template: Template, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The routes of the template that take a token only then: method and path."""
    rules = template.rules
    # A version from before it told of them has none.
    if not before["level"] < TOKENS <= after["level"] or not hasattr(rules, "closing_endpoints"):
        return []
    known = variables(template, environment(template), _known(rules, before))
    routes: list[str] = rules.closing_endpoints({**known, **rules.derived(known)})
    return routes


def _everything(rules: ModuleType, answers: Mapping[str, Any]) -> set[str]:
    levels = {f"level_{number}" for number in range(1, answers["level"] + 1)}
    return levels | {*_layers(rules, answers)}


def _listed(names: list[str], one: str, several: str) -> str:
    """Names with the verb that fits their number."""
    return f"{', '.join(names)} {one if len(names) == 1 else several}"


def as_document(report: Report, repository: Any) -> dict[str, Any]:
    """The report for machines."""
    facts = {key: value for key, value in asdict(report).items() if key != "grown"}
    return {**facts, "message": report.message, "undo": repository.undo}


def as_text(report: Report, *, full: bool = False) -> list[str]:
    """The report, before anything is done; `full` names every file."""
    shown = None if full else SHOWN
    lines = [f"{report.name}: {', '.join(report.steps) or 'the same answers and template'}"]
    lines += _section("What will behave differently", report.behaviour)
    lines += _section("Routes that take a token then", report.closing, shown)
    if report.closing:
        lines.append("  and those of your own: `make policy` names all of them afterwards")
    lines += _section("New environment variables", report.variables)
    lines += _section("Restored, the template's files that were deleted", report.restored, shown)
    lines += _section("Added", report.added, shown)
    lines += _section("Changed", report.changed, shown)
    return [*lines, *_section("Removed", report.removed, shown)]


def _section(title: str, items: Iterable[object], shown: int | None = SHOWN) -> list[str]:
    listed = list(items)
    if not listed:
        return []
    rest = len(listed[shown:]) if shown else 0
    more = [f"  and {rest} more (--full names them)"] if rest else []
    return ["", f"{title} ({len(listed)})", *(f"  {item}" for item in listed[:shown]), *more]


def left_to_do(report: Report, repository: Any) -> list[str]:
    """What the owner does now; nothing was committed."""
    what = _listed(report.grown or ["The climb"], "is", "are")
    lines = ["", f"{what} in your files and staged, not committed. What is left to do:"]
    needed = [each.name for each in report.variables if each.secret]
    others = [each.name for each in report.variables if not each.secret]
    if needed:
        lines.append(f"  set where it runs, .env here has them: {', '.join(needed)}")
    if others:
        lines.append(f"  set if you want, each has a default or is optional: {', '.join(others)}")
    if report.behaviour:
        lines.append("  look at what behaves differently, listed above")
    project = repository.project
    if project != Path.cwd():
        lines.append(f"  cd {shlex.quote(str(project))}")
    # What is staged elsewhere in a larger repository is another matter.
    here = " -- ." if repository.prefix else ""
    return [
        *lines,
        f"  {f'git diff --cached{here}':<26} # look at it",
        f"  git commit -m {shlex.quote(report.message)}{here}",
        *(
            ["  make migrate               # where a database is there already"]
            * bool(report.grown)
        ),
        f"  {repository.undo:<26} # or take it back",
    ]
