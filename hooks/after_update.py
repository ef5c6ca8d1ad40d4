"""What an update leaves to do once Copier has merged: the whole of it anew, and gates.

`copier update --trust` runs this file inside the project, last. Copier alone re-creates seeds that
their owner deleted, leaves out files of the template that were deleted, loses edits in files that
the template drops or whose bytes are no UTF-8, and ends with 0 on conflicts. So its result is taken
back here, and what `ferrata climb` does is done in its place; `before_update.py` refused before
whatever Copier could have destroyed.

It runs in Copier's environment and needs nothing else. FERRATA_GATES=off leaves the gates out.
"""

import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

TEMPLATE = Path(__file__).resolve().parent.parent
ANSWERS_FILE = ".copier-answers.yml"

# Set by `ferrata climb`, which takes the steps itself; set by people who want no gates.
STEPS, GATES, OFF = "FERRATA_STEPS", "FERRATA_GATES", "off"
GREEN, FAILURE = 0, 1
GROWS = (
    "entities and fields are added with `ferrata add entity` and `ferrata add field`, which write "
    "into files that are yours; Copier alone cannot"
)
ASKS_GIT = "_sync_git_index_executable_bit"


class NotTakenBack(Exception):  # noqa: N818  (a state that is told, with what helps)
    """Files were written, and not all of them could be put back."""


@cache
def module(name: str) -> ModuleType:
    """A module or package beside this file, of this very version, whichever else is loaded."""
    file = Path(__file__).with_name(name)
    file = file / "__init__.py" if file.is_dir() else file.with_suffix(".py")
    return load(f"{__name__}_{name}", file)


def load(name: str, file: Path) -> ModuleType:
    """Load a file as a module of that name, or a package by its `__init__.py`."""
    inner = [str(file.parent)] if file.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=inner)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python module")
    loaded = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def updating() -> ModuleType:
    """The machine of an update."""
    return module("updating")


def steps() -> ModuleType:
    """The steps that a new project takes too."""
    return module("after_copy")


def render(source: Path, commit: str, recorded: Mapping[str, Any], target: Path) -> Path:
    """Write the files of one version of the template for recorded answers."""
    from copier import _main, run_copy  # noqa: PLC0415  (slow to import)

    # Copier would ask git about each file; what is written here is in no repository.
    if hasattr(_main.Worker, ASKS_GIT):
        setattr(_main.Worker, ASKS_GIT, lambda *_: None)
    run_copy(
        str(source),
        target,
        data={key: value for key, value in recorded.items() if not key.startswith("_")},
        vcs_ref=commit,
        defaults=True,
        quiet=True,
        unsafe=True,
        skip_tasks=True,
    )
    return target


def make(project: Path, journal: Any, outcome: Any) -> tuple[list[str], list[str]]:
    """Pin the packages and complete .env; give what was made, and why something was not."""
    lock = updating().LOCK
    told, made = [journal.complete_env(lambda desk: _completed(project, desk))], []
    if pins(project, outcome.touched):
        told.append(_locked(project, journal))
        known = lock in outcome.before or not journal.repository.ignored(lock)
        if _stands_for_the_lock(project) == "file" and known:
            made.append(lock)
    return made, [line for line in told if line]


def pins(project: Path, touched: Iterable[str]) -> bool:
    """Say whether uv.lock has to be made: what it is made of changes, or it was left behind."""
    if any(Path(path).name == "pyproject.toml" for path in touched):
        return True
    return _stands_for_the_lock(project) == "file" and not steps().locked(project)


def _stands_for_the_lock(project: Path) -> str | None:
    kind: str | None = updating().kind_at(project / updating().LOCK)
    return kind


def _locked(project: Path, journal: Any) -> str:
    """Pin the packages, unless something of another kind is there; give why that was not done."""
    kind = _stands_for_the_lock(project)
    if kind not in {None, "file"}:
        return f"uv.lock: your {kind} stands there and is kept; pin the packages yourself"
    try:
        steps().lock(project)
    except steps().NotRun as reason:
        journal.lock_back()
        return f"uv.lock: NOT RUN: {reason}; the next climb catches up"
    return ""


def _completed(project: Path, desk: Path) -> str:
    try:
        steps().write_env(project, desk)
    except steps().NotRun as reason:
        return f".env: NOT RUN: {reason}"
    return ""


def main() -> int:
    """Take every step and say how it went; a conflict is a failure, as loud as can be."""
    if os.environ.get(STEPS) == OFF:
        return GREEN
    code = _updated(Path.cwd())
    return code if code or os.environ.get(GATES) == OFF else _gates(Path.cwd())


def _updated(project: Path) -> int:
    """Take Copier's result back and do the update; whatever fails, say what is there then."""
    try:
        new = (project / ANSWERS_FILE).read_bytes()
        _take_copier_back(project)
    except Exception as error:  # noqa: BLE001  (it is told in one line, whatever it is)
        _say(f"the update failed: {why(error)}; {_to_go_back(project)}")
        return FAILURE
    try:
        # What cannot be cleared away says nothing of the update.
        with tempfile.TemporaryDirectory(prefix="ferrata.", ignore_cleanup_errors=True) as scratch:
            lines, code = _done(project, Path(scratch), new)
    except NotTakenBack as error:
        _say(f"the update failed: {error}; {_to_go_back(project)}")
        return FAILURE
    except Exception as error:  # noqa: BLE001  (it is told in one line, whatever it is)
        _say(f"the update failed: {why(error)}; the project is as before")
        return FAILURE
    for line in lines:
        _say(line)
    return code


def _take_copier_back(project: Path) -> None:
    machine = updating()
    machine.take_copier_back(machine.Repository(project, project))


def why(error: Exception) -> str:
    """What went wrong, in one line; what nobody expected says what it is."""
    text = " ".join(str(error).split())
    machine = updating()
    expected = (machine.GitError, machine.Stuck, OSError)
    return text if text and isinstance(error, expected) else f"{type(error).__name__}: {text}"


def _to_go_back(project: Path) -> str:
    """How to be where the update began: Copier updates no project in which something differs."""
    machine = updating()
    repository = machine.Repository(project, project)
    try:
        lock, prefix = repository.index_lock, repository.prefix
    except (machine.GitError, OSError):
        lock, prefix = None, ""
    unlock = f"remove {lock}, then " if lock and lock.exists() else ""
    back = f"{machine.back(prefix)} && git clean -d --force{' .' if prefix else ''}"
    return (
        f"nothing is lost: {unlock}`{back}`, and `copier update` again, "
        "which takes back first what is left of this one"
    )


def _done(project: Path, scratch: Path, new: bytes) -> tuple[list[str], int]:
    """Refuse the update or write it; give what there is to say, and the exit code."""
    machine = updating()
    repository = machine.Repository(project, scratch / "git")
    repository.scratch.mkdir()
    old = repository.git("show", f"HEAD:./{ANSWERS_FILE}")
    if _named(old) != _named(new):
        return [f"{GROWS}; nothing was changed"], FAILURE
    outcome = machine.planned(
        repository, _version(old, scratch / "old"), _version(new, scratch / "new")
    )
    if refused := machine.in_the_way(repository, outcome):
        title = "The update would lose something of yours; nothing was changed:"
        return [title, *_indented(refused)], FAILURE
    # Once it is applied, nothing that could fail is done any more.
    end = f"Mend them and commit, or go back: {repository.undo}"
    told = _applied(repository, outcome)
    told += [f"{path}: restored; it is the template's and was deleted" for path in outcome.restored]
    if not outcome.conflicts:
        return told, GREEN
    title = f"CONFLICTS in {len(outcome.conflicts)} file(s); the update is not finished:"
    return [*told, title, *_indented(outcome.conflicts), end], FAILURE


def _named(answers: bytes) -> list[tuple[str, list[str]]]:
    """The entities and their fields by name."""
    entities = yaml.safe_load(answers)["entities"]
    return [(entity["name"], [field["name"] for field in entity["fields"]]) for entity in entities]


def _version(answers: bytes, target: Path) -> Path:
    """What the template writes for some answers; the file with them is the one that was given."""
    recorded = yaml.safe_load(answers)
    render(TEMPLATE, str(recorded["_commit"]), recorded, target)
    (target / ANSWERS_FILE).write_bytes(answers)
    return target


def _applied(repository: Any, outcome: Any) -> list[str]:
    """Write it in one step, and give what could not be made."""
    machine = updating()
    with machine.exclusive(repository):
        journal = machine.Journal(repository)
        journal.begin(outcome, ANSWERS_FILE)
        try:
            journal.write()
            made, told = make(repository.project, journal, outcome)
            journal.finish(made)
        except BaseException as error:
            _take_back(journal, error)
            raise
    return [*outcome.told, *told]


def _take_back(journal: Any, error: BaseException) -> None:
    try:
        journal.take_back()
    except Exception as fault:  # noqa: BLE001  (it is told in one line, whatever it is)
        raise NotTakenBack(f"{error}, and could not be taken back ({why(fault)})") from None


def _gates(folder: Path) -> int:
    taken = steps()
    try:
        taken.sync(folder)
        code: int = taken.check(folder)
    except (taken.NotRun, OSError) as reason:
        _say(f"gates: NOT RUN: {reason}")
        return FAILURE
    if code != GREEN:
        _say("GATES ARE RED. Look at the lines above, mend them and run `make check`.")
    return code


def _indented(lines: Iterable[object]) -> list[str]:
    return [f"  {line}" for line in lines]


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n".encode("utf-8", "backslashreplace").decode())
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
