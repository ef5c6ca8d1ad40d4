"""Which files a template gives for some answers: its paths expanded, its content untouched."""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment

from ferrata.base import git
from ferrata.template.context import configuration
from ferrata.template.opening import Template


def project_files(
    template: Template, jinja: Environment, variables: Mapping[str, Any]
) -> dict[str, tuple[str, dict[str, Any]]]:
    """Map every path of the project to its source and the variables of the loops around it."""
    settings, _ = configuration(template.tree)
    top = settings["subdirectory"]
    sources = git("ls-files", "-z", "--", top, at=template.tree).rstrip("\0").split("\0")
    below = (source.removeprefix(f"{top}/") for source in sources)
    found = template.rules.expanded(jinja, variables, below)
    return {path: (f"{top}/{source}", loop) for path, (source, loop) in found.items()}
