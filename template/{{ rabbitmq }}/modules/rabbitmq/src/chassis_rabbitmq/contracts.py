"""Contracts of events: what a version of an event holds, as it was promised to all who read it.

They are kept in shared/contracts.json. ``make contracts`` adds what is new there; what has been
promised is never changed: a field that goes or becomes another one needs a new version.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from chassis.events import Event
from chassis_rabbitmq.declared import declared_events

FILE = Path("shared/contracts.json")
LIMITS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength")

NULL = "null"

type Contract = Mapping[str, str]
"""What is at each path of an event, such as ``data.title``."""


@dataclass(frozen=True, slots=True)
class _Field:
    kind: str
    needed: bool
    nullable: bool


def name(event: type[Event]) -> str:
    """Name a version of an event: ``task.created 1``."""
    fields = event.model_fields
    return f"{fields['type'].default} {fields['version'].default}"


def contract(event: type[Event]) -> Contract:
    """Tell what an event holds when it is published."""
    return {path: field.kind for path, field in _fields(event, "serialization")}


def breaches(event: type[Event], promised: Contract) -> list[str]:
    """Tell what an event no longer holds of a contract, or would not find in older events."""
    held, read = contract(event), dict(_fields(event, "validation"))
    gone = [f"{path} is gone" for path in promised if path not in held]
    other = [
        f"{path} was {kind}, is {held[path]}"
        for path, kind in promised.items()
        if held.get(path, kind) != kind
    ]
    new = [path for path in held if path not in promised and _parent(path) in {"", *promised}]
    needed = [
        f"{path} is new and not in older events: give it a default"
        for path in new
        if path in read and _is_missed(path, read[path])
    ]
    return [*gone, *other, *needed]


def published() -> Iterable[type[Event]]:
    """Give every event of the project."""
    return chain.from_iterable(declared_events().values())


def main() -> int:
    """Add what is new to the file, and return the exit code; nothing is written on a breach."""
    promised: dict[str, Contract] = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
    events = {name(event): event for event in published()}
    broken = [
        f"{known}: {breach}"
        for known, event in events.items()
        for breach in breaches(event, promised.get(known, {}))
        if known in promised
    ]
    if broken:
        sys.stderr.write("\n".join(["A promise is broken; make a new version:", *broken]) + "\n")
        return 1
    current = promised | {known: contract(event) for known, event in events.items()}
    text = json.dumps(current, indent=2, ensure_ascii=False, sort_keys=True)
    FILE.write_text(f"{text}\n", "utf-8")
    return 0


def _is_missed(path: str, field: _Field) -> bool:
    """Tell whether an event without the field would be refused."""
    filled_in = field.nullable and _parent(path) == "data"  # by Event
    return field.needed and not filled_in


def _parent(path: str) -> str:
    return path.removesuffix("[]") if path.endswith("[]") else path.rpartition(".")[0]


def _fields(event: type[Event], mode: Any) -> Iterator[tuple[str, _Field]]:
    schema = event.model_json_schema(mode=mode)
    return _Walk(schema.get("$defs", {})).below("", schema)


class _Walk:
    """Goes through a JSON schema."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions
        self._inside: list[str] = []

    def below(self, path: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, _Field]]:
        """Give what is below a path."""
        required = schema.get("required", [])
        for key, inner in schema.get("properties", {}).items():
            yield from self._at(f"{path}.{key}".lstrip("."), inner, needed=key in required)
        if isinstance(items := schema.get("items"), Mapping):
            yield from self._at(f"{path}[]", items, needed=False)
        if isinstance(values := schema.get("additionalProperties"), Mapping):
            yield from self._at(f"{path}.*", values, needed=False)

    def _at(
        self, path: str, schema: Mapping[str, Any], *, needed: bool
    ) -> Iterator[tuple[str, _Field]]:
        variants = [self._resolved(one) for one in schema.get("anyOf", [schema])]
        kinds = sorted({_kind(one) for one in variants}, key=lambda kind: (kind == NULL, kind))
        yield path, _Field(" or ".join(kinds), needed, nullable=NULL in kinds)
        reference = json.dumps(schema, sort_keys=True)
        if reference in self._inside:  # a record may hold others of its kind
            return
        self._inside.append(reference)
        for one in variants:
            yield from self.below(path, one)
        self._inside.pop()

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        reference = schema.get("$ref")
        if reference is None:
            return schema
        definition: Mapping[str, Any] = self._definitions[reference.rpartition("/")[2]]
        return definition


def _kind(schema: Mapping[str, Any]) -> str:
    """Tell in words what a value is; patterns are left out, which pydantic itself changes."""
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    parts = [schema.get("type", "anything"), schema.get("format", "")]
    parts += [json.dumps(sorted(values, key=str), ensure_ascii=False)] if values else []
    parts += [f"{limit} {schema[limit]}" for limit in LIMITS if limit in schema]
    return " ".join(part for part in parts if part)


if __name__ == "__main__":
    sys.exit(main())
