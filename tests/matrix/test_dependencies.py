"""Each requirement of each member is missed when it is taken away, in the checks and in an image."""

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from ferrata.planning import combinations
from ferrata.template import updates
from tests import turns
from tests.matrix.dependencies import BROUGHT_BY, PROGRAMS, ROOT, SERVICES, misdeclared
from tests.matrix.renderer import Rendered, Renderer
from tests.matrix.syntax import Code, code
from tests.support import LEVELS, MODULES, answers_of, extension, render, run
from tests.support import ROOT as REPOSITORY

# The example with every type of field, at the lowest level and with everything there is.
RICH = "telemedicine"
COMBINATIONS = {one.name: one for one in (combinations(extension())[i] for i in (0, -1))}
LINE = re.compile(r'^    "([\w.-]+)(\[[\w,]+\])?[^"]*",\n', re.MULTILINE)
# Imports every module of a service, and builds what its container runs.
START = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
    importlib.import_module(module.name)
main = importlib.import_module(f"{package.__name__}.main")
[create] = [name for name in vars(main) if name.startswith("create_")]
getattr(main, create)()
try:
    import pytest
except ImportError:
    sys.exit(0)
sys.exit("pytest is there: this is no environment of an image")
"""
# Without these a service ends at once, and says so.
NEEDED_VARIABLES = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "DATA_API_URL": "http://127.0.0.1:1",
    "BOT_TOKEN": "123456:that-opens-no-chat",
}
# Extras without which something cannot be imported; others make it faster.
NEEDED_EXTRAS = {"[asyncio]", "[email]", "[postgres]", "[rabbit]"}


@cache
def project(name: str) -> tuple[Rendered, dict[str, Code]]:
    rendered = Renderer(REPOSITORY).render(answers_of(RICH) | COMBINATIONS[name].answers)
    codes = {path: code(rendered.text(path)) for path in rendered.files if path.endswith(".py")}
    return rendered, codes


def declarations(rendered: Rendered) -> list[tuple[str, str]]:
    """Each requirement, with the file that declares it.

    For development, only what no member brings: where one does, nobody misses it there.
    """
    members = [
        (path, found[1])
        for path in rendered.files
        if path.endswith(f"/{ROOT}")
        for found in LINE.finditer(rendered.text(path))
    ]
    group = rendered.text(ROOT).partition("dev = [")[2].partition("]\n")[0]
    brought = {requirement for _, requirement in members}
    development = [found[1] for found in LINE.finditer(group) if found[1] not in brought]
    return [*members, *((ROOT, requirement) for requirement in development)]


def told(name: str, path: str, change: Callable[[re.Match[str]], str]) -> list[str]:
    """What the check says when the lines of one file are changed."""
    rendered, codes = project(name)
    text = LINE.sub(change, rendered.text(path))
    assert text != rendered.text(path)
    changed = replace(rendered, files={**rendered.files, path: text.encode()})
    return [what for _, what in misdeclared(changed, codes)]


@turns.proofs
@pytest.mark.parametrize("name", COMBINATIONS)
def test_what_is_declared_is_right(name: str) -> None:
    assert list(misdeclared(*project(name))) == []


@turns.proofs
@pytest.mark.parametrize("name", COMBINATIONS)
def test_a_requirement_that_is_taken_away_is_missed(name: str) -> None:
    found = declarations(project(name)[0])
    assert len(found) >= 30

    for path, requirement in found:
        plain = requirement.replace("-", "_")
        words = {plain}
        words |= {package for package, of in BROUGHT_BY.items() if of == plain}
        words |= {program for program, of in PROGRAMS.items() if of == plain}

        missed = told(name, path, lambda line, of=requirement: "" if line[1] == of else line[0])

        assert any(words & set(re.split(r"[\s,()]+", what)) for what in missed), (path, requirement)


@turns.proofs
@pytest.mark.parametrize("name", COMBINATIONS)
def test_an_extra_that_is_taken_away_is_missed(name: str) -> None:
    rendered, _ = project(name)
    found = [
        (path, line[0])
        for path in rendered.files
        if path.endswith(f"/{ROOT}")
        for line in LINE.finditer(rendered.text(path))
        # A library's extra may ask for another one of a package that has both.
        if line[2] in NEEDED_EXTRAS and (path.startswith(SERVICES) or line[1] != "chassis")
    ]
    assert len(found) >= 3

    for path, whole in found:
        without = re.sub(r"\[\w+\]", "", whole)
        missed = told(name, path, lambda line, a=whole, b=without: b if line[0] == a else line[0])

        assert missed, (path, whole)


def test_a_requirement_that_nothing_needs_is_told() -> None:
    name = next(iter(COMBINATIONS))

    found = told(name, "shared/pyproject.toml", lambda line: f'    "tinydb",\n{line[0]}')

    assert found == ["declares tinydb, which nothing in shared uses"]


@pytest.mark.about("rabbitmq")
def test_a_member_that_an_image_does_not_need_is_told() -> None:
    """The business API knows nothing of events; with its own line it would carry them."""
    name = next(name for name, one in COMBINATIONS.items() if "rabbitmq" in one.modules)
    [path] = [path for path in project(name)[0].files if path.endswith("telemedicine_api/" + ROOT)]

    found = told(name, path, lambda line: f'    "chassis-rabbitmq",\n{line[0]}')

    assert "brings chassis_rabbitmq, which nothing in its image loads" in found


@pytest.mark.long
@pytest.mark.parametrize("modules", [[], MODULES], ids=["no modules", "every module"])
@pytest.mark.parametrize("level", LEVELS)
def test_a_service_starts_from_what_it_brings_itself(
    level: int, modules: list[str], template: Path, tmp_path: Path
) -> None:
    """As an image is built: without what the project is developed with."""
    asked = answers_of("task_manager") | {"level": level, "modules": modules}
    made = render(template, asked, tmp_path / "project")
    locked = run(made, "uv", "lock", "--quiet")
    assert locked.returncode == 0, locked.stderr

    for service in sorted(path.name for path in made.glob("services/*")):
        place = tmp_path / service
        install = ("uv", "sync", "--quiet", "--locked", "--no-dev", "--package", service)
        synced = run(made, *install, UV_PROJECT_ENVIRONMENT=str(place))
        assert synced.returncode == 0, synced.stderr

        python = str(place / ("Scripts" if sys.platform == "win32" else "bin") / "python")
        started = run(made, python, "-c", START, service, **NEEDED_VARIABLES)

        assert started.returncode == 0, (service, started.stderr)


def test_packages_of_another_name_than_what_is_imported_are_known_to_updates() -> None:
    for module, distribution in BROUGHT_BY.items():
        names = updates().updating().shadows.imported_as(distribution)
        assert module.partition(".")[0] in names, (module, distribution)
