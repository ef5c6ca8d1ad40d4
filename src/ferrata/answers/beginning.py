"""What the answers begin with: a file, or nothing, and what options say on top of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from ferrata.answers.places import lines_of


@dataclass(frozen=True)
class Beginning:
    """Answers that may have gaps, and where they are from."""

    answers: dict[str, Any]
    name: str = "answers"
    file: Path | None = None
    given: frozenset[str] = frozenset()
    minimal: bool = False

    @property
    def place(self) -> str:
        """Where answers can be missing or wrong, to be said after that."""
        return f" in {self.name}" if self.file else ""

    @property
    def empty(self) -> bool:
        """Tell whether everything is asked for, so that what is optional is offered, too."""
        return self.file is None and not self.minimal

    def line_of(self, path: str) -> int | None:
        """The line of an answer in the file; what options gave stands in none."""
        return lines_of(self.file, self.given)(path) if self.file else None

    def finished(self, rules: ModuleType, answers: Mapping[str, Any]) -> dict[str, Any]:
        """The answers as a project gets them: what is open follows from those that are there."""
        return rules.opened(answers) if self.minimal else dict(answers)
