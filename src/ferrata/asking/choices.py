"""What can be chosen where an answer is one or several of something known."""

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from ferrata.asking.gaps import AnswerPath, at
from ferrata.asking.prompts import Option

OPERATIONS = ("create", "get", "list", "update", "delete")


def plain(values: Iterable[Any]) -> list[Option]:
    """Values that speak for themselves, as YAML has them."""
    return [
        Option(value, str(value).lower() if isinstance(value, bool) else str(value))
        for value in values
    ]


def levels(rules: ModuleType) -> list[Option]:
    """The levels, with what each is for and whether it is there."""
    return [
        Option(
            row["level"],
            f"{row['level']} {row['name']}, for {row['audience']}",
            rules.unavailable("level", row["level"]) or None,
        )
        for row in rules.catalog()["levels"]
    ]


def modules(rules: ModuleType) -> list[Option]:
    """The modules, with what each brings and whether it is there."""
    return [
        Option(
            module["name"],
            _with_needs(f"{module['name']}: {module['title']}", module["requires"]),
            rules.unavailable("module", module["name"]) or None,
        )
        for module in rules.catalog()["modules"]
    ]


def _with_needs(title: str, requires: list[str]) -> str:
    return f"{title} (brings {', '.join(requires)})" if requires else title


def entities(answers: Mapping[str, Any]) -> list[Option]:
    """The entities that have a name by now."""
    return plain(e["name"] for e in answers.get("entities", []) if "name" in e)


def operations(answers: Mapping[str, Any]) -> list[Option]:
    """What can be done with them."""
    return plain(f"{entity.value}.{kind}" for entity in entities(answers) for kind in OPERATIONS)


def extras(rules: ModuleType, answers: Mapping[str, Any], path: AnswerPath) -> list[Option]:
    """What a mapping may have besides: not said yet, and fitting the type of a field."""
    said, known = at(answers, path), rules.schema_at(path)["properties"]
    return [
        Option(name, _described(name, entry))
        for name, entry in known.items()
        if name not in said and _applies(rules, answers, said.get("type"), name)
    ]


def _applies(rules: ModuleType, answers: Mapping[str, Any], kind: object, name: str) -> bool:
    if name in {"open_answers", "table"}:
        # Those are for who begins without all answers, and for models that are found.
        return False
    if name == "operations":
        return bool(entities(answers))
    field_type = rules.catalog()["field_types"].get(kind)
    if field_type is None or name == "required":
        return True
    return bool(name in field_type["limits"] or field_type.get(name))


def _described(name: str, entry: Mapping[str, Any]) -> str:
    return f"{name}: {entry['description']}" if "description" in entry else name
