"""The git repository of a project that is to climb."""

from dataclasses import dataclass
from pathlib import Path

from ferrata.base import Failure, GitError, git

SHOWN = 5


@dataclass(frozen=True)
class Repository:
    """A clean repository, where the project lies in it, and its last commit."""

    top: Path
    prefix: Path
    head: str

    @property
    def project(self) -> Path:
        """The folder of the project."""
        return self.top / self.prefix


def clean_repository(project: Path) -> Repository:
    """The repository of a project with nothing uncommitted in it, or why there is none."""
    try:
        top = Path(git("rev-parse", "--show-toplevel", at=project)).resolve()
    except GitError as error:
        raise Failure(
            f"{project} is in no git repository ({error}); a climb compares with the last commit: "
            "run `git init`, commit everything and climb again"
        ) from None
    try:
        head = git("rev-parse", "--verify", "--quiet", "HEAD^{commit}", at=project)
    except GitError:
        raise Failure(f"{project} has no commit yet; commit everything and climb again") from None
    if changed := uncommitted(top):
        more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
        raise Failure(
            f"{project} has uncommitted changes: {', '.join(changed[:SHOWN])}{more}; "
            "commit or stash them (`git stash --include-untracked`) and climb again"
        )
    return Repository(top, project.relative_to(top), head)


def uncommitted(top: Path) -> list[str]:
    """Every path that differs from the last commit; looking changes nothing."""
    options = ["-c", "core.quotePath=false", "--no-optional-locks"]
    status = ["status", "--porcelain", "--untracked-files=normal", "--no-renames"]
    return [
        line.strip().split(maxsplit=1)[-1] for line in git(*options, *status, at=top).splitlines()
    ]
