"""What tests of several folders share: the template as committed, and projects made from it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import copier
import pytest
import yaml

from ferrata.template import load_module
from tests.without import taken_away

ROOT = Path(__file__).resolve().parent.parent
LEVEL_1 = ROOT / "template" / "{{ level_1 }}"
# The same in C, where PyYAML was built with it.
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
EXAMPLES = sorted(path.parent.name for path in ROOT.glob("examples/*/answers.yml"))
ODD = sorted(path.stem for path in ROOT.glob("tests/answers/*.yml"))


@cache
def extension() -> ModuleType:
    """The template's Jinja extension, loaded as Copier and ferrata load it: by path."""
    return load_module(ROOT / "extensions" / "answers.py")


def room(name: str) -> ModuleType:
    """A module of the extension, such as `entities.literals`."""
    return import_module(f"{extension().package.__name__}.{name}")


CATALOG = extension().catalog()
LEVELS = [level["level"] for level in CATALOG["levels"] if level["available"]]
MODULES = [module["name"] for module in CATALOG["modules"] if module["available"]]
# What cannot be chosen yet, while there is any: tests of refusals take their names from here.
LATER_LEVELS = [level["level"] for level in CATALOG["levels"] if not level["available"]]
LATER_MODULES = [module["name"] for module in CATALOG["modules"] if not module["available"]]
# Each of them at each level that there is: `task_manager@2`.
PROJECTS = [f"{name}@{level}" for level in LEVELS for name in [*EXAMPLES, *ODD]]
# One of them with each module: `task_manager@2+redis`.
WITH_MODULES = [f"task_manager@{level}+{module}" for level in LEVELS for module in MODULES]


def answers_of(name: str) -> dict[str, Any]:
    """The answers of an example, or of a file in tests/answers.

    `name@2` is the same at level 2, and `name@2+redis` with that module.
    """
    name, *modules = name.split("+")
    if modules:
        with_layers(*modules)
        return answers_of(name) | {"modules": modules}
    name, _, level = name.partition("@")
    if level:
        with_layers(f"level_{level}")
        return answers_of(name) | {"level": int(level)}
    example = ROOT / "examples" / name / "answers.yml"
    file = example if example.exists() else ROOT / "tests" / "answers" / f"{name}.yml"
    return deepcopy(_loaded(file))


@cache
def _loaded(file: Path) -> dict[str, Any]:
    """The content of a file; tests ask for the same thousands of times."""
    answers: dict[str, Any] = yaml.load(file.read_text("utf-8"), Loader)  # noqa: S506  (a SafeLoader)
    return answers


def with_layers(*layers: str) -> None:
    """Leave a test out that takes a layer as its example which was taken away."""
    if gone := {*layers} & taken_away():
        pytest.skip(f"it is about {', '.join(sorted(gone))}")


def brief() -> dict[str, Any]:
    """The task manager's answers without a word about its entities, to put others in."""
    answers = answers_of("task_manager")
    for requirement in answers["functional_requirements"]:
        requirement.pop("operations", None)
    return answers


def commit_working_tree(target: Path) -> Path:
    """Copy what git would see of the working tree, and commit it.

    Copier would otherwise record a commit of the dirty checkout that does not exist.
    """
    listed = git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    for name in filter(None, listed.split("\0")):
        source = ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
    git(target, "init", "--quiet", "--initial-branch=main")
    commit_all(target, "template")
    git(target, "repack", "-a", "-d", "--quiet")  # each clone has one file more, and not thousands
    return target


def commit_all(repository: Path, message: str) -> str:
    """Commit everything and return the commit."""
    git(repository, "add", "--all")
    author = ["-c", "user.name=Tests", "-c", "user.email=tests@example.com"]
    git(repository, *author, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(repository, "rev-parse", "HEAD").strip()


def git(where: Path, *arguments: str) -> str:
    """Run git and return what it printed."""
    command = ["git", "-C", str(where), *arguments]
    done = subprocess.run(command, check=True, capture_output=True)
    return done.stdout.decode(errors="surrogateescape")


def render(template: Path, answers: Mapping[str, Any], target: Path) -> Path:
    """Make a project with plain Copier, without its gates."""
    copier.run_copy(
        str(template),
        target,
        data=dict(answers),
        defaults=True,
        unsafe=True,
        quiet=True,
        skip_tasks=True,
        vcs_ref=git(template, "rev-parse", "HEAD").strip(),
    )
    return target


LEFT_OUT = {".git", ".venv", "__pycache__"}


def files_of(project: Path) -> dict[str, bytes]:
    """Every file of a project that git would keep, by its path."""
    return {
        path.relative_to(project).as_posix(): path.read_bytes()
        for path in sorted(project.rglob("*"))
        if path.is_file() and not LEFT_OUT.intersection(path.parts)
    }


def environment() -> dict[str, str]:
    """The environment for commands of a project: with uv, outside of the tests' own venv."""
    own = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    hooks = load_module(ROOT / "hooks" / "after_copy.py")
    path = [str(Path(sys.executable).parent), own["PATH"], *hooks.interpreters()]
    return own | {"PATH": os.pathsep.join(path)}


def run(project: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command of a project and return it with what it printed."""
    return subprocess.run(
        command,
        cwd=project,
        env=environment() | variables,
        check=False,
        capture_output=True,
        text=True,
    )
