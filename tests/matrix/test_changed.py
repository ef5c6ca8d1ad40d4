"""A workflow runs only what gives another project than before."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ferrata.matrix import combinations
from tests.matrix.changed import changed
from tests.support import ROOT, extension, run

ENTRIES = [{"name": one.name, **one.answers} for one in combinations(extension())]
HIGHER = [entry for entry in ENTRIES if entry["level"] >= 2]


def write(file: Path, text: str) -> None:
    file.write_text(file.read_text("utf-8") + text, "utf-8")


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        pytest.param("README.md", [], id="nothing-of-the-template"),
        pytest.param("template/{{ level_2 }}/docs/development.md", HIGHER, id="a-layer"),
        pytest.param("template/{{ level_1 }}/Makefile", ENTRIES, id="every-project"),
    ],
)
def test_what_gives_another_project_is_told(
    file: str, expected: list[object], copied: Callable[[], Path]
) -> None:
    tree = copied()
    (tree / "README.md").write_text("# Ferrata\n", "utf-8")
    write(tree / file, "more\n")

    assert changed(ENTRIES, ROOT, tree) == expected


def test_what_could_not_be_chosen_before_is_new(copied: Callable[[], Path]) -> None:
    tree = copied()
    catalog = tree / "schemas/catalog.yml"
    head, _, rest = catalog.read_text("utf-8").partition("name: Development Ready")
    catalog.write_text(
        head + "name: Development Ready" + rest.replace("available: true", "available: false", 1),
        "utf-8",
    )

    assert changed(HIGHER[:1], tree, ROOT) == HIGHER[:1]


@pytest.mark.long
def test_the_line_is_an_output_of_a_step() -> None:
    printed = run(ROOT, "ferrata", "matrix", "--pairwise", "--json").stdout
    everything = json.loads(printed)["include"]

    def line(base: str) -> list[object]:
        script = 'ferrata matrix --pairwise --json | python -m tests.matrix.changed "$BASE"'
        done = run(ROOT, "sh", "-c", script, BASE=base)
        assert done.returncode == 0, done.stderr
        name, _, value = done.stdout.strip().partition("=")
        assert name == "matrix"
        found: list[object] = json.loads(value)["include"]
        return found

    assert line("") == everything
    assert 1 <= len(line("HEAD")) <= len(everything)
