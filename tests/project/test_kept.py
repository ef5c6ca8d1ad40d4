"""The gate `chassis` says all that it reads: nothing else decides its result, and none of it goes unseen."""

import json
import shutil
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests import turns
from tests.matrix.renderer import Renderer
from tests.project.defects import FULLEST
from tests.support import answers_of, run

# Of the tool chain: the packages that are installed, and what pytest is told.
NEEDED = {".venv", ".python-version", "pyproject.toml", "uv.lock"}

QUICK = "chassis/tests/test_methods.py"


@pytest.fixture
def project(renderer: Renderer) -> Iterator[Callable[[str], Path]]:
    """A project of a test's own, installed; not under pytest's own folder: see `installed`."""
    with TemporaryDirectory(prefix="kept-") as folder:

        def made(name: str) -> Path:
            project = renderer.write(answers_of(name), Path(folder) / name)
            synced = run(project, "uv", "sync", "--all-packages", "--quiet")
            assert synced.returncode == 0, synced.stderr
            return project

        yield made


def _without_what_is_not_read(project: Path, inputs: list[str]) -> None:
    read = {path for pattern in inputs for path in project.glob(pattern)}
    for path in project.iterdir():
        if path.name in NEEDED:
            continue
        for file in [path] if path.is_file() else list(path.rglob("*")):
            if file.is_file() and file not in read:
                file.unlink()
    shutil.rmtree(project / "services")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("task_manager@1", marks=turns.gates_that_bite),
        *(pytest.param(name, marks=pytest.mark.long) for name in FULLEST),
    ],
)
def test_it_needs_nothing_but_its_inputs(name: str, project: Callable[[str], Path]) -> None:
    folder = project(name)
    gate = tomllib.loads((folder / "tools/gates.toml").read_text("utf-8"))["gates"]["chassis"]
    _without_what_is_not_read(folder, gate["inputs"])

    command = [word.replace("{work}", ".") for word in gate["command"]]
    done = run(folder, ".venv/bin/" + command[0], *command[1:])

    assert done.returncode == 0, done.stdout


@turns.gates_that_bite
def test_it_runs_again_when_one_of_them_changes(project: Callable[[str], Path]) -> None:
    folder = project("task_manager@1+redis")
    plan = folder / "tools/gates.toml"
    few = plan.read_text("utf-8").replace("=chassis/tests modules/*/tests", f"={QUICK}")
    assert QUICK in few
    plan.write_text(few, "utf-8")

    def kept() -> bool:
        check = ("-m", "tools.check", "--json", "--only", "chassis")
        done = run(folder, ".venv/bin/python", *check)
        assert done.returncode == 0, done.stderr
        gates = {gate["name"]: gate for gate in json.loads(done.stdout)["gates"]}
        return bool(gates["chassis"]["kept"])

    def change(path: str) -> None:
        with (folder / path).open("a") as file:
            file.write("# Another line.\n")

    assert not kept()
    assert kept()
    change("services/team_tasks_api/src/team_tasks_api/domain/task.py")
    assert kept()
    for path in (
        "chassis/src/chassis/app.py",
        "modules/redis/tests/test_cache.py",
        "shared/src/shared/task.py",
        "uv.lock",
    ):
        change(path)
        assert not kept(), path
        assert kept(), path
