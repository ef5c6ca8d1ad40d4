"""The files of the two PostgreSQL, without running any."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import run

pytestmark = pytest.mark.about("level_4")


def test_the_scripts_are_sound(rendered: Callable[[str], Path]) -> None:
    folder = rendered("task_manager@4") / "deploy/postgres"
    scripts = sorted(file.name for file in folder.glob("*.sh"))
    assert len(scripts) >= 7

    done = run(folder, "shellcheck", "--external-sources", *scripts)

    assert done.returncode == 0, done.stdout
