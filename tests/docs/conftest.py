"""Clones of the repository as somebody has them after `make setup`, and a project in one."""

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.docs.shell import Shell
from tests.support import commit_all, environment, git

GATES = "template/{{ level_1 }}/tools/gates.toml.jinja"


@pytest.fixture(scope="session")
def place() -> Iterator[Path]:
    """Not under pytest's own folder, for the reason that `installed` has."""
    with TemporaryDirectory(prefix="docs-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def clone(template: Path, place: Path) -> Callable[..., Path]:
    """Clones of the working tree; with `quick`, their projects skip the two slow gates."""

    def made(name: str, *, quick: bool = True) -> Path:
        folder = place / name
        git(place, "clone", "--quiet", str(template), str(folder))
        if quick:
            _quicken(folder)
        _set_up(folder)
        shutil.copy(folder / "examples/task_manager/answers.yml", folder / "answers.yml")
        return folder

    return made


def _quicken(folder: Path) -> None:
    """Leave out the types and most of the tests; tests/project runs every gate."""
    file = folder / GATES
    text = re.sub(r"\[gates\.types\]\n(?:.+\n)*\n", "", file.read_text("utf-8"))
    text = text.replace(', "types"', "", 1)
    text = re.sub(r"threshold = .*", "threshold = 0", text)
    for paths, fewer in (
        ("services/*/tests shared/tests", "services/{{ api }}/tests"),
        ("chassis/tests", "chassis/tests/test_methods.py"),
    ):
        text, found = re.subn(
            rf"(testpaths={re.escape(paths)}).*(?=\",\n)", f"testpaths={fewer}", text
        )
        assert found == 1
    assert "[gates.types]" not in text
    file.write_text(text, "utf-8")
    level_2 = folder / "schemas/catalog/layers/level_2.yml"
    if level_2.exists():  # it may be taken away
        text = level_2.read_text("utf-8")
        assert "measures: [tests/integration]" in text
        text = text.replace("[tests/integration]", "[tests/integration/test_migrations.py]")
        level_2.write_text(text, "utf-8")
    commit_all(folder, "quick gates")


def _set_up(folder: Path) -> None:
    """What `make setup` leaves: the tools of the venv that runs the tests, and this ferrata."""
    tools = folder / ".venv/bin"
    tools.mkdir(parents=True)
    for tool in Path(sys.executable).parent.iterdir():
        if tool.name != "ferrata":
            (tools / tool.name).symlink_to(tool)
    ferrata = tools / "ferrata"
    ferrata.write_text(
        f'#!/bin/sh\nPYTHONPATH={folder}/src exec {sys.executable} -m ferrata "$@"\n', "utf-8"
    )
    ferrata.chmod(0o755)
    (folder / ".venv/.synced").touch()


@pytest.fixture(scope="session")
def opened() -> Iterator[Callable[[Path, Path], Shell]]:
    """Shells with the clone's tools on the PATH; what they left running is stopped."""
    shells: list[Shell] = []

    def shell(folder: Path, tools: Path) -> Shell:
        own = environment()
        identity = {"NAME": "Reader", "EMAIL": "reader@example.com"}
        author = {
            f"GIT_{who}_{k}": v for who in ("AUTHOR", "COMMITTER") for k, v in identity.items()
        }
        path = os.pathsep.join([str(tools), own["PATH"]])
        shells.append(Shell(folder, {**own, **author, "PATH": path, "TERM": "dumb"}))
        return shells[-1]

    yield shell
    for left in shells:
        left.stop()
