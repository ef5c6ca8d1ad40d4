"""What there is to choose from, and what answers look like: the files in schemas/."""

import functools
import json
from pathlib import Path
from typing import Any

from .assembly import assembled
from .manifests import CatalogError

__all__ = [
    "SCHEMAS",
    "TEMPLATE",
    "CatalogError",
    "assembled",
    "catalog",
    "plain_schema",
    "schema",
    "schema_at",
]

SCHEMAS = Path(__file__).resolve().parents[3] / "schemas"
TEMPLATE = SCHEMAS.parent / "template"


@functools.cache
def catalog() -> dict[str, Any]:
    """Levels, modules, features and field types, as schemas/catalog/ has them."""
    return assembled(SCHEMAS / "catalog", TEMPLATE)


@functools.cache
def schema() -> dict[str, Any]:
    """The JSON schema of the answers, with the modules and the providers of the catalog."""
    loaded: dict[str, Any] = json.loads((SCHEMAS / "answers.schema.json").read_text("utf-8"))
    names = [module["name"] for module in catalog()["modules"]]
    modules = loaded["properties"]["modules"]
    modules["items"] = {"enum": names}
    modules["x-question"] = modules["x-question"].format(modules=", ".join(names))
    for provider in catalog()["providers"]:
        loaded["properties"][provider["of"]]["enum"].append(provider["name"])
    for name, answer in [*loaded["properties"].items()]:
        if "x-provider" in answer:
            _complete(loaded["properties"], name)
    return loaded


def _complete(properties: dict[str, Any], name: str) -> None:
    """Say of an answer that chooses a provider which there are; without any it is none."""
    answer = properties[name]
    if not answer["enum"]:
        del properties[name]
        return
    answer["default"] = answer["enum"][0]
    said = ", ".join(answer["enum"])
    answer["description"] = answer["description"].format(providers=said)
    answer["x-question"] = answer["x-question"].format(providers=said)


@functools.cache
def plain_schema() -> dict[str, Any]:
    """The same with every reference written out, which is read three times as fast."""
    definitions = schema()["$defs"]

    def written_out(node: Any) -> Any:
        match node:
            case {"$ref": str(reference), **own}:
                return written_out({**definitions[reference.rpartition("/")[2]], **own})
            case dict():
                return {key: written_out(inner) for key, inner in node.items() if key != "$defs"}
            case list():
                return [written_out(inner) for inner in node]
            case _:
                return node

    plain: dict[str, Any] = written_out(schema())
    return plain


def schema_at(path: tuple[str | int, ...]) -> dict[str, Any]:
    """What the schema says of a place in the answers."""
    node = plain_schema()
    for part in path:
        node = node["items"] if isinstance(part, int) else node["properties"][part]
    return node
