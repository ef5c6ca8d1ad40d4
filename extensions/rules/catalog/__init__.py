"""What there is to choose from, and what answers look like: the files in schemas/."""

import functools
import json
from pathlib import Path
from typing import Any

from .assembly import assembled
from .manifests import CatalogError

__all__ = ["SCHEMAS", "TEMPLATE", "CatalogError", "assembled", "catalog", "schema", "schema_at"]

SCHEMAS = Path(__file__).resolve().parents[3] / "schemas"
TEMPLATE = SCHEMAS.parent / "template"


@functools.cache
def catalog() -> dict[str, Any]:
    """Levels, modules, features and field types, as schemas/catalog/ has them."""
    return assembled(SCHEMAS / "catalog", TEMPLATE)


@functools.cache
def schema() -> dict[str, Any]:
    """The JSON schema of the answers, with the modules of the catalog."""
    loaded: dict[str, Any] = json.loads((SCHEMAS / "answers.schema.json").read_text("utf-8"))
    names = [module["name"] for module in catalog()["modules"]]
    modules = loaded["properties"]["modules"]
    modules["items"] = {"enum": names}
    modules["x-question"] = modules["x-question"].format(modules=", ".join(names))
    return loaded


def schema_at(path: tuple[str | int, ...]) -> dict[str, Any]:
    """What the schema says of a place in the answers, references followed."""
    node = schema()
    for part in path:
        node = node["items"] if isinstance(part, int) else node["properties"][part]
        if "$ref" in node:
            own = {key: value for key, value in node.items() if key != "$ref"}
            node = {**schema()["$defs"][node["$ref"].rpartition("/")[2]], **own}
    return node
