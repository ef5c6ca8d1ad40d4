"""What `ferrata new` begins with: a file, an example, five answers or none; and its options."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ferrata.answers import Beginning, load, with_settings
from ferrata.base import GitError, UsageFailure, git, note
from ferrata.making.examples import example_file
from ferrata.template import Template


@dataclass(frozen=True)
class Wishes:
    """What the command line says of the answers."""

    answers: Path | None = None
    example: str | None = None
    minimal: bool = False
    level: int | None = None
    modules: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Tell whether there is anything to begin with."""
        return self != Wishes()


def beginning(template: Template, wishes: Wishes) -> Beginning:
    """Read the file and lay the options over it."""
    file = wishes.answers
    if wishes.example is not None:
        file = example_file(template.tree, wishes.example)
    said = load(file) if file else {}
    answers = _with_options(template, said, wishes)
    name = f"the example {wishes.example}" if wishes.example else str(file or "answers")
    given = frozenset(key for key in answers if key not in said or answers[key] != said[key])
    _tell_overrides(said, answers, given, name)
    if wishes.minimal:
        answers = template.rules.opened({"level": 1, "modules": [], **_author(), **answers})
    return Beginning(answers, name, file, given, wishes.minimal)


def _with_options(template: Template, said: dict[str, Any], wishes: Wishes) -> dict[str, Any]:
    answers = dict(said)
    if wishes.level is not None:
        answers["level"] = wishes.level
    if wishes.modules:
        answers["modules"] = list(dict.fromkeys(wishes.modules))
    return with_settings(answers, wishes.settings, _texts(template))


def _texts(template: Template) -> set[str]:
    """The answers that are text, whatever they look like."""
    known = template.rules.schema()["properties"]
    return {
        name
        for name in known
        if (node := template.rules.schema_at((name,))).get("type") == "string"
        or all(isinstance(value, str) for value in node.get("enum", [None]))
    }


def _tell_overrides(
    said: Mapping[str, Any], answers: Mapping[str, Any], given: frozenset[str], name: str
) -> None:
    """An option that changes what was said stands in for it, and that is told."""
    for key in sorted(given & said.keys()):
        note(f"ferrata: {key} is {_shown(answers[key])}, not {_shown(said[key])} as in {name}")


def _shown(value: object) -> str:
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return ", ".join(value) or "none"
    return str(value) if isinstance(value, (str, int, float)) else "another"


def _author() -> dict[str, str]:
    """Who answers for the project, as git knows them."""
    found = {"author_name": "user.name", "author_email": "user.email"}
    return {key: value for key, name in found.items() if (value := _configured(name))}


def _configured(name: str) -> str:
    try:
        return git("config", "--get", name)
    except GitError:
        return ""


def refuse_two(wishes: Wishes) -> None:
    """Answers have one beginning."""
    ways = {
        "--answers": wishes.answers is not None,
        "--example": wishes.example is not None,
        "--minimal": wishes.minimal,
    }
    if len(chosen := [name for name, there in ways.items() if there]) > 1:
        raise UsageFailure(f"{' and '.join(chosen)} are two beginnings; give one of them")
