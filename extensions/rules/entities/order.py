"""The order in which tables can be created."""

from collections.abc import Mapping, Sequence
from typing import Any


def creation_order(
    entities: Sequence[dict[str, Any]],
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Order tables so that what is referenced comes first; list what a circle leaves over."""
    ordered: list[dict[str, Any]] = []
    waiting = list(entities)
    while waiting:
        there = {entity["table"] for entity in ordered}
        ready = [entity for entity in waiting if _targets(entity) <= there | {entity["table"]}]
        chosen = ready or waiting[:1]
        ordered.extend(chosen)
        waiting = [entity for entity in waiting if entity not in chosen]
    late: list[dict[str, str]] = []
    position = {entity["table"]: index for index, entity in enumerate(ordered)}
    tables = []
    for entity in ordered:
        inline = []
        for field in entity["references"]:
            if position[field["reference"]] <= position[entity["table"]]:
                inline.append(field)
            else:
                late.append(
                    {
                        "name": field["foreign_key"],
                        "table": entity["table"],
                        "column": field["name"],
                        "target": field["reference"],
                    }
                )
        tables.append({**entity, "inline_references": inline})
    return tables, late


def _targets(entity: Mapping[str, Any]) -> set[str]:
    return {field["reference"] for field in entity["references"]}
