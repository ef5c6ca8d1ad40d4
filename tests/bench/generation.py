"""How long it takes to generate a project, and to have it green."""

import os
import shutil
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import yaml
from figures import Figure, at_most, plain
from timing import best, call, exit_code, seconds
from working_tree import ANSWERS, committed, files
from yardstick.render import render

from ferrata.answers import load
from ferrata.template import Source, environment, opened, project_files, variables

BIN = Path(sys.executable).parent
ROUNDS = 8
COPIER: list[str | Path] = [
    BIN / "copier",
    "copy",
    "--quiet",
    "--trust",
    "--defaults",
    "--skip-tasks",
    "--data-file",
    ANSWERS,
]


def measure(scratch: Path, project: Path) -> list[Figure]:
    """Measure it all; `project` is left behind generated, installed and tested."""
    template = scratch / "template"
    template.mkdir()
    committed(template)
    yardstick = _bare_jinja(template, scratch / "yardstick")
    return [
        *_plain_copier(template, scratch, yardstick),
        *_ferrata(template, scratch, project),
    ]


def tools() -> dict[str, str]:
    """The environment of commands: ferrata's uv first, its Python where there is no other."""
    base = Path(getattr(sys, "_base_executable", sys.executable)).parent
    path = os.pathsep.join([str(BIN), os.environ.get("PATH", os.defpath), str(base)])
    return {"PATH": path}


def _bare_jinja(template: Path, folder: Path) -> float:
    """Milliseconds a file of Jinja2 alone."""
    with opened(Source(str(template), str(template), "HEAD")) as tree:
        jinja = environment(tree)
        jinja.filters["to_nice_yaml"] = yaml.safe_dump  # one of Copier's own
        known = variables(tree, jinja, load(ANSWERS))
        sources = {
            path: (
                (tree.tree / source).read_text("utf-8"),
                {**known, **loop},
                source.endswith(".jinja"),
            )
            for path, (source, loop) in project_files(tree, jinja, known).items()
        }
        return best(partial(render, jinja, sources, folder)) / len(sources) * 1000


def _plain_copier(template: Path, scratch: Path, yardstick: float) -> list[Figure]:
    count = 0

    def copy(name: str, extra: Mapping[str, str] | None = None) -> None:
        nonlocal count
        target = scratch / name
        shutil.rmtree(target, ignore_errors=True)
        call([*COPIER, template, target], scratch, extra)
        count = files(target)

    def start(extra: Mapping[str, str] | None = None) -> None:
        call([BIN / "copier", "--version"], scratch, extra)

    # Cold: no bytecode of any package is there yet.
    cold_start = seconds(partial(start, {"PYTHONPYCACHEPREFIX": str(scratch / "cold-1")}))
    cold_copy = seconds(partial(copy, "plain", {"PYTHONPYCACHEPREFIX": str(scratch / "cold-2")}))
    # In turns, so that both see the same machine.
    turns = [(seconds(start), seconds(partial(copy, "plain"))) for _ in range(ROUNDS)]
    warm_start, warm_copy = (min(times) for times in zip(*turns, strict=True))
    a_file = (warm_copy - warm_start) / count * 1000
    return [
        plain(
            "bare Jinja2: compile, render and write the same files", f"{yardstick:.2f} ms a file"
        ),
        plain(
            "Copier's own start, `copier --version`",
            f"{warm_start:.2f} s ({cold_start:.2f} s cold)",
        ),
        plain(
            f"plain `copier copy`, {count} files, without gates",
            f"{warm_copy:.2f} s ({cold_copy:.2f} s cold)",
        ),
        at_most(
            "plain `copier copy`, beyond Copier's own start",
            a_file,
            7,
            "ms a file",
            f"{a_file / yardstick:.1f} x bare Jinja2",
        ),
    ]


def _ferrata(template: Path, scratch: Path, project: Path) -> list[Figure]:
    new: list[str | Path] = [BIN / "ferrata", "new", "--answers", ANSWERS, "--template", template]
    bare = seconds(lambda: call([*new, project, "--no-gates"], scratch, tools()))
    # Once to fill uv's cache of packages, then for the figure.
    call(["make", "test"], project, tools())
    shutil.rmtree(project / ".venv")
    tested = seconds(lambda: call(["make", "test"], project, tools()))
    codes: list[int] = []
    gated = seconds(lambda: codes.append(exit_code([*new, scratch / "gated"], scratch, tools())))
    green = codes == [0]
    return [
        plain("`ferrata new --no-gates`", f"{bare:.1f} s"),
        Figure(
            "`ferrata new`, level 1, all gates green, warm package cache",
            "<= 20 s",
            f"{gated:.1f} s" + ("" if green else ", gates red"),
            holds=green and gated <= 20,
        ),
        at_most(
            "fresh project to its first green test run (`make test`), warm cache", tested, 5, "s"
        ),
    ]
