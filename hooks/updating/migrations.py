"""Migrations that were there before a gate looks at migrations: it is about those that follow."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from .repository import Repository
from .trees import FILE, Entry, Tree

GATE = "tests/configuration/test_migrations.py"
VERSIONS, LIST = "services/*/migrations/versions/*.py", "before_level_3.txt"
HEADER = """\
# Migrations that were there when the project came to level 3: what is risky in them is done.
# docs/migrations.md. Take a line out, and its migration is looked at.
"""


def listed_before(
    repository: Repository, base: Tree, ours: Tree, theirs: Tree
) -> Mapping[str, Entry]:
    """For each service whose owners wrote migrations before that gate, the list of them."""
    if GATE in base or GATE not in theirs:
        return {}
    lists: dict[str, list[str]] = {}
    for path in sorted(ours.keys() - base.keys()):
        place = PurePosixPath(path)
        if place.match(VERSIONS):
            lists.setdefault(str(place.parents[1] / LIST), []).append(place.name)
    return {
        path: Entry(FILE, repository.write(f"{HEADER}{_lines(names)}".encode()))
        for path, names in lists.items()
        if path not in ours
    }


def _lines(names: list[str]) -> str:
    return "".join(f"{name}\n" for name in names)
