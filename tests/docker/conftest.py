"""A Docker engine for the tests that are marked `docker`; they run when that marker is chosen."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.docker.stack import Stack
from tests.support import answers_of, render

NO_ENGINE = (
    "`-m docker` needs a Docker engine with Compose 2.20 or newer, and none answers ({reason}). "
    "Start one, or a private one: tests/docker/engine.sh"
)


@pytest.fixture(scope="session")
def engine() -> None:
    """A Docker engine that answers; without one the test fails, because it was asked for."""
    for command in (["docker", "compose", "version"], ["docker", "info"]):
        if reason := _refusal(command):
            pytest.fail(NO_ENGINE.format(reason=reason), pytrace=False)


def _refusal(command: list[str]) -> str:
    """Say why a command cannot be run, in one line; nothing if it can."""
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        return "docker is not installed"
    if done.returncode == 0:
        return ""
    return (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[0]


@pytest.fixture(scope="module")
def stack(
    engine: None, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Stack]]:
    """New projects by the name of an example; what they start is removed with its data."""
    made: list[Stack] = []

    def make(name: str) -> Stack:
        target = tmp_path_factory.mktemp("docker") / name
        made.append(Stack(render(template, answers_of(name), target)))
        return made[-1]

    yield make
    for one in made:
        one.remove()
