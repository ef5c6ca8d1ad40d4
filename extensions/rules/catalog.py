"""What there is to choose from, and what answers look like: the two files in schemas/."""

import functools
import json
from pathlib import Path
from typing import Any

import yaml

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"


@functools.cache
def catalog() -> dict[str, Any]:
    """Levels, modules, features and field types, as schemas/catalog.yml has them."""
    text = (SCHEMAS / "catalog.yml").read_text("utf-8")
    # The loader written in C is ten times as fast, where PyYAML has it.
    loaded: dict[str, Any] = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    return loaded


@functools.cache
def schema() -> dict[str, Any]:
    """The JSON schema of the answers."""
    loaded: dict[str, Any] = json.loads((SCHEMAS / "answers.schema.json").read_text("utf-8"))
    return loaded
