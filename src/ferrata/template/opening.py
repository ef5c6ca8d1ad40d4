"""One committed state of it laid out in a folder."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from ferrata.base import Failure, GitError, git, note, scratch
from ferrata.template.home import load_module
from ferrata.template.sources import Source

RELEASE = re.compile(r"^v?\d+(\.\d+)*$")
NEEDED = (
    "copier.yml",
    "extensions/answers.py",
    "hooks/after_copy.py",
    "hooks/after_update.py",
    "schemas/catalog/levels.yml",
    "template",
)


@dataclass(frozen=True)
class Template:
    """One commit of a template, laid out in `tree`."""

    source: Source
    commit: str
    tree: Path
    repository: Path

    @property
    def rules(self) -> ModuleType:
        """The checks and the data model of this very commit."""
        return load_module(self.tree / "extensions" / "answers.py")

    @property
    def hooks(self) -> ModuleType:
        """The steps after generating, of this very commit."""
        return load_module(self.tree / "hooks" / "after_copy.py")


@contextmanager
def opened(source: Source) -> Iterator[Template]:
    """Lay one commit of a template out in a scratch folder."""
    with scratch() as folder:
        repository = _repository(source, folder)
        commit = _commit(source, repository)
        tree = folder / "tree"
        _lay_out(repository, commit, tree)
        if missing := [name for name in NEEDED if not (tree / name).exists()]:
            raise Failure(f"{source.url} is no Ferrata template: it has no {missing[0]}")
        yield Template(source, commit, tree, repository)


def _repository(source: Source, folder: Path) -> Path:
    """The repository on this machine: the folder itself, or a mirror of what is elsewhere."""
    path = Path(source.repository)
    if path.is_dir():
        _refuse_subfolder(source, path)
        return path
    mirror = folder / "mirror.git"
    try:
        git("clone", "--quiet", "--mirror", "--", source.repository, str(mirror), exact=True)
    except GitError as error:
        raise Failure(
            f"the template {source.url} cannot be read: {error}; check the address and the network"
        ) from None
    return mirror


def _refuse_subfolder(source: Source, path: Path) -> None:
    try:
        top = Path(git("rev-parse", "--show-toplevel", at=path))
    except GitError as error:
        raise Failure(
            f"{source.url} is no git repository ({error}); a template is the root of one"
        ) from None
    if top.resolve() != path.resolve():
        raise Failure(f"{source.url} is inside the repository {top}; give its root as the template")


def _commit(source: Source, repository: Path) -> str:
    """Find the commit of the ref; without one, that of the newest release, as Copier does."""
    ref = source.ref
    if ref is None:
        ref = newest_release(repository) or "HEAD"
    for candidate in (ref, f"refs/remotes/origin/{ref}"):
        try:
            return git(
                "rev-parse",
                "--verify",
                "--quiet",
                "--end-of-options",
                f"{candidate}^{{commit}}",
                at=repository,
            )
        except GitError:
            continue
    tags = ", ".join(releases(repository)[:5]) or "none"
    raise Failure(
        f"{source.url} has no revision {ref!r}; give a tag, branch or commit; newest tags: {tags}"
    )


def releases(repository: Path) -> list[str]:
    """The release tags, newest first."""
    tags = git("tag", "--list", "--sort=-version:refname", at=repository).splitlines()
    return [tag for tag in tags if RELEASE.match(tag)]


def newest_release(repository: Path) -> str | None:
    """The newest release tag, if there is one."""
    return next(iter(releases(repository)), None)


def _lay_out(repository: Path, commit: str, tree: Path) -> None:
    try:
        git(
            "clone",
            "--quiet",
            "--shared",
            "--no-checkout",
            "--",
            str(repository),
            str(tree),
            exact=True,
        )
        git("checkout", "--quiet", "--detach", commit, at=tree, exact=True)
    except GitError as error:
        raise Failure(f"the template cannot be laid out in {tree.parent}: {error}") from None


def warn_if_dirty(source: Source) -> None:
    """Say that uncommitted changes of a template are left out: a project records a commit."""
    path = Path(source.repository)
    if path.is_dir() and git("status", "--porcelain", at=path):
        note(f"ferrata: {path} has uncommitted changes; they are left out, the commit is used")
