"""Projects that many tests look at; each is made once."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings

from tests.matrix.renderer import Renderer
from tests.support import answers_of, commit_working_tree, git, run

pytest_plugins = ["tests.choosing"]

# How long an example takes says more about the machine than about what is tested.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

# What tests start again and again starts twice as fast with its bytecode kept, as users have it.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# In the background a shell has Ctrl-C ignored, also by all that is started here and interrupted.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.platform != "win32":  # so is Ctrl-\, which also ends PostgreSQL at once
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template as it would be if the working tree were committed."""
    return commit_working_tree(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def renderer(template: Path) -> Renderer:
    """What renders the template as Copier does, in a tenth of the time."""
    return Renderer(template, commit=git(template, "describe", "--tags", "--always").strip())


@pytest.fixture(scope="session")
def rendered(renderer: Renderer, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Projects from an example or a file of tests/answers; for reading only."""
    made: dict[str, Path] = {}

    def project(name: str) -> Path:
        if name not in made:
            target = tmp_path_factory.mktemp("rendered") / name
            made[name] = renderer.write(answers_of(name), target)
        return made[name]

    return project


@pytest.fixture(scope="session")
def installed(renderer: Renderer) -> Iterator[Callable[[str], Path]]:
    """Projects whose packages are installed, so that their commands run.

    Not under pytest's own folder: every other run of pytest closes that to all but its user, and
    PostgreSQL started by root runs as another one.
    """
    made: dict[str, Path] = {}

    with TemporaryDirectory(prefix="installed-") as folder:

        def project(name: str) -> Path:
            if name not in made:
                made[name] = renderer.write(answers_of(name), Path(folder) / name)
                synced = run(made[name], "uv", "sync", "--all-packages", "--quiet")
                assert synced.returncode == 0, synced.stderr
            return made[name]

        yield project
