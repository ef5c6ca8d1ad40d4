"""The command line: arguments in, exit code out. The work is in the other modules.

Copier takes long to import, so commands import what they need when they run.
"""

import os
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from ferrata.errors import Exit, Failure, one_line
from ferrata.output import be_robust, note, say, say_json
from ferrata.signals import unwind_on_signals

app = typer.Typer(
    name="ferrata",
    help="From validated answers to a Python microservice monorepo that can climb.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help needs no rich, which takes long to import.
    rich_markup_mode=None,
)

AnswersFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="Answers file (YAML).", show_default=False)
]
Project = Annotated[Path, typer.Argument(metavar="[PROJECT]", help="Folder of the project.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


def main() -> int:
    """Run the command line and give the exit code."""
    be_robust()
    unwind_on_signals()
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
        if code == Exit.INTERRUPTED:
            # typer makes this of a Ctrl-C, without a word.
            raise KeyboardInterrupt  # noqa: TRY301
    except BaseException as error:  # noqa: BLE001  (every end has an exit code of its own)
        return _ended(error)
    return int(code or 0)


def _ended(error: BaseException) -> Exit:
    """Say what ended the command, and give its exit code."""
    match error:
        case TyperException():
            _complain(f"{error.format_message()} (see `ferrata --help`)")
            return Exit.USAGE
        case Failure():
            _complain(str(error))
            for line in getattr(error, "lines", []):
                note(line)
            return error.exit_code
        case KeyboardInterrupt() | typer.Abort():
            _complain("interrupted; nothing half-made was left behind")
            return Exit.INTERRUPTED
        case BrokenPipeError():
            # The reader went away; without this, Python complains at its own end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return Exit.FAILURE
        case SystemExit():
            return Exit(int(error.code or 0))
        case _:
            return _bug(error)


def _complain(message: str) -> None:
    """Say what went wrong; with --json also as the one document on stdout."""
    note(f"ferrata: {one_line(message)}")
    if "--json" in sys.argv:
        say_json({"error": one_line(message)})


def _bug(error: BaseException) -> Exit:
    from ferrata.template import repository_url

    traceback.print_exception(error)
    what = f"{type(error).__name__}: {error}"
    _complain(f"{what}: this is a bug; report it with the lines above: {repository_url()}/issues")
    return Exit.BUG


@app.callback(invoke_without_command=True)
def common(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """From validated answers to a Python microservice monorepo that can climb."""
    if version:
        import importlib.metadata

        say(f"ferrata {importlib.metadata.version('ferrata')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        say(context.get_help())


@app.command()
def new(
    dest: Annotated[
        str, typer.Argument(metavar="DEST", help="New or empty folder.", show_default=False)
    ],
    answers: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Answers file (YAML); what it leaves out is asked for on a terminal.",
            show_default=False,
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Answer on top of the file; KEY may be dotted, VALUE is YAML.",
            show_default=False,
        ),
    ] = None,
    no_gates: Annotated[bool, typer.Option("--no-gates", help="Do not run the gates.")] = False,
    template: Annotated[
        str | None,
        typer.Option(
            metavar="PATH_OR_URL",
            help="Another template than the built-in one; its code is run.",
            show_default=False,
        ),
    ] = None,
    ref: Annotated[
        str | None,
        typer.Option(
            metavar="REF", help="Tag, branch or commit of the template.", show_default=False
        ),
    ] = None,
) -> int:
    """Generate a project, make its first commit and run its gates."""
    from ferrata.new import Request, run

    return run(Request(dest, answers, tuple(settings or ()), not no_gates, template, ref))


@app.command()
def validate(file: AnswersFile, as_json: Json = False) -> int:
    """Say whether the answers are complete, or everything that is missing or wrong."""
    from ferrata.answers import load
    from ferrata.template import rules
    from ferrata.validate import verdict

    return verdict(rules(), load(file), file, as_json=as_json)


@app.command()
def plan(
    file: AnswersFile,
    to: Annotated[
        int | None,
        typer.Option(
            "--to",
            metavar="LEVEL",
            min=1,
            max=4,
            help="Show what a climb to this level would add.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> int:
    """Show what would be generated, without writing it."""
    from ferrata.answers import load
    from ferrata.plan import show

    return show(load(file), file, to, as_json=as_json)


@app.command()
def check(
    project: Project = Path(),
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="GATE", help="Run only this gate (repeatable).", show_default=False),
    ] = None,
    as_json: Json = False,
) -> int:
    """Run the project's gates and write artifacts/reports/."""
    from ferrata.gates import project_folder, run_gates
    from ferrata.template import hooks

    return run_gates(hooks(), project_folder(project), only or (), as_json=as_json)


@app.command()
def handoff(project: Project = Path(), as_json: Json = False) -> int:
    """Write the QA report and the deliverables, or say what is still open."""
    from ferrata.gates import project_folder
    from ferrata.handoff import hand_off
    from ferrata.template import hooks

    return hand_off(hooks(), project_folder(project), as_json=as_json)


@app.command()
def climb(
    project: Project = Path(),
    to: Annotated[
        int | None,
        typer.Option(
            "--to", metavar="LEVEL", min=1, max=4, help="Climb to this level.", show_default=False
        ),
    ] = None,
    add: Annotated[
        list[str] | None,
        typer.Option(metavar="MODULE", help="Add this module (repeatable).", show_default=False),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Change an answer; KEY may be dotted, VALUE is YAML.",
            show_default=False,
        ),
    ] = None,
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Move to the newest template version too.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, change nothing.")
    ] = False,
    keep_conflicts: Annotated[
        bool, typer.Option("--keep-conflicts", help="Leave conflict markers instead of refusing.")
    ] = False,
) -> int:
    """Raise a project's level, add modules, restore what the template owns."""
    from ferrata.climb import Request, run

    return run(
        Request(
            project,
            to,
            tuple(add or ()),
            tuple(settings or ()),
            upgrade,
            dry_run,
            keep_conflicts,
        )
    )


@app.command()
def doctor(project: Project = Path(), as_json: Json = False) -> int:
    """Say what drifted in a project, and which tools are missing."""
    from ferrata.doctor import show

    return show(project, as_json=as_json)


@app.command()
def matrix(
    pairwise: Annotated[
        bool, typer.Option("--pairwise", help="Only a sample in which every pair occurs.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the value of a GitHub Actions matrix.")
    ] = False,
) -> int:
    """List the combinations of levels, modules and providers."""
    from ferrata.matrix import show
    from ferrata.template import rules

    return show(rules(), pairwise=pairwise, as_json=as_json)
