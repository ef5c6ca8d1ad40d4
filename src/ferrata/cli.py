"""The command line: what each command takes, and which folder does its work.

Copier takes long to import, so commands import what they need when they run.
"""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperOption

from ferrata.base import Gates, say
from ferrata.base import version as package_version
from ferrata.ending import ended

LEVELS = ("1", "2", "3", "4")


class Once(TyperCommand):
    """A command in which an option with one value is given once; the last one would win silently."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse what is given again."""
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        for option in (option for option in order if isinstance(option, TyperOption)):
            if order.count(option) > 1 and not (option.multiple or option.is_flag):
                ctx.fail(f"{option.opts[0]} is given {order.count(option)} times; give it once")
        return super().parse_args(ctx, args)


def level_number(text: str) -> int:
    """Read the number of a level."""
    if text not in LEVELS:
        raise typer.BadParameter(f"must be 1, 2, 3 or 4; got: {text}")
    return int(text)


def gates_named(text: str) -> Gates:
    """Read which gates run."""
    if text not in set(Gates):
        raise typer.BadParameter(f"must be all, quick or none; got: {text}")
    return Gates(text)


def names(given: list[str] | None) -> tuple[str, ...]:
    """Give the names of an option that is repeated, has several between commas, or both."""
    return tuple(name for value in given or () for name in value.replace(",", " ").split())


app = typer.Typer(
    name="ferrata",
    help="From validated answers to a Python microservice monorepo that can climb.",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    # Plain help needs no rich, which takes long to import.
    rich_markup_mode=None,
    epilog="Begin with `ferrata new my_system`; `ferrata examples` has some to look at.",
)

AnswersFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="Answers file (YAML).", show_default=False)
]
Project = Annotated[Path, typer.Argument(metavar="[PROJECT]", help="Folder of the project.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


def main() -> int:
    """Run the command line and give the exit code."""
    return ended(app)


@app.callback(invoke_without_command=True)
def common(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """From validated answers to a Python microservice monorepo that can climb."""
    if version:
        say(f"ferrata {package_version()}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        say(context.get_help())


@app.command(cls=Once)
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
    example: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The answers of an example; `ferrata examples` lists them.",
            show_default=False,
        ),
    ] = None,
    minimal: Annotated[
        bool,
        typer.Option(
            "--minimal", help="Five questions, level 1; the other answers are marked as open."
        ),
    ] = False,
    level: Annotated[
        int | None,
        typer.Option(
            metavar="N", parser=level_number, help="Begin at this level.", show_default=False
        ),
    ] = None,
    modules: Annotated[
        list[str] | None,
        typer.Option(
            "--module", metavar="NAME", help="With this module (repeatable).", show_default=False
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Answer on top of all that; KEY may be dotted, VALUE is YAML (repeatable).",
            show_default=False,
        ),
    ] = None,
    gates: Annotated[
        Gates,
        typer.Option(
            help="Which gates run: all, those that take seconds, or none.",
            metavar="all|quick|none",
            parser=gates_named,
        ),
    ] = Gates.ALL,
    no_gates: Annotated[bool, typer.Option("--no-gates", help="The same as --gates none.")] = False,
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
    """Generate a project, make its first commit and run its gates.

    Without answers it asks the questions. What you answer is kept until the project is there.
    """
    from ferrata.making import Request, Wishes, run

    wishes = Wishes(answers, example, minimal, level, names(modules), tuple(settings or ()))
    return run(Request(dest, wishes, Gates.NONE if no_gates else gates, template, ref))


@app.command(cls=Once)
def examples(as_json: Json = False) -> int:
    """List the examples that come with Ferrata."""
    from ferrata.making import show_examples

    return show_examples(as_json=as_json)


@app.command(cls=Once)
def validate(file: AnswersFile, as_json: Json = False) -> int:
    """Say what is missing or wrong in answers, all at once."""
    from ferrata.answers import load, verdict
    from ferrata.template import rules

    return verdict(rules(), load(file), file, as_json=as_json)


@app.command(cls=Once)
def plan(
    file: AnswersFile,
    to: Annotated[
        int | None,
        typer.Option(
            "--to",
            metavar="LEVEL",
            parser=level_number,
            help="Show what a climb to this level would add.",
            show_default=False,
        ),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Name every feature and file.")] = False,
    as_json: Json = False,
) -> int:
    """Show what would be generated, without writing it."""
    from ferrata.answers import load
    from ferrata.planning import show_plan

    return show_plan(load(file), file, to, full=full, as_json=as_json)


@app.command(cls=Once)
def check(
    project: Project = Path(),
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="GATE", help="Run only this gate (repeatable).", show_default=False),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Run only those that take seconds.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Keep nothing from an earlier run.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Run the project's gates and write artifacts/reports/."""
    from ferrata.checking import run_gates
    from ferrata.project import project_folder
    from ferrata.template import hooks

    return run_gates(
        hooks(), project_folder(project), names(only), quick=quick, fresh=fresh, json=as_json
    )


@app.command(cls=Once)
def handoff(project: Project = Path(), as_json: Json = False) -> int:
    """Write the QA report, or say what is still open."""
    from ferrata.checking import hand_off
    from ferrata.project import project_folder
    from ferrata.template import hooks

    return hand_off(hooks(), project_folder(project), as_json=as_json)


@app.command(cls=Once)
def climb(
    project: Project = Path(),
    to: Annotated[
        int | None,
        typer.Option(
            "--to",
            metavar="LEVEL",
            parser=level_number,
            help="Climb to this level.",
            show_default=False,
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
    full: Annotated[bool, typer.Option("--full", help="Name every file.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show every line that changes.")] = False,
    as_json: Json = False,
) -> int:
    """Raise a project's level, add modules, upgrade the template."""
    from ferrata.climbing import Request, run

    return run(
        Request(
            project,
            to,
            names(add),
            tuple(settings or ()),
            upgrade,
            dry_run,
            keep_conflicts,
            full,
            diff,
            as_json,
        )
    )


add = typer.Typer(
    help="Grow a project in breadth: entities, fields, modules.",
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(add, name="add")

OfProject = Annotated[Path, typer.Option("--project", metavar="FOLDER", help="The project.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, change nothing.")]
KeepConflicts = Annotated[
    bool,
    typer.Option(
        "--keep-conflicts", help="Do all else where lines are left to you, instead of refusing."
    ),
]


@add.command(cls=Once)
def entity(
    given: Annotated[
        str,
        typer.Argument(
            metavar="FILE|NAME",
            help="An entity as in the answers (YAML), or its name; a terminal asks for the rest.",
            show_default=False,
        ),
    ],
    project: OfProject = Path(),
    dry_run: DryRun = False,
    keep_conflicts: KeepConflicts = False,
    as_json: Json = False,
) -> int:
    """Add an entity, from its table to its routes and tests."""
    from ferrata.growing import new_entity

    return _grow(new_entity(given), project, dry_run, keep_conflicts, as_json)


@add.command(cls=Once)
def field(
    entity: Annotated[
        str, typer.Argument(metavar="ENTITY", help="The entity.", show_default=False)
    ],
    fields: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME:TYPE...",
            help="Such as note:text, state:enum=open:closed,default=open or user_id:reference=user.",
            show_default=False,
        ),
    ],
    project: OfProject = Path(),
    dry_run: DryRun = False,
    keep_conflicts: KeepConflicts = False,
    as_json: Json = False,
) -> int:
    """Add fields to an entity, with a safe migration."""
    from ferrata.growing import new_fields

    return _grow(new_fields(entity, fields), project, dry_run, keep_conflicts, as_json)


@add.command(cls=Once)
def module(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The module.", show_default=False)],
    project: OfProject = Path(),
    dry_run: DryRun = False,
    keep_conflicts: KeepConflicts = False,
    as_json: Json = False,
) -> int:
    """Add a module: the same as `ferrata climb --add NAME`."""
    return _grow(None, project, dry_run, keep_conflicts, as_json, (name,))


def _grow(
    growth: Any,
    project: Path,
    dry_run: bool,
    keep_conflicts: bool,
    as_json: bool,
    modules: tuple[str, ...] = (),
) -> int:
    """Climb to where there is more, at the same level."""
    from ferrata.climbing import Request, run

    return run(
        Request(
            project,
            None,
            modules,
            (),
            upgrade=False,
            dry_run=dry_run,
            keep_conflicts=keep_conflicts,
            full=False,
            diff=False,
            as_json=as_json,
            growth=growth,
        )
    )


@app.command(cls=Once)
def doctor(project: Project = Path(), as_json: Json = False) -> int:
    """Say what drifted in a project, and which tools are missing."""
    from ferrata.checking import examine

    return examine(project, as_json=as_json)


@app.command(cls=Once)
def matrix(
    pairwise: Annotated[
        bool, typer.Option("--pairwise", help="Only a sample in which every pair occurs.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the value of a GitHub Actions matrix.")
    ] = False,
) -> int:
    """List the combinations of levels, modules and providers."""
    from ferrata.planning import show_combinations
    from ferrata.template import rules

    return show_combinations(rules(), pairwise=pairwise, as_json=as_json)
