from collections.abc import Iterator, Mapping
from typing import Any

from chassis.openapi.examples import Examples

_REFERENCE = "#/components/schemas/"


def add_examples(document: dict[str, Any]) -> None:
    """Give each schema of a request body an example, unless it has one."""
    schemas: dict[str, Any] = document.get("components", {}).get("schemas", {})
    examples = Examples(schemas)
    for name in {*_bodies(document)} & schemas.keys():
        schema = schemas[name]
        if "example" not in schema and "examples" not in schema:
            schema["examples"] = [examples.of(schema)]


def tags_in_use(document: Mapping[str, Any], known: Mapping[str, str]) -> list[dict[str, str]]:
    """Describe the tags that operations have."""
    used = dict.fromkeys(tag for operation in _operations(document) for tag in operation["tags"])
    return [{"name": tag, "description": known[tag]} for tag in used if tag in known]


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document.get("paths", {}).values():
        for operation in path.values():
            yield {"tags": [], **operation}


def _bodies(document: Mapping[str, Any]) -> Iterator[str]:
    for operation in _operations(document):
        content = operation.get("requestBody", {}).get("content", {})
        reference: str = content.get("application/json", {}).get("schema", {}).get("$ref", "")
        if reference.startswith(_REFERENCE):
            yield reference.removeprefix(_REFERENCE)
