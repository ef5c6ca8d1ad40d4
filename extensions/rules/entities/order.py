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
        ahead = {entity["table"] for entity in waiting}
        ready = [entity for entity in waiting if not _targets(entity) & ahead - {entity["table"]}]
        chosen = ready or waiting[:1]
        ordered.extend(chosen)
        waiting = [entity for entity in waiting if entity not in chosen]
    late: list[dict[str, str]] = []
    position = {entity["table"]: index for index, entity in enumerate(ordered)}
    tables = []
    for entity in ordered:
        inline = []
        for field in entity["references"]:
            # A table that is in no answers is the owners', and there before.
            if position.get(field["reference"], -1) <= position[entity["table"]]:
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
