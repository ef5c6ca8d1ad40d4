"""Ways to run ferrata on a tiny template, on a machine without its user's configuration."""

import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ferrata.cli import main
from tests.cli.support import EXAMPLE, Ferrata, Run, write_tiny_template
from tests.cli.terminal import Terminal

# Windows has no SIGHUP.
ENDING = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


@pytest.fixture(autouse=True)
def _own_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No configuration of this machine's user, and signals as they were."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.delenv("GIT_AUTHOR_NAME", raising=False)
    before = {number: signal.getsignal(number) for number in ENDING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def shared_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One tiny template for every test that only reads it."""
    return write_tiny_template(tmp_path_factory.mktemp("template") / "tiny")


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A tiny template of the test's own, to be changed."""
    return write_tiny_template(tmp_path / "template")


@pytest.fixture
def ferrata(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Ferrata:
    """Run the command line in this process."""

    def run(*arguments: object) -> Run:
        monkeypatch.setattr(sys, "argv", ["ferrata", *map(str, arguments)])
        capfd.readouterr()
        code = main()
        out, err = capfd.readouterr()
        return Run(code, out, err)

    return run


@pytest.fixture
def typing() -> Iterator[Callable[..., Terminal]]:
    """A command on a terminal; none outlives its test."""
    opened: list[Terminal] = []

    def start(*arguments: object, **options: object) -> Terminal:
        opened.append(Terminal(*arguments, **options))  # type: ignore[arg-type]
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


@pytest.fixture
def new(ferrata: Ferrata, shared_template: Path) -> Ferrata:
    """`ferrata new` from the example's answers and the tiny template."""

    def run(
        dest: object, *arguments: object, answers: Path = EXAMPLE, source: object = None
    ) -> Run:
        chosen = source or shared_template
        return ferrata("new", dest, "--answers", answers, "--template", chosen, *arguments)

    return run


@pytest.fixture
def answers(tmp_path: Path) -> Callable[[str], Path]:
    """The example's answers with a text put in the place of another."""

    def write(*replacements: tuple[str, str]) -> Path:
        text = EXAMPLE.read_text("utf-8")
        for old, replacement in replacements:
            assert old in text
            text = text.replace(old, replacement, 1)
        file = tmp_path / "answers.yml"
        file.write_text(text, "utf-8")
        return file

    return write
