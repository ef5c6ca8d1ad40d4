"""Contracts of events: what a version of an event holds, as it was promised to all who read it.

They are kept in shared/contracts.json, by routing key. ``make contracts`` adds what is new there;
what has been promised is never changed: a field that goes or becomes another one needs a new
version. So does a value more, unless readers take any: ``Status | str``, of which the contract
says only that it is a string. While a new release takes over, readers of the former one get it.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from chassis.events import Event
from chassis_rabbitmq.declared import declared_events

FILE = Path("shared/contracts.json")
LIMITS = (
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "minItems", "maxItems", "uniqueItems"),
    *("minProperties", "maxProperties"),
)
# What says nothing of a value: a schema of nothing else is that of Any.
_REMARKS = {"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"}

_COMPOSITIONS = {"$ref", "allOf", "anyOf", "oneOf"}

_VALUES = re.compile(r"^string \[.*\](?= or null$|$)")

NULL = "null"
STRING = "string"
ANYTHING = "anything"

type Contract = Mapping[str, str]
"""What is at each path of an event, such as ``data.title``."""


class Unclear(ValueError):  # noqa: N818  # of a schema, which is at fault
    """A schema says of a value what cannot be kept as a contract."""


@dataclass(frozen=True, slots=True)
class _Field:
    parent: str
    kinds: Sequence[str]
    needed: bool

    def __or__(self, other: "_Field") -> "_Field":
        """Join what two variants have at one path."""
        return _Field(self.parent, [*self.kinds, *other.kinds], self.needed or other.needed)

    @property
    def kind(self) -> str:
        kinds = set(self.kinds)
        if STRING in kinds:  # the values that are known are only some of all strings
            kinds = {kind for kind in kinds if not _VALUES.match(kind)}
        return " or ".join(sorted(kinds, key=lambda kind: (kind == NULL, kind)))


def contract(event: type[Event]) -> Contract:
    """Tell what an event holds when it is published."""
    return {path: field.kind for path, field in _fields(event, "serialization").items()}


def breaches(event: type[Event], promised: Contract) -> list[str]:
    """Tell what an event no longer holds of a contract, or would not find in older events."""
    told, read = _fields(event, "serialization"), _fields(event, "validation")
    held = contract(event)
    gone = [f"{path} is gone" for path in promised if path not in held]
    other = [
        f"{path} was {kind}, is {held[path]}"
        for path, kind in promised.items()
        if held.get(path, kind) not in {kind, _VALUES.sub(STRING, kind)}
    ]
    known = {"", *promised}
    new = [path for path, field in told.items() if path not in known and field.parent in known]
    needed = [
        f"{path} is new and not in older events: give it a default"
        for path in new
        if path in read and _is_missed(read[path])
    ]
    return [*gone, *other, *needed]


def published() -> Iterable[type[Event]]:
    """Give every event of the project."""
    return chain.from_iterable(declared_events().values())


def main() -> int:
    """Add what is new to the file, and return the exit code; nothing is written on a breach."""
    promised: dict[str, Contract] = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
    events = {event.routing_key(): event for event in published()}
    try:
        current = promised | {known: contract(event) for known, event in events.items()}
        broken = [
            f"{known}: {breach}"
            for known, event in events.items()
            if known in promised
            for breach in breaches(event, promised[known])
        ]
    except Unclear as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if broken:
        sys.stderr.write("\n".join(["A promise is broken; make a new version:", *broken]) + "\n")
        return 1
    text = json.dumps(current, indent=2, ensure_ascii=False, sort_keys=True)
    FILE.write_text(f"{text}\n", "utf-8")
    return 0


def _is_missed(field: _Field) -> bool:
    """Tell whether an event without the field would be refused."""
    filled_in = NULL in field.kinds and field.parent == "data"  # by Event
    return field.needed and not filled_in


def _fields(event: type[Event], mode: Any) -> Mapping[str, _Field]:
    schema = event.model_json_schema(mode=mode)
    fields: dict[str, _Field] = {}
    try:
        for path, field in _Walk(schema.get("$defs", {})).below("", schema):
            fields[path] = fields[path] | field if path in fields else field
    except Unclear as error:
        raise Unclear(f"{event.routing_key()}: {error}") from None
    return fields


class _Walk:
    """Goes through a JSON schema."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions
        self._inside: list[str] = []

    def below(self, path: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, _Field]]:
        """Give what is below a path."""
        required = schema.get("required", [])
        for key, inner in schema.get("properties", {}).items():
            yield from self._at(f"{path}.{key}".lstrip("."), path, inner, needed=key in required)
        for step, inner in _inner(schema):
            yield from self._at(f"{path}{step}", path, inner, needed=False)

    def _at(
        self, path: str, parent: str, schema: Mapping[str, Any], *, needed: bool
    ) -> Iterator[tuple[str, _Field]]:
        variants = _labelled(list(self._variants(path, schema)))
        yield path, _Field(parent, [_kind(path, label, one) for label, one in variants], needed)
        reference = json.dumps(schema, sort_keys=True)
        if reference in self._inside:  # a record may hold others of its kind
            return
        self._inside.append(reference)
        for label, one in variants:
            place = f"{path}({label})" if label else path
            if label:
                yield place, _Field(path, ["object"], needed=False)
            yield from self.below(place, one)
        self._inside.pop()

    def _variants(
        self, path: str, schema: Mapping[str, Any], name: str = ""
    ) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Give what a value may be, by name: each in one schema that refers to no other."""
        rest = {key: said for key, said in schema.items() if key not in _COMPOSITIONS}
        if reference := schema.get("$ref"):
            name = reference.rpartition("/")[2]
            yield from self._variants(path, {**self._definitions[name], **rest}, name)
        elif parts := schema.get("allOf"):
            yield name, _merged([rest, *(self._only(path, part) for part in parts)])
        elif several := [*schema.get("anyOf", []), *schema.get("oneOf", [])]:
            of_each = {key: said for key, said in rest.items() if key in LIMITS}
            for one in several:
                yield from self._variants(path, {**of_each, **one})
        else:
            yield name or schema.get("title", ""), schema

    def _only(self, path: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        match list(self._variants(path, schema)):
            case [(_, only)]:
                return only
            case _:
                raise Unclear(f"{path}: allOf must not have parts that are unions")


def _merged(parts: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Put together what holds of one value at once."""
    merged: dict[str, Any] = {}
    for part in parts:
        properties = {**merged.get("properties", {}), **part.get("properties", {})}
        required = [*merged.get("required", []), *part.get("required", [])]
        merged |= {**part, "properties": properties, "required": required}
    return merged


def _labelled(
    variants: Sequence[tuple[str, Mapping[str, Any]]],
) -> Sequence[tuple[str, Mapping[str, Any]]]:
    """Leave their names only to records among which there is a choice."""
    records = [name for name, one in variants if "properties" in one]
    if len(records) > 1:
        return [(name if "properties" in one else "", one) for name, one in variants]
    return [("", one) for _, one in variants]


def _inner(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give what is inside an array or a dictionary, with the step that leads there."""
    for index, item in enumerate(schema.get("prefixItems", [])):
        yield f"[{index}]", item
    if isinstance(items := schema.get("items"), Mapping):
        yield "[]", items
    if isinstance(names := schema.get("propertyNames"), Mapping):
        yield ".keys()", names
    patterns = schema.get("patternProperties", {}).values()
    for values in (schema.get("additionalProperties"), *patterns):
        if values is True or isinstance(values, Mapping):
            yield ".*", {} if values is True else values


def _kind(path: str, label: str, schema: Mapping[str, Any]) -> str:
    """Tell in words what a value is; patterns are left out, which pydantic itself changes."""
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    parts = [schema.get("type", ""), label, schema.get("format", "")]
    parts += [json.dumps(sorted(values, key=str), ensure_ascii=False)] if values else []
    parts += [f"{limit} {schema[limit]}" for limit in LIMITS if limit in schema]
    if not any(parts) and (unknown := schema.keys() - _REMARKS):
        raise Unclear(
            f"{path}: a contract cannot tell what {', '.join(sorted(unknown))} means: use"
            " another type, or Any if it may be anything"
        )
    return " ".join(part for part in parts if part) or ANYTHING


if __name__ == "__main__":
    sys.exit(main())
