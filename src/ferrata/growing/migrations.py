"""The migration of something new, on top of those that are there.

The first migration of a new project has every table. What is more in it with the new entity or
field is what the new migration does; the first one itself was applied long ago and stays.
"""

import ast
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from ferrata.base import Failure
from ferrata.growing.models import plural
from ferrata.growing.parts import Defaults, Step, steps

VERSIONS = "services/*/migrations/versions/*.py"
SLUG = 40
# Stands for the revision until the text is there, of which it is made.
UNNAMED = "<revision>"


@dataclass(frozen=True)
class Applied:
    """A migration that is there."""

    file: Path
    revision: str
    follows: tuple[str, ...]


def on_top_of(
    rules: ModuleType, project: Path, old: Path, new: Path, entities: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Put new migrations into a rendering, where its first one would have been another; give paths."""
    defaults: Defaults = {
        (plural(rules, entity), field["name"]): field["default"]
        for entity in entities
        for field in entity["fields"]
        if "default" in field
    }
    written: list[Path] = []
    for file in sorted(new.glob(VERSIONS)):
        path = file.relative_to(new)
        before = old / path
        if before.is_file() and before.read_bytes() != file.read_bytes():
            wanted = steps(before.read_text("utf-8"), file.read_text("utf-8"), defaults)
            file.write_bytes(before.read_bytes())
            if project.joinpath(*path.parts[:2]).is_dir():
                written += _written(rules, project / path.parent, file.parent, wanted)
    return [file.relative_to(new).as_posix() for file in written]


def _written(
    rules: ModuleType, there: Path, folder: Path, wanted: Iterable[Step]
) -> Iterator[Path]:
    applied = [_read(file) for file in sorted(there.glob("*.py"))]
    number, last = len(applied), _head(there, applied)
    for step in wanted:
        number += 1
        text = _text(step, last)
        revision = hashlib.sha256(text.encode()).hexdigest()[:12]
        target = folder / f"{number:04d}_{_slug(step.title)}.py"
        target.write_text(rules.python(text.replace(UNNAMED, revision)), "utf-8")
        yield target
        last = revision


def _slug(title: str) -> str:
    return re.sub(r"\W+", "_", title.lower()).strip("_")[:SLUG].rstrip("_")


def _read(file: Path) -> Applied:
    """The revision of a migration and what it follows."""
    try:
        tree = ast.parse(file.read_bytes())
        values = dict(_assigned(tree))
        revision, follows = values["revision"], values["down_revision"]
    except (OSError, SyntaxError, ValueError, KeyError) as error:
        raise Failure(
            f"{file} says no revision and down_revision that could be followed ({error}); "
            "mend it, nothing was changed"
        ) from None
    names = follows if isinstance(follows, (tuple, list)) else (follows,)
    return Applied(file, str(revision), tuple(str(name) for name in names if name))


def _assigned(tree: ast.Module) -> Iterator[tuple[str, Any]]:
    for node in tree.body:
        match node:
            case (
                ast.Assign(
                    targets=[ast.Name(id=("revision" | "down_revision") as name)], value=value
                )
                | ast.AnnAssign(
                    target=ast.Name(id=("revision" | "down_revision") as name),
                    value=ast.expr() as value,
                )
            ):
                yield name, ast.literal_eval(value)


def _head(there: Path, applied: Sequence[Applied]) -> str:
    """The one migration that no other follows."""
    followed = {name for each in applied for name in each.follows}
    heads = [each for each in applied if each.revision not in followed]
    if len(heads) == 1:
        return heads[0].revision
    if not heads:
        raise Failure(f"{there} has no migration that a new one could follow; nothing was changed")
    names = " and ".join(each.file.name for each in heads)
    raise Failure(
        f"{names} in {there} follow the same migration; make one follow the other "
        "(its down_revision), commit and try again"
    )


def _text(step: Step, last: str) -> str:
    return f'''"""{step.title}.

Revision ID: {UNNAMED}
Revises: {last}
"""
import sqlalchemy as sa
from alembic import op

revision = {json.dumps(UNNAMED)}
down_revision = {json.dumps(last)}
branch_labels = None
depends_on = None
{step.constants}

def upgrade() -> None:
    """{step.does}"""
{step.upgrade}

def downgrade() -> None:
    """{step.undoes}"""
{step.downgrade}'''
