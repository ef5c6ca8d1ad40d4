"""How long a climb from level 1 to 4 takes, beside a fresh project of level 4."""

import shutil
import sys
from functools import partial
from pathlib import Path

from figures import Figure, at_most, plain
from generation import tools
from timing import call, seconds
from working_tree import ANSWERS, committed

FERRATA = Path(sys.executable).parent / "ferrata"
ROUNDS, HIGHEST = 3, 4
WITHOUT_GATES = {"FERRATA_GATES": "off"}


def measure(scratch: Path) -> list[Figure]:
    """Measure both in turns, so that both see the same machine; the best round of each counts."""
    folder = scratch / "climb"
    (folder / "template").mkdir(parents=True)
    template = committed(folder / "template")
    started = folder / "started"
    _new(template, started, 1)
    turns = [_turn(template, started, folder) for _ in range(ROUNDS)]
    fresh, tried, climbed = (min(times) for times in zip(*turns, strict=True))
    return [
        plain(f"`ferrata new --no-gates`, level {HIGHEST}", f"{fresh:.1f} s"),
        at_most(
            f"climb 1 -> {HIGHEST} without gates",
            climbed / fresh,
            3,
            f"x a fresh level {HIGHEST}",
            f"{climbed:.1f} s",
        ),
        at_most(
            f"a dry run, then climb 1 -> {HIGHEST} without gates",
            (tried + climbed) / fresh,
            6,
            f"x a fresh level {HIGHEST}",
            f"{tried + climbed:.1f} s",
        ),
    ]


def _turn(template: Path, started: Path, folder: Path) -> tuple[float, float, float]:
    """Seconds of a fresh project, of a dry run and of a climb."""
    fresh, project = folder / "fresh", folder / "project"
    for left in (fresh, project):
        shutil.rmtree(left, ignore_errors=True)
    shutil.copytree(started, project, symlinks=True)
    return (
        seconds(partial(_new, template, fresh, HIGHEST)),
        seconds(partial(_climb, project, "--dry-run")),
        seconds(partial(_climb, project)),
    )


def _new(template: Path, target: Path, level: int) -> None:
    command: list[str | Path] = [FERRATA, "new", target, "--no-gates", "--template", template]
    call([*command, "--answers", ANSWERS, "--set", f"level={level}"], target.parent, tools())


def _climb(project: Path, *options: str) -> None:
    command: list[str | Path] = [FERRATA, "climb", project, "--to", str(HIGHEST), *options]
    call(command, project.parent, tools() | WITHOUT_GATES)
