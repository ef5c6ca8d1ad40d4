"""The yardstick of the generation figures: Jinja2 alone, in one process.

It compiles, renders and writes the templates and writes the static files; paths, questions and
checks are worked out before.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment

Sources = Mapping[str, tuple[str, Mapping[str, Any], bool]]


def render(jinja: Environment, sources: Sources, folder: Path) -> None:
    """Write each path from its source, its variables and whether it is a template at all."""
    compiled = partial(Environment.from_string, jinja)  # never one that remembers
    for path, (source, variables, is_template) in sources.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        text = compiled(source).render(variables) if is_template else source
        target.write_text(text, "utf-8")
