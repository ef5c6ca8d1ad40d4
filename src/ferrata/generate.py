"""Generating a project, all or nothing: it appears complete, or nothing remains."""

import os
import secrets
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ferrata.errors import Failure, one_line
from ferrata.output import note, progress
from ferrata.processes import GitError, git, git_environment, with_config
from ferrata.signals import deferred
from ferrata.template import Template, scratch

ANSWERS_FILE = ".copier-answers.yml"


@dataclass(frozen=True)
class Project:
    """A project that was just generated."""

    folder: Path
    answers: Mapping[str, Any]
    not_run: tuple[str, ...]


def generate(
    template: Template, answers: Mapping[str, Any] | None, settings: Mapping[str, Any], dest: Path
) -> Project:
    """Render, pin, commit and put in place; without answers Copier asks the questions."""
    try:
        with staged(dest) as folder:
            render(template, answers, settings, folder)
            with progress("Pinning the packages, making .env and the first commit"):
                not_run = prepare(template, folder)
                recorded = recorded_answers(folder)
                commit_all(folder, recorded)
    except OSError as error:
        raise Failure(
            f"{dest} cannot be written: {_reason(error)}; nothing was kept, make room and try again"
        ) from error
    return Project(dest, recorded, not_run)


def checked_destination(given: str) -> Path:
    """Say where the project goes, or why it cannot."""
    if not given.strip() or "\0" in given:
        raise Failure(f"DEST must be the path of a folder, got: {given!r}")
    path = Path(given)
    try:
        dest = path.resolve()
        _refuse_taken(path, dest)
        ancestor = next(parent for parent in dest.parents if parent.exists())
    except (OSError, RuntimeError) as error:
        raise Failure(
            f"{given} cannot be a folder: {_reason(error)}; choose another DEST"
        ) from None
    if not ancestor.is_dir() or not os.access(ancestor, os.W_OK | os.X_OK):
        raise Failure(f"{ancestor} is no folder that you may write to; choose another DEST")
    return dest


def _refuse_taken(path: Path, dest: Path) -> None:
    if path.is_symlink() and not dest.exists():
        raise Failure(f"{path} is a link to nowhere; remove it or choose another DEST")
    if dest.exists() and not dest.is_dir():
        raise Failure(f"{path} is a file; DEST must be a new or empty folder")
    if dest.is_dir() and any(dest.iterdir()):
        raise Failure(
            f"{path} is not empty; DEST must be a new or empty folder, nothing was changed"
        )


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


@contextmanager
def staged(dest: Path) -> Iterator[Path]:
    """A folder on the file system of `dest` that becomes `dest` if all goes well."""
    # An empty folder that is there may be a mount point, so the work is done inside it.
    existed = dest.is_dir()
    stage = (dest if existed else dest.parent) / f".ferrata.{secrets.token_hex(6)}"
    made = [parent for parent in dest.parents if not parent.exists()]
    folder = stage / dest.name
    try:
        folder.mkdir(parents=True)
        yield folder
        with deferred():
            _publish(folder, dest, existed=existed)
    except BaseException:
        with deferred():
            _remove(stage)
            for parent in made:
                if parent.exists():
                    parent.rmdir()
        raise
    _remove(stage)


def _publish(folder: Path, dest: Path, *, existed: bool) -> None:
    if existed:
        for entry in list(folder.iterdir()):
            entry.rename(dest / entry.name)
    else:
        folder.rename(dest)


def _remove(stage: Path) -> None:
    """Remove a folder, again if a child process that was stopped still wrote into it."""
    for _ in range(5):
        shutil.rmtree(stage, ignore_errors=True)
        if not stage.exists():
            return


def render(
    template: Template, answers: Mapping[str, Any] | None, settings: Mapping[str, Any], folder: Path
) -> None:
    """Write the files with Copier; without answers it asks for those not in `settings`."""
    if answers is None:
        note(
            "Ferrata asks for what it has to know; see `ferrata new --help` to answer with a file."
        )
        _copy(template, dict(settings), folder, asks=True)
        return
    with progress("Writing the files"):
        _copy(template, dict(answers), folder, asks=False)


def _copy(template: Template, data: dict[str, Any], folder: Path, *, asks: bool) -> None:
    with scratch() as temporary, _copier_environment(template, temporary):
        from copier import run_copy  # noqa: PLC0415  (slow to import; only here it is needed)
        from copier.errors import CopierError, UserMessageError  # noqa: PLC0415

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                run_copy(
                    template.source.url,
                    folder,
                    data=data,
                    vcs_ref=template.commit,
                    defaults=not asks,
                    quiet=True,
                    unsafe=True,
                    skip_tasks=True,
                )
        except UserMessageError as error:
            raise Failure(str(error)) from None
        except CopierError as error:
            raise Failure(f"Copier refused the template {template.source.url}: {error}") from None


@contextmanager
def _copier_environment(template: Template, temporary: Path) -> Iterator[None]:
    """Let Copier read the template from this machine, whatever address the project records.

    Copier keeps mirrors of remote templates in a cache of the user. A mirror made here would hold
    only what this run could see, so the cache is a folder of this run alone.
    """
    environment = with_config(git_environment(), _redirections(template))
    environment["COPIER_CACHE_DIR"] = str(temporary / "cache")
    before = dict(os.environ)
    _set_environment(environment)
    from plumbum import local  # noqa: PLC0415  (Copier's; slow to import)

    try:
        # plumbum copies the environment when it is imported, which may have been before.
        with local.env():
            local.env.clear()
            local.env.update(environment)
            yield
    finally:
        _set_environment(before)


def _set_environment(wanted: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(wanted)


def _redirections(template: Template) -> list[tuple[str, str]]:
    """Git configuration that turns a remote address into the mirror on this machine."""
    if not template.source.remote:
        return []
    url = template.source.address.removesuffix(".git")
    key = f"url.{template.repository}.insteadOf"
    return [(key, url), (key, f"{url}.git")]


def prepare(template: Template, folder: Path) -> tuple[str, ...]:
    """Run the template's own steps; give a line for each one that could not run."""
    hooks = template.hooks
    not_run = []
    for name, step in (("uv.lock", hooks.lock), (".env", hooks.write_env)):
        if reason := _not_run(hooks.NotRun, step, folder):
            not_run.append(f"{name}: NOT RUN: {reason}")
    return tuple(not_run)


def _not_run(kind: type[Exception], step: Callable[[Path], None], folder: Path) -> str:
    try:
        step(folder)
    except kind as reason:
        return one_line(str(reason))
    return ""


def recorded_answers(folder: Path) -> dict[str, Any]:
    """What the project remembers of its answers."""
    loaded = yaml.safe_load((folder / ANSWERS_FILE).read_text("utf-8"))
    return {key: value for key, value in loaded.items() if not key.startswith("_")}


def commit_all(folder: Path, answers: Mapping[str, Any]) -> None:
    """Make the repository and its first commit, without any configuration or hook of the user."""
    try:
        git("init", "--quiet", f"--initial-branch={_default_branch()}", at=folder)
        git("add", "--all", at=folder)
        message = f"Start {answers['project_name']} at level {answers['level']}"
        options = ["-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false"]
        git(*options, *_identity(answers), "commit", "--quiet", f"--message={message}", at=folder)
    except GitError as error:
        raise Failure(
            f"git could not make the first commit: {error}; nothing was written"
        ) from None


def _default_branch() -> str:
    try:
        return git("config", "--get", "init.defaultBranch") or "main"
    except GitError:
        return "main"


def _identity(answers: Mapping[str, Any]) -> list[str]:
    """The author of the answers, where git knows no user."""
    try:
        git("-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT")
        git("-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT")
    except GitError:
        name = "".join(char for char in answers["author_name"] if char not in "<>")
        # git refuses a name of punctuation alone.
        known = name if any(char.isalnum() for char in name) else answers["author_email"]
        return ["-c", f"user.name={known}", "-c", f"user.email={answers['author_email']}"]
    return []
