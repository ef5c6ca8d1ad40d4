"""`ferrata new`: check everything, generate all or nothing, run the gates, say what is next."""

import shlex
import tomllib
from dataclasses import dataclass
from pathlib import Path

from ferrata.answers import note_warnings
from ferrata.asking import Draft, completed, on_terminal, tell_of_draft
from ferrata.base import Exit, Gates, UsageFailure, need_git, note, say
from ferrata.checking import run_gates
from ferrata.making.beginning import Wishes, beginning, refuse_two
from ferrata.making.destination import checked_destination
from ferrata.making.generate import Project, generate
from ferrata.template import Template, find, opened, warn_if_dirty


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line."""

    dest: str
    wishes: Wishes
    gates: Gates
    template: str | None
    ref: str | None


def run(request: Request) -> Exit:
    """Do it and give the exit code."""
    refuse_two(request.wishes)
    if not request.wishes.any and not on_terminal():
        raise UsageFailure(
            "questions need a terminal; give the answers with --answers FILE or --example NAME"
        )
    dest = checked_destination(request.dest)
    need_git()
    source = find(request.template, request.ref)
    with opened(source) as template:
        project = _generated(template, request.wishes, dest)
        warn_if_dirty(source)
        code = _gates(template, project, request.gates)
    _say_next(project, code, request.gates)
    return code


def _generated(template: Template, wishes: Wishes, dest: Path) -> Project:
    """Complete the answers and make the project; replies are kept until it is there."""
    start, draft = beginning(template, wishes), Draft(dest)
    try:
        answers = completed(template.rules, start, draft)
        note_warnings(template.rules, answers)
        project = generate(template, answers, dest)
    except BaseException:
        tell_of_draft(draft)
        raise
    draft.discard()
    return project


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
    is_here = project.folder == here
    say(f"\n{project.answers['project_name']} is in {'this folder' if is_here else folder}")
    if not is_here:
        say(f"  cd {shlex.quote(folder)}")
    if code is not Exit.GREEN:
        say("  make check    # again, once what is told above is mended")
        return
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
