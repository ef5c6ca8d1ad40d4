"""`ferrata new`: check everything, generate all or nothing, run the gates, say what is next."""

import shlex
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ferrata.answers import load, note_warnings, with_settings
from ferrata.asking import completed
from ferrata.base import Exit, Gates, UsageFailure, need_git, note, say
from ferrata.checking import run_gates
from ferrata.making.destination import checked_destination
from ferrata.making.generate import Project, generate
from ferrata.template import Template, find, opened, warn_if_dirty


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line."""

    dest: str
    answers: Path | None
    settings: tuple[str, ...]
    gates: Gates
    template: str | None
    ref: str | None


def run(request: Request) -> Exit:
    """Do it and give the exit code."""
    if request.answers is None and not sys.stdin.isatty():
        raise UsageFailure("questions need a terminal; give the answers with --answers FILE")
    dest = checked_destination(request.dest)
    answers = with_settings(load(request.answers) if request.answers else {}, request.settings)
    need_git()
    source = find(request.template, request.ref)
    with opened(source) as template:
        project = _generated(template, request.answers, answers, dest)
        warn_if_dirty(source)
        code = _gates(template, project, request.gates)
    _say_next(project, code, request.gates)
    return code


def _generated(
    template: Template, file: Path | None, answers: dict[str, Any], dest: Path
) -> Project:
    if file is None:
        project = generate(template, None, answers, dest)
        note_warnings(template.rules, project.answers)
        return project
    whole = completed(template.rules, answers, file)
    note_warnings(template.rules, whole)
    return generate(template, whole, {}, dest)


def _gates(template: Template, project: Project, wanted: Gates) -> Exit:
    for line in project.not_run:
        note(f"ferrata: {line}")
    if wanted is Gates.NONE:
        return Exit.GREEN
    return run_gates(template.hooks, project.folder, quick=wanted is Gates.QUICK)


def _say_next(project: Project, code: Exit, ran: Gates) -> None:
    """Tell how to go on."""
    here = Path.cwd()
    inside = project.folder.is_relative_to(here)
    folder = str(project.folder.relative_to(here) if inside else project.folder)
    say(f"\n{project.answers['project_name']} is in {folder}")
    if code is not Exit.GREEN:
        say("Its gates are not green: see above, mend it, then run `make check` there.")
    say(f"  cd {shlex.quote(folder)}")
    if ran is not Gates.ALL:
        say("  make check    # runs all its gates" + (", none of which ran" * (ran is Gates.NONE)))
    say("  make dev      # starts it without Docker")
    for url in _urls(project.folder):
        say(f"  {url}")


def _urls(folder: Path) -> list[str]:
    """Where the services answer once they run; what starts last is what people use."""
    services = tomllib.loads((folder / "tools/services.toml").read_text("utf-8"))["services"]
    return [
        f"http://localhost:{service['port']}{service.get('docs', '')}"
        for service in reversed(services.values())
    ]
