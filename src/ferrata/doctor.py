"""What is missing on the machine, and what drifted in a project."""

import filecmp
import platform
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pathspec import PathSpec

from ferrata.context import configuration
from ferrata.errors import Exit, Failure
from ferrata.gates import project_folder
from ferrata.output import progress, say, say_json
from ferrata.processes import GitError, git
from ferrata.rendering import render
from ferrata.template import (
    ANSWERS_FILE,
    Source,
    Template,
    built_in,
    find,
    hooks,
    newest_release,
    opened,
    releases,
    scratch,
)

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    name: str
    state: State
    message: str


def show(given: Path, *, as_json: bool) -> Exit:
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
    yield _tool("docker", "warn", "only `make up` needs it; `make dev` does not")


def _tool(name: str, missing: State, remedy: str) -> Finding:
    path = shutil.which(name)
    return Finding(name, "ok", path) if path else Finding(name, missing, f"is missing; {remedy}")


def _uv() -> Finding:
    steps = hooks()
    try:
        return Finding("uv", "ok", steps.find_uv())
    except steps.NotRun as reason:
        return Finding("uv", "fail", str(reason))


def _project(given: Path) -> Iterator[Finding]:
    try:
        project = project_folder(given)
    except Failure as failure:
        yield Finding("project", "fail", str(failure))
        return
    yield Finding("project", "ok", str(project))
    recorded, finding = _answers(project)
    yield finding
    if recorded is not None and shutil.which("git"):
        yield from _template(project, recorded)


def _answers(project: Path) -> tuple[dict[str, Any] | None, Finding]:
    """Read what the project remembers; it must be as Copier wrote it."""
    try:
        loaded = yaml.safe_load((project / ANSWERS_FILE).read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        return None, Finding(
            "answers", "fail", f"{ANSWERS_FILE} cannot be read: {error}".splitlines()[0]
        )
    if not isinstance(loaded, dict) or not {"_src_path", "_commit"} <= loaded.keys():
        return None, Finding(
            "answers", "fail", f"{ANSWERS_FILE} does not name its template; restore it from git"
        )
    return loaded, Finding("answers", *_edited_by_hand(project))


def _edited_by_hand(project: Path) -> tuple[State, str]:
    try:
        changed = git("status", "--porcelain", "--", ANSWERS_FILE, at=project)
    except GitError as error:
        return "warn", f"not compared with git: {error}"
    if changed:
        return (
            "fail",
            f"{ANSWERS_FILE} was edited by hand, which does nothing; `git checkout {ANSWERS_FILE}`",
        )
    return "ok", f"{ANSWERS_FILE} is as committed"


def _template(project: Path, recorded: Mapping[str, Any]) -> Iterator[Finding]:
    try:
        source = _source(recorded)
        with opened(source) as template:
            yield Finding("template", "ok", f"{source.url} at {recorded['_commit']}")
            yield _newer(template, str(recorded["_commit"]))
            yield from _drift(project, template, recorded)
    except Failure as failure:
        yield Finding("template", "warn", f"drift NOT CHECKED: {failure}")


def _source(recorded: Mapping[str, Any]) -> Source:
    """The recorded template, read from what came with this ferrata if that has the commit."""
    url, commit = str(recorded["_src_path"]), str(recorded["_commit"])
    own = built_in(commit)
    if url != own.url:
        return find(url, commit)
    try:
        with opened(own):
            return own
    except Failure:
        return find(url, commit)


def _newer(template: Template, commit: str) -> Finding:
    newest = newest_release(template.repository)
    known = releases(template.repository)
    if newest is None or commit not in known or commit == newest:
        return Finding("version", "ok", f"no newer release than {commit} is known here")
    return Finding("version", "warn", f"{newest} is there, the project has {commit}")


def _drift(project: Path, template: Template, recorded: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare the template's own files with a fresh rendering of the recorded answers."""
    answers = {key: value for key, value in recorded.items() if not key.startswith("_")}
    with scratch() as folder:
        fresh = folder / project.name
        render(template, answers, {}, fresh)
        files = _template_owned(fresh, template)
        missing = [file for file in files if not (project / file).exists()]
        edited = [
            file
            for file in files
            if file not in missing and not _same(fresh / file, project / file)
        ]
    yield from (
        Finding("missing", "fail", f"{file}: the template's; restore it with git")
        for file in missing
    )
    yield from (
        Finding("edited", "warn", f"{file}: the template's; updates merge into it")
        for file in edited
    )
    if not missing and not edited:
        yield Finding("drift", "ok", f"{len(files)} files of the template are untouched")


def _template_owned(fresh: Path, template: Template) -> list[str]:
    settings, _ = configuration(template.tree)
    owners = PathSpec.from_lines("gitignore", settings["skip_if_exists"])
    files = sorted(
        path.relative_to(fresh).as_posix() for path in fresh.rglob("*") if path.is_file()
    )
    return [file for file in files if not owners.match_file(file)]


def _same(one: Path, other: Path) -> bool:
    return filecmp.cmp(one, other, shallow=False)
