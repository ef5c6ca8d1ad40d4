"""A workflow runs only what gives another project than before."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ferrata.planning import combinations
from tests import turns
from tests.matrix.changed import EVERYTHING, changed, concerns_everything, differing
from tests.support import ROOT, commit_all, extension, git, run

# Of each level, the projects with the fewest and with the most modules.
ENTRIES = [
    {"name": one.name, **one.answers}
    for one in combinations(extension())
    if len(one.modules) in {0, 1, len(combinations(extension())[-1].modules)}
]
HIGHER = [entry for entry in ENTRIES if entry["level"] >= 2]


def write(file: Path, text: str) -> None:
    file.write_text(file.read_text("utf-8") + text, "utf-8")


@turns.proofs
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


@pytest.mark.about("level_2")
def test_what_could_not_be_chosen_before_is_new(copied: Callable[[], Path]) -> None:
    tree = copied()
    shutil.rmtree(tree / "template/{{ level_2 }}")

    assert changed(HIGHER[:1], tree, ROOT) == HIGHER[:1]


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        *(
            (name, True)
            for name in ("src/ferrata/checking/gates.py", "hooks/after_copy.py", "uv.lock")
        ),
        *(
            (name, True)
            for name in ("examples/task_manager/answers.yml", ".github/workflows/ci.yml")
        ),
        *((name, False) for name in ("README.md", "template/{{ level_1 }}/Makefile", "docs/a.md")),
    ],
)
def test_what_makes_the_gates_concerns_every_project(
    file: str,
    expected: bool,  # noqa: FBT001
    tmp_path: Path,
) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text("before\n", "utf-8")
    base = commit_all(tmp_path, "before")
    assert not concerns_everything(differing(tmp_path, base))

    (tmp_path / file).write_text("after\n", "utf-8")
    commit_all(tmp_path, "after")

    assert differing(tmp_path, base)[:-1] == [file]
    assert concerns_everything(differing(tmp_path, base)) == expected


def test_what_concerns_everything_is_there() -> None:
    for name in EVERYTHING:
        assert (ROOT / name).exists(), name


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
