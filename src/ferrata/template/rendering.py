"""Writing a template's files, with Copier."""

import os
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ferrata.base import (
    EXACT,
    Failure,
    Invalid,
    git,
    git_environment,
    progress,
    scratch,
    with_config,
)
from ferrata.template.opening import Template
from ferrata.template.sparing import answers_listed_once, cloned_once, modes_are_kept


def render(template: Template, answers: Mapping[str, Any], folder: Path) -> None:
    """Write the files with Copier."""
    with (
        progress("Writing the files"),
        scratch() as temporary,
        copier_environment(template, temporary, EXACT),
        _copier_errors(template),
        answers_listed_once(),
    ):
        from copier import run_copy  # noqa: PLC0415  (slow to import; only here it is needed)

        run_copy(
            template.source.url,
            folder,
            data=dict(answers),
            vcs_ref=template.commit,
            defaults=True,
            quiet=True,
            unsafe=True,
            skip_tasks=True,
        )


Write = Callable[[str, Mapping[str, Any], Path], Path]
# The steps after an update are not for what is written aside.
ASIDE = {"FERRATA_STEPS": "off", "GIT_DEFAULT_HASH": "sha1"}


@contextmanager
def versions(template: Template, temporary: Path) -> Iterator[Write]:
    """Give what writes a version of the template for some answers, away from every project."""

    def write(commit: str, answers: Mapping[str, Any], folder: Path) -> Path:
        from copier import run_copy  # noqa: PLC0415  (slow to import; only here it is needed)

        run_copy(
            template.source.url,
            folder,
            data=dict(answers),
            vcs_ref=commit,
            defaults=True,
            quiet=True,
            unsafe=True,
            skip_tasks=True,
        )
        return folder

    with (
        progress("Writing the template's files in a folder of their own"),
        copier_environment(template, temporary, EXACT, ASIDE),
        _copier_errors(template),
        modes_are_kept(),
        answers_listed_once(),
        cloned_once(),
    ):
        yield write


def updated(template: Template, changes: Mapping[str, Any], old: Path, folder: Path) -> Path:
    """Let Copier update what an older version wrote: it runs the migrations of the answers."""
    from copier import run_update  # noqa: PLC0415  (slow to import; only here it is needed)

    shutil.copytree(old, folder, symlinks=True)
    for command in (("init", "--quiet"), ("add", "--all", "--force"), ("commit", "-qm", "old")):
        git(*command, at=folder)
    run_update(
        folder,
        data=dict(changes),
        vcs_ref=template.commit,
        defaults=True,
        overwrite=True,
        conflict="inline",
        quiet=True,
        unsafe=True,
        skip_tasks=True,
    )
    shutil.rmtree(folder / ".git")
    return folder


@contextmanager
def _copier_errors(template: Template) -> Iterator[None]:
    """Turn what Copier raises into failures of ours, and keep its warnings to ourselves."""
    from copier.errors import (  # noqa: PLC0415
        CopierAnswersInterrupt,
        CopierError,
        UserMessageError,
    )
    from plumbum import ProcessExecutionError  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except CopierAnswersInterrupt:
        raise KeyboardInterrupt from None
    except UserMessageError as error:
        raise _refused(str(error)) from None
    except ProcessExecutionError as error:
        why = (error.stderr or str(error)).strip().splitlines()[-1]
        raise Failure(f"Copier could not work with the template: {why}") from None
    except CopierError as error:
        raise Failure(f"Copier refused the template {template.source.url}: {error}") from None


def _refused(message: str) -> Failure:
    """What Copier or the template's own check says; the check has a line for each problem."""
    lines = message.splitlines()
    return Invalid("INCOMPLETE answers", lines) if len(lines) > 1 else Failure(message)


@contextmanager
def copier_environment(
    template: Template,
    temporary: Path,
    config: Sequence[tuple[str, str]] = (),
    variables: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """Let Copier read the template from this machine, whatever address the project records.

    Copier keeps mirrors of remote templates in a cache of the user. A mirror made here would hold
    only what this run could see, so the cache is a folder of this run alone.
    """
    pairs = [*_redirections(template), *config]
    environment = {**with_config(git_environment(), pairs), **(variables or {})}
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
