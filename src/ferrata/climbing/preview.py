"""A climb before it happens: what would become of the project, and what conflicts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ferrata.base import Failure
from ferrata.growing import on_top_of
from ferrata.project import Recorded, read
from ferrata.template import Template, updated, updates, versions


@dataclass(frozen=True)
class Preview:
    """What the climb makes of the project; nothing of it is written yet."""

    repository: Any
    outcome: Any
    refused: tuple[Any, ...]
    before: Recorded
    after: Recorded

    @property
    def empty(self) -> bool:
        """Say whether nothing would change."""
        return not self.outcome.touched

    @property
    def diff(self) -> str:
        """The whole climb as git shows a commit."""
        told: bytes = updates().updating().diff(self.repository, self.outcome)
        return told.decode(errors="replace")

    def text(self, path: str) -> str:
        """A file of the result."""
        entry = self.outcome.after.get(path)
        return "" if entry is None else self.repository.read(entry.name).decode(errors="replace")


def _rendered(
    template: Template, before: Recorded, changes: Mapping[str, Any], scratch: Path, *, moves: bool
) -> tuple[Path, Path]:
    """The template's files as they were and as they are to be."""
    with versions(template, scratch) as write:
        old = write(before.commit, before.answers, scratch / "were")
        if moves:
            return old, updated(template, changes, old, scratch / "will-be")
        return old, write(template.commit, {**before.answers, **changes}, scratch / "will-be")


def previewed(
    repository: Any,
    template: Template,
    before: Recorded,
    changes: Mapping[str, Any],
    *,
    moves: bool,
) -> Preview:
    """Work the whole climb out; `moves` says that the template is of another version.

    Where there is more in the entities, seeds get new lines, and tables a migration.
    """
    grows = "entities" in changes and not moves
    machine = updates().updating()
    old, new = _rendered(template, before, changes, repository.scratch, moves=moves)
    after = read(new)
    if grows:
        on_top_of(template.rules, repository.project, old, new, after.answers["entities"])
    try:
        outcome = machine.planned(repository, old, new, grows=grows)
        refused = machine.in_the_way(repository, outcome)
    except machine.GitError as error:
        raise Failure(f"git could not merge the climb: {error}; nothing was changed") from None
    return Preview(repository, outcome, refused, before, after)
