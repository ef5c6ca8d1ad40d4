"""The entities as the templates need them: names, types, rules and samples."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..names import class_name, kebab, plural_of, with_article, words
from .domain_rules import checks
from .fields import field_model
from .order import creation_order
from .sample_data import sample_data
from .tables import database_name, indexes, table_args
from .types import OPERATIONS


def data_model(
    entities: Sequence[Mapping[str, Any]], requirements: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """Work out the names, types, rules and samples of all entities for the templates.

    The generated test of an operation names the requirements that the operation meets.
    `entities` keeps the order of the answers; `tables` is the order in which tables can be
    created, with `late_references` for foreign keys of circles, to be added afterwards.
    """
    plurals = {entity["name"]: plural_of(entity) for entity in entities}
    built = [
        _entity(entity, plurals) | {"proves": _proofs(entity["name"], requirements)}
        for entity in entities
    ]
    tables, late = creation_order(built)
    samples = sample_data(entities, tables)
    return {
        "entities": [entity | {"sample_data": samples[entity["name"]]} for entity in built],
        "ruled": [entity for entity in built if entity["rules"]],
        "tables": tables,
        "late_references": late,
    }


def _proofs(name: str, requirements: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Which requirements each operation of an entity meets, as marks of its test."""
    return {
        operation: [
            f'@pytest.mark.requirement("{requirement["id"]}")'
            for requirement in requirements
            if f"{name}.{operation}" in requirement.get("operations", [])
        ]
        for operation in OPERATIONS
    }


def _entity(entity: Mapping[str, Any], plurals: Mapping[str, str]) -> dict[str, Any]:
    name, plural = entity["name"], plurals[entity["name"]]
    fields = [field_model(entity, field, plurals) for field in entity["fields"]]
    sortable = ["created_at", "updated_at", *(f["name"] for f in fields if f["sortable"])]
    rules = [rule for field in fields for rule in field["rules"]]
    changed = next((f for f in fields if not f["reference"]), fields[0])
    return {
        "name": name,
        "plural": plural,
        "table": plural,
        "primary_key": database_name("pk", plural),
        "indexes": indexes(plural, entity["fields"]),
        "table_args": table_args(plural, entity["fields"]),
        "class": class_name(name),
        "classes": class_name(plural),
        "words": words(name),
        "plural_words": words(plural),
        "a": with_article(words(name)),
        "url": kebab(plural),
        "fields": fields,
        # A field with a default has to follow the ones without in a dataclass signature; they are
        # keyword-only there, so the order of the answers is kept everywhere.
        "required": [field for field in fields if field["required"]],
        "references": [field for field in fields if field["reference"]],
        "unique": [field for field in fields if field["unique"]],
        "aliases": [field["alias"] for field in fields if field["alias"]],
        "rules": rules,
        "checks": checks(rules),
        "filters": [line for field in fields for line in field["filters"]],
        "sort_values": [value for column in sortable for value in (column, f"-{column}")],
        "changed": changed,
    }
