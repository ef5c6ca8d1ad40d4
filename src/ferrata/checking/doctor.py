"""What is missing on the machine, and what drifted in a project."""

import platform
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from ferrata.base import Exit, Failure, progress, say, say_json, scratch
from ferrata.project import Recorded, edited_by_hand, project_folder, read, source
from ferrata.template import (
    ANSWERS_FILE,
    Template,
    hooks,
    newest_release,
    opened,
    releases,
    render,
    rules,
)

ONLY_UP = "only `make up` needs it; `make dev` does not"
PATIENCE_S = 10
State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    name: str
    state: State
    message: str


def examine(given: Path, *, as_json: bool) -> Exit:
    """Print every finding; 1 if something is wrong."""
    with progress("Looking"):
        findings = [*_tools(), *_project(given)]
    sound = all(finding.state != "fail" for finding in findings)
    if as_json:
        say_json({"ok": sound, "checks": [asdict(finding) for finding in findings]})
    else:
        width = max(len(finding.name) for finding in findings)
        for finding in findings:
            say(f"{finding.state:<4}  {finding.name:<{width}}  {finding.message}")
    return Exit.GREEN if sound else Exit.FAILURE


def _tools() -> Iterator[Finding]:
    yield Finding("python", "ok", platform.python_version())
    yield _tool("git", "fail", "install it (https://git-scm.com)")
    yield _uv()
    yield _tool("make", "warn", "the project's commands are Makefile targets; install it")
    yield _docker()


def _tool(name: str, missing: State, remedy: str) -> Finding:
    path = shutil.which(name)
    return Finding(name, "ok", path) if path else Finding(name, missing, f"is missing; {remedy}")


def _docker() -> Finding:
    """Docker is a command and an engine, and Compose a part of the command."""
    found = _tool("docker", "warn", ONLY_UP)
    if found.state != "ok":
        return found
    for arguments, what in (
        (["info"], "no engine answers"),
        (["compose", "version"], "no Compose"),
    ):
        if not _answers_to([found.message, *arguments]):
            return Finding("docker", "warn", f"{found.message}, but {what}; {ONLY_UP}")
    return found


def _answers_to(command: list[str]) -> bool:
    try:
        done = subprocess.run(command, check=False, capture_output=True, timeout=PATIENCE_S)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _uv() -> Finding:
    steps = hooks()
    try:
        return Finding("uv", "ok", steps.find_uv())
    except steps.NotRun as reason:
        return Finding("uv", "fail", str(reason))


def _project(given: Path) -> Iterator[Finding]:
    try:
        project = project_folder(given, (ANSWERS_FILE,))
    except Failure as failure:
        yield Finding("project", "fail", str(failure))
        return
    yield Finding("project", "ok", str(project))
    recorded, finding = _answers(project)
    yield finding
    if recorded is not None and shutil.which("git"):
        yield from _template(project, recorded)


def _answers(project: Path) -> tuple[Recorded | None, Finding]:
    """Read what the project remembers; it must be as Copier wrote it."""
    try:
        recorded = read(project)
    except Failure as failure:
        return None, Finding("answers", "fail", str(failure))
    if edited_by_hand(project, recorded, rules()):
        return recorded, Finding(
            "answers",
            "fail",
            f"{ANSWERS_FILE} was edited by hand, which does nothing; take the edit back "
            f"(`git log -p -- {ANSWERS_FILE}`) and use `ferrata climb`",
        )
    return recorded, Finding("answers", "ok", f"{ANSWERS_FILE} is as the last update wrote it")


def _template(project: Path, recorded: Recorded) -> Iterator[Finding]:
    try:
        chosen = source(recorded)
        with opened(chosen) as template:
            yield Finding("template", "ok", f"{chosen.url} at {recorded.commit}")
            yield _newer(template, recorded.commit)
            yield from _drift(project, template, recorded)
    except Failure as failure:
        yield Finding("template", "warn", f"drift NOT CHECKED: {failure}")


def _newer(template: Template, commit: str) -> Finding:
    newest = newest_release(template.repository)
    known = releases(template.repository)
    if newest is None or commit not in known or commit == newest:
        return Finding("version", "ok", f"no newer release than {commit} is known here")
    return Finding("version", "warn", f"{newest} is there, the project has {commit}")


def _drift(project: Path, template: Template, recorded: Recorded) -> Iterator[Finding]:
    """Compare the project with a fresh rendering of the recorded answers."""
    with scratch() as folder:
        fresh = folder / project.name
        render(template, recorded.answers, fresh)
        files = sorted(
            path.relative_to(fresh).as_posix() for path in fresh.rglob("*") if path.is_file()
        )
        owned = [file for file in files if template.rules.owner(file) == "template"]
        missing = [file for file in owned if not (project / file).exists()]
        edited = [
            file
            for file in owned
            if file not in missing and not _same(fresh / file, project / file)
        ]
    yield from (
        Finding("missing", "fail", f"{file}: the template's; `ferrata climb` restores it")
        for file in missing
    )
    yield from (
        Finding("edited", "warn", f"{file}: the template's; updates merge into it")
        for file in edited
    )
    if not missing and not edited:
        yield Finding("drift", "ok", f"{len(owned)} files of the template are untouched")
    yield _seeds(project, [file for file in files if file not in owned])


def _seeds(project: Path, seeds: list[str]) -> Finding:
    gone = [file for file in seeds if not (project / file).exists()]
    deleted = f", {len(gone)} deleted or renamed; they stay so" if gone else ""
    return Finding("seeds", "ok", f"{len(seeds)} files were seeded and are yours{deleted}")


def _same(fresh: Path, file: Path) -> bool:
    """Compare lines; how they end in the folder is a matter between git and its user."""
    return file.is_file() and _lines(fresh) == _lines(file)


def _lines(file: Path) -> bytes:
    return file.read_bytes().replace(b"\r\n", b"\n")
