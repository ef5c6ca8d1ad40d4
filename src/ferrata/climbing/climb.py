"""`ferrata climb`: try it in a copy, refuse what cannot be clean, apply, run the gates."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ferrata.answers import with_settings
from ferrata.base import (
    Exit,
    Failure,
    GitError,
    Invalid,
    git,
    need_git,
    note,
    progress,
    reason,
    say,
    say_json,
    scratch,
)
from ferrata.checking import blame, lacks, last_run, run_climbed
from ferrata.climbing.apply import apply, recovered
from ferrata.climbing.preview import Preview, previewed
from ferrata.climbing.report import Report, as_document, as_text, left_to_do, report
from ferrata.climbing.repository import clean_repository, refuse_uncommitted
from ferrata.growing import Growth
from ferrata.project import RESTORE, Recorded, edited_by_hand, project_folder, read, source
from ferrata.template import ANSWERS_FILE, Template, opened, updates


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line."""

    project: Path
    to: int | None
    add: tuple[str, ...]
    settings: tuple[str, ...]
    upgrade: bool
    dry_run: bool
    keep_conflicts: bool
    full: bool
    diff: bool
    as_json: bool = False
    growth: Growth | None = None


class Conflicts(Failure):
    """The climb cannot be clean; a line for each file says why."""

    def __init__(self, message: str, lines: list[str]) -> None:
        """Keep the files apart from what happened."""
        super().__init__(message)
        self.lines = lines


def run(request: Request) -> Exit:
    """Do it and give the exit code."""
    need_git()
    project = project_folder(request.project, (ANSWERS_FILE,))
    with ExitStack() as stack:
        try:
            climb = _worked_out(request, project, stack)
        except (OSError, GitError, updates().updating().GitError) as error:
            raise Failure(
                f"the climb could not be worked out: {_place(error)}; nothing was changed"
            ) from None
        return climb.finish()


def _place(error: Exception) -> str:
    file = getattr(error, "filename", None)
    return f"{file}: {reason(error)}" if file else reason(error)


def _worked_out(request: Request, project: Path, stack: ExitStack) -> "_Climb":
    """Everything that is known of a climb before it happens."""
    repository = clean_repository(project, stack.enter_context(scratch()))
    for done in recovered(repository):
        note(f"ferrata: {done}")
    refuse_uncommitted(repository)
    recorded = read(project)
    template = stack.enter_context(_template(recorded, upgrade=request.upgrade))
    _refuse_edited(recorded, project, template)
    answers = _answers(request, project, recorded, template)
    changes = {key: answers[key] for key in answers if recorded.answers.get(key) != answers[key]}
    preview = previewed(repository, template, recorded, changes, moves=request.upgrade)
    told = report(preview, template)
    # Whatever has to be known is known before anything is written.
    _ = repository.undo
    diff = ["", preview.diff.rstrip("\n")] if request.diff else []
    return _Climb(request, template, preview, told, diff)


@contextmanager
def _template(recorded: Recorded, *, upgrade: bool) -> Iterator[Template]:
    """The version of the template to climb with: the recorded one, or the newest."""
    with ExitStack() as stack:
        try:
            with progress("Reading the template"):
                chosen = source(recorded)
                version = replace(chosen, ref=None) if upgrade else chosen
                template = stack.enter_context(opened(version))
        except Failure as failure:
            raise Failure(
                f"{failure}; if the template moved, write its new address as _src_path into "
                f"{ANSWERS_FILE}, commit that and try again; nothing was changed"
            ) from None
        if upgrade:
            _refuse_older(recorded, template)
        yield template


def _refuse_older(recorded: Recorded, template: Template) -> None:
    """Stop if the newest release is not one that came after the project's version."""
    try:
        git("merge-base", "--is-ancestor", recorded.commit, template.commit, at=template.repository)
    except GitError:
        raise Failure(
            f"the newest version of the template is not later than the project's, "
            f"{recorded.commit}; climb without --upgrade"
        ) from None


def _refuse_edited(recorded: Recorded, project: Path, template: Template) -> None:
    if edited_by_hand(project, recorded, template.rules):
        raise Failure(
            f"{ANSWERS_FILE} was edited by hand, which does nothing; take the edit back "
            f"(`git log -p -- {ANSWERS_FILE}`), commit, and give it as --to, --add or --set"
        )


def _answers(
    request: Request, project: Path, recorded: Recorded, template: Template
) -> dict[str, Any]:
    """The answers after the climb, or everything that is wrong with them."""
    rules = template.rules
    _need_answers(recorded.answers)
    before = _given(recorded.answers, rules.OPTIONAL_TEXTS)
    after = with_settings(before, request.settings)
    if request.growth:
        after = request.growth(rules, project, after)
        # What grows is the one change of entities that there is.
        before = {**before, "entities": after["entities"]}
    if request.to is not None:
        after["level"] = request.to
    if request.add:
        after["modules"] = list(dict.fromkeys([*before["modules"], *request.add]))
    problems = rules.problems(after)
    if request.upgrade:
        # A migration may still rename what was recorded; Copier checks that once it ran.
        touched = {key for key in after if after[key] != before.get(key)}
        problems = [found for found in problems if _key(found) in touched]
    problems = problems or rules.refused_changes(before, after)
    if len(problems) == 1:
        raise Failure(f"{problems[0]}; nothing was changed")
    if problems:
        raise Invalid("the climb would give wrong answers", [str(found) for found in problems])
    return after


def _need_answers(answers: Mapping[str, Any]) -> None:
    """Stop without the answers that every version records, or with others than it records."""
    kinds = {"project_name": str, "level": int, "modules": list, "entities": list}
    wrong = [key for key, kind in kinds.items() if not isinstance(answers.get(key), kind)]
    named = all(
        isinstance(each, dict) and "name" in each and isinstance(each.get("fields"), list)
        for each in (answers.get("entities") or ())
    )
    if wrong or not named:
        raise Failure(
            f"{ANSWERS_FILE} does not say what it has to of {', '.join(wrong) or 'entities'}; {RESTORE}"
        )


def _given(answers: Mapping[str, Any], optional: frozenset[str]) -> dict[str, Any]:
    """The answers without those that were left empty."""
    return {key: value for key, value in answers.items() if value != "" or key not in optional}


def _key(problem: Any) -> str:
    return str(problem.path).split(".")[0].split("[")[0]


@dataclass(frozen=True)
class _Climb:
    """A climb whose preview is there."""

    request: Request
    template: Template
    preview: Preview
    told: Report
    diff: list[str]

    def finish(self) -> Exit:
        """Refuse or apply it."""
        refused, conflicts = [*self.preview.refused], [*self.preview.outcome.conflicts]
        told = self.told
        if self.preview.empty and not conflicts and not updates().pins(self._project, ()):
            self._say([_nothing_to_do(self.preview.before, told)])
            self._say_json(told, applied=False)
            return Exit.GREEN
        if self.request.dry_run or not (refused or conflicts):
            self._say([*as_text(told, full=self.request.full), *self.diff])
        if refused or (conflicts and (self.request.dry_run or not self.request.keep_conflicts)):
            found = [*refused, *conflicts]
            raise Conflicts(_cannot(refused, conflicts, told), _as_lines(found))
        if self.request.dry_run:
            self._say(["", "Nothing was changed (--dry-run)."])
            self._say_json(told, applied=False)
            return Exit.GREEN
        return self._applied(told, conflicts)

    @property
    def _project(self) -> Path:
        return Path(self.preview.repository.project)

    def _say(self, lines: list[str]) -> None:
        """Tell people; with --json there is one document and nothing else."""
        if not self.request.as_json:
            say("\n".join(lines))

    def _say_json(self, told: Report, *, applied: bool, gates: Exit | None = None) -> None:
        if self.request.as_json:
            document = as_document(told, self.preview.repository)
            ended = None if gates is None else gates.name.lower()
            say_json({**document, "applied": applied, "gates": ended})

    def _applied(self, told: Report, conflicts: list[Any]) -> Exit:
        project, repository = self._project, self.preview.repository
        before = last_run(project)
        for line in apply(self.preview):
            note(f"ferrata: {line}")
        if conflicts:
            raise Conflicts(
                f"all else is done, as --keep-conflicts asks; {_left(conflicts)}; "
                f"{_to_mend(conflicts)} and commit, or take all back with `{repository.undo}`",
                _as_lines(conflicts),
            )
        code = run_climbed(self.template.hooks, project, on_stderr=self.request.as_json)
        if code is Exit.RED:
            self._say(["", f"{told.done}, but its gates are not green."])
            self._say([*blame(self.template.hooks, repository, before), *lacks(project)])
        self._say(left_to_do(told, repository))
        self._say_json(told, applied=True, gates=code)
        return code


def _nothing_to_do(recorded: Recorded, told: Report) -> str:
    return (
        f"{told.name} is at level {recorded.answers['level']}, template {recorded.commit}, "
        "with every file of the template in place: nothing to do"
    )


def _as_lines(conflicts: list[Any]) -> list[str]:
    """Each conflict, and below it the lines that its owner has to add."""
    return [
        line
        for conflict in conflicts
        for line in (str(conflict), *(f"    + {added}" for added in conflict.lines))
    ]


def _cannot(refused: list[Any], conflicts: list[Any], told: Report) -> str:
    """Why nothing was changed, and what helps."""
    if refused:
        rest = (
            f"; --keep-conflicts helps with the other {_counted(conflicts)} then"
            if conflicts
            else ""
        )
        return (
            f"the climb cannot be clean: {_counted(refused)} in the way, of which the last commit "
            "knows nothing; nothing was changed. No option lets a climb overwrite what is yours "
            f"there: do what the lines below say of it first{rest}"
        )
    if any(conflict.lines for conflict in conflicts):
        return (
            f"{', '.join(told.steps)} cannot be added cleanly: {_counted(conflicts)}; nothing was "
            "changed. With --keep-conflicts all else is done, and the lines below are left to you"
        )
    return (
        f"the climb cannot be clean: {_counted(conflicts)}; nothing was changed. Move your change "
        "to where the template leaves room for it (docs/explanation/ownership.md), or climb with "
        "--keep-conflicts and mend the files"
    )


def _left(conflicts: list[Any]) -> str:
    """What is left of them, by kind."""
    kinds = {
        "with conflict markers": [each for each in conflicts if each.marked],
        "with lines to add": [each for each in conflicts if each.lines and not each.marked],
        "beside a package of the same name": [each for each in conflicts if each.beside],
    }
    told = {id(each) for found in kinds.values() for each in found}
    kinds["kept as yours, the template's is left out"] = [
        each for each in conflicts if id(each) not in told
    ]
    return ", ".join(f"{_counted(found)} {kind}" for kind, found in kinds.items() if found)


def _to_mend(conflicts: list[Any]) -> str:
    return "mend them, `git add`" if any(each.unmerged for each in conflicts) else "mend them"


def _counted(conflicts: list[Any]) -> str:
    return "1 file" if len(conflicts) == 1 else f"{len(conflicts)} files"
