"""Generating a project, all or nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ferrata.base import Failure, one_line, progress, reason
from ferrata.making.destination import staged
from ferrata.making.first_commit import commit_all
from ferrata.template import ANSWERS_FILE, Template, render


@dataclass(frozen=True)
class Project:
    """A project that was just generated."""

    folder: Path
    answers: Mapping[str, Any]
    not_run: tuple[str, ...]


def generate(template: Template, answers: Mapping[str, Any], dest: Path) -> Project:
    """Render, pin, commit and put in place."""
    _refuse_own_tables(answers)
    try:
        with staged(dest) as folder:
            render(template, answers, folder)
            with progress("Pinning the packages, making .env and the first commit"):
                not_run = prepare(template, folder)
                recorded = recorded_answers(folder)
                commit_all(folder, recorded)
    except OSError as error:
        raise Failure(
            f"{dest} cannot be written: {reason(error)}; nothing was kept, make room and try again"
        ) from error
    return Project(dest, recorded, not_run)


def _refuse_own_tables(answers: Mapping[str, Any]) -> None:
    """Stop at a reference to a model of the owners': a new project has none."""
    for entity in answers["entities"]:
        for field in entity["fields"]:
            if "table" in field:
                raise Failure(
                    f"{entity['name']}.{field['name']}: a new project has no model of yours with the "
                    f"table {field['table']}; add the entity later, with `ferrata add entity`"
                )


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
