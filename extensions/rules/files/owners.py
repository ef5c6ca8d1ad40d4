"""Who owns which file of a project."""

import functools
from typing import TYPE_CHECKING, Any

from jinja2 import pass_context
from jinja2.runtime import Context

from ..catalog import SCHEMAS, catalog
from .paths import expanded

if TYPE_CHECKING:
    from pathspec import PathSpec

TEMPLATE = SCHEMAS.parent / "template"

# Where a project keeps the list of its seeds, and that of the template's files.
SEEDS_FILE, TEMPLATE_FILE = ".ferrata/seeds.txt", ".ferrata/template.txt"


@functools.cache
def _yours() -> "PathSpec[Any]":
    from pathspec import PathSpec  # noqa: PLC0415  (a check of answers does without, and sooner)

    return PathSpec.from_lines("gitignore", catalog()["ownership"]["yours"])


def owner(path: str) -> str:
    """Say who owns a path of a project: `yours`, seeded once, or `template`, kept up to date."""
    return "yours" if _yours().match_file(path) else "template"


@pass_context
def paths_of(context: Context, wanted: str) -> list[str]:
    """The paths of the project that this owner has."""
    found = expanded(context.environment, context.get_all(), _sources())
    return [path for path in found if owner(path) == wanted]


@functools.cache
def _sources() -> list[str]:
    """Every file of this version of the template."""
    files = (path for path in TEMPLATE.rglob("*") if not path.is_dir())
    return [path.relative_to(TEMPLATE).as_posix() for path in files]
