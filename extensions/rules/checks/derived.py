"""Names that are made of those of the entities, in each namespace into which they come."""

import builtins
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..entities.tables import relations
from ..names import class_name, plural_of
from ..selection import closure
from . import reserved
from .problem import Problem

Entities = Iterable[Mapping[str, Any]]


def hidden_names(answers: Mapping[str, Any]) -> Iterator[Problem]:
    """Names that would hide one that generated code uses, or a builtin."""
    for index, entity in enumerate(answers.get("entities", [])):
        for form, made in _written(entity, (*reserved.TAKEN, "{Class}", "{Classes}", "{plural}")):
            if made in reserved.TAKEN.get(form, ()) or made in dir(builtins):
                yield _hiding(f"entities[{index}]", entity, form, made)


def _hiding(path: str, entity: Mapping[str, Any], form: str, made: str) -> Problem:
    key = _key(form)
    name = plural_of(entity) if key == "plural" else entity["name"]
    other = f"{name}_list" if key == "plural" else f"{name}_record"
    whose = "Python has" if made in dir(builtins) else "generated code uses"
    what = f"a name that {whose}" if made == name else f"{made!r}, which {whose}"
    return Problem(
        f"{path}.{key}",
        f"{name!r} would hide {what}; choose a more specific one, such as {other!r}",
    )


def colliding_classes(answers: Mapping[str, Any]) -> Iterator[Problem]:
    """Forms of an entity that are the same class, or one that another entity has."""
    entities = answers.get("entities", [])
    for index, entity in enumerate(entities):
        yield from _collisions([(f"entities[{index}]", entity)], reserved.OWN)
    for forms in reserved.ACROSS:
        yield from _collisions(_with_paths(entities), forms)


def _collisions(
    entities: Iterable[tuple[str, Mapping[str, Any]]], forms: Iterable[str]
) -> Iterator[Problem]:
    taken: dict[str, str] = {}
    for path, entity in entities:
        for form, made in _written(entity, forms):
            where = f"{path}.{_key(form)}"
            if made in taken:
                yield Problem(
                    where,
                    f"makes a class {made!r}, as {taken[made]} does; "
                    "choose another name, or another plural",
                )
            taken.setdefault(made, where)


def relation_names(answers: Mapping[str, Any]) -> Iterator[Problem]:
    """Tables and indexes, which PostgreSQL keeps in one list for all tables of a database."""
    taken = dict.fromkeys(reserved.RELATIONS, "Alembic or a level")
    for module in closure(answers.get("level", 1), answers.get("modules", [])):
        taken |= dict.fromkeys(reserved.RELATIONS_OF.get(module, ()), f"the module {module}")
    for path, entity in _with_paths(answers.get("entities", [])):
        plural = plural_of(entity)
        if plural.startswith("pg_"):
            yield Problem(
                f"{path}.plural",
                f"{plural!r} begins like the tables of PostgreSQL itself; give another plural",
            )
        made = list(relations(plural, entity["fields"]))
        if twice := next((name for name in made if name in taken or made.count(name) > 1), None):
            yield Problem(
                f"{path}.plural",
                f"{plural!r} has {twice!r} for a table, an index or a path, as {taken.get(twice, path)} "
                "has; give another plural, or rename the field",
            )
        taken |= dict.fromkeys(made, path)


def _with_paths(entities: Entities) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for index, entity in enumerate(entities):
        yield f"entities[{index}]", entity


def _written(entity: Mapping[str, Any], forms: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Every form, with what an entity makes of it."""
    name, plural = entity["name"], plural_of(entity)
    words = {
        "name": name,
        "NAME": name.upper(),
        "plural": plural,
        "Class": class_name(name),
        "Classes": class_name(plural),
    }
    for form in dict.fromkeys(forms):
        yield form, form.format(**words)


def _key(form: str) -> str:
    """Which name a form is made of."""
    return "plural" if "{Classes}" in form or "{plural}" in form else "name"
