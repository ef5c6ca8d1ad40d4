"""A shared template with two levels, a shared project at level 1, and ferrata in this process."""

import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ferrata.cli import main
from tests.cli.support import Run
from tests.climb.support import answers, copy_of, listed, new_project, render, write_template

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Climb = Callable[..., Run]


@pytest.fixture(autouse=True)
def _own_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No git configuration of this machine's user, no gates, and signals as they were."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("FERRATA_GATES", "off")
    before = {number: signal.getsignal(number) for number in ENDING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template with a level 2 and more, for reading."""
    return write_template(tmp_path_factory.mktemp("climb") / "template")


@pytest.fixture(scope="session")
def level_1(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project at level 1, for reading."""
    return new_project(template, tmp_path_factory.mktemp("level-1") / "demo")


@pytest.fixture(scope="session")
def fresh_2(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What level 2 is without a climb, for reading."""
    return render(template, answers(level=2), tmp_path_factory.mktemp("level-2") / "demo")


@pytest.fixture(scope="session")
def names(level_1: Path, fresh_2: Path) -> dict[str, str]:
    """Paths that edits speak of, whatever level 2 consists of."""

    def new(name: str) -> str:
        return min(listed(fresh_2, f".ferrata/{name}") - listed(level_1, f".ferrata/{name}"))

    return {"new": new("template.txt"), "new_seed": new("seeds.txt")}


@pytest.fixture
def project(level_1: Path, tmp_path: Path) -> Path:
    """A project at level 1, to be edited."""
    return copy_of(level_1, tmp_path / "demo")


@pytest.fixture
def climb(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Climb:
    """Run `ferrata climb` in this process."""

    def run(*arguments: object) -> Run:
        monkeypatch.setattr(sys, "argv", ["ferrata", "climb", *map(str, arguments)])
        capfd.readouterr()
        code = main()
        out, err = capfd.readouterr()
        return Run(code, out, err)

    return run
