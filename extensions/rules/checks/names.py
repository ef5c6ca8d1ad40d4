"""Names of entities and fields."""

import keyword
from collections.abc import Iterator, Mapping
from typing import Any

from ..entities.types import range_parameters
from ..names import class_name, plural_of
from . import reserved
from .problem import Problem


def entity_names(answers: Mapping[str, Any]) -> Iterator[Problem]:
    """Names of entities that are taken, by generated code or by each other."""
    taken: dict[str, str] = {}
    for index, entity in enumerate(answers.get("entities", [])):
        path = f"entities[{index}]"
        for key, name in (("name", entity["name"]), ("plural", plural_of(entity))):
            for message in _entity_name_faults(key, name):
                yield Problem(f"{path}.{key}", message)
        if entity["name"] == plural_of(entity):
            yield Problem(
                f"{path}.plural",
                f"must differ from the name {entity['name']!r}; give one, such as "
                f"'{entity['name']}_list'",
            )
        for name in (entity["name"], plural_of(entity)):
            form = class_name(name).lower()
            if form in taken and taken[form] != path:
                yield Problem(
                    f"{path}.name",
                    f"{entity['name']!r} collides with {taken[form]} in the form {name!r}; "
                    "rename one, or set its `plural`",
                )
            taken.setdefault(form, path)


def _entity_name_faults(key: str, name: str) -> Iterator[str]:
    """Say why an entity cannot have a name; `key` tells whether it is its `name` or `plural`."""
    other = f"'{name}_list'" if key == "plural" else f"'{name}_record'"
    if keyword.iskeyword(name):
        yield f"{name!r} is a Python keyword; choose another name"
    if name in reserved.MODULES or (key == "name" and name in reserved.PACKAGES):
        yield f"{name!r} is a module of every project; choose another"
    if key == "plural" and name in reserved.FOLDERS:
        yield f"{name!r} is a folder that is taken for tests; give another plural, such as {other}"
    if key == "plural" and name in reserved.SQL:
        yield f"{name!r} is a word of SQL, and no table; give another plural, such as {other}"
    if name in reserved.DEVICES:
        yield (
            f"{name!r} is a device on Windows, where no file can be called '{name}.py'; "
            f"choose another name, such as {other}"
        )


def field_names(answers: Mapping[str, Any]) -> Iterator[Problem]:
    """Names of fields that are taken, by generated code or by each other."""
    for entity_index, entity in enumerate(answers.get("entities", [])):
        taken: dict[str, str] = {}
        for suffix in ("", "Create", "Changes", "Read", "Query", "Sort"):
            taken[suffix.lower()] = f"{class_name(entity['name'])}{suffix}"
        parameters = {name for field in entity["fields"] for name in range_parameters(field)}
        for index, field in enumerate(entity["fields"]):
            path = f"entities[{entity_index}].fields[{index}].name"
            name = field["name"]
            reason = _field_name_fault(name)
            if reason:
                yield Problem(path, f"{name!r} {reason}; choose another name")
            if name in parameters:
                yield Problem(path, f"{name!r} is already the list filter of another field")
            form = class_name(name).lower()
            if form in taken:
                yield Problem(path, f"{name!r} collides with {taken[form]!r}; rename it")
            taken[form] = name


def _field_name_fault(name: str) -> str | None:
    if keyword.iskeyword(name):
        return "is a Python keyword"
    for names, reason in reserved.FIELDS:
        if name in names:
            return reason
    return None
