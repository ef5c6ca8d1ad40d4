"""The fast renderer gives what `copier copy` gives, byte for byte, and remembers only what is safe."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ferrata.planning import requests
from tests.matrix.renderer import Renderer
from tests.support import EXAMPLES, ODD, answers_of, extension, files_of, render

ASKED = list(requests(extension()))
NAMES = [*EXAMPLES, *ODD]


def some(number: int, seed: int) -> list[Any]:
    """Answer sets by chance: an example with a level and modules."""
    chance = random.Random(seed)  # noqa: S311  (no secret)
    chosen = [(chance.choice(NAMES), *chance.choice(ASKED)) for _ in range(number)]
    return [pytest.param(*one, id=f"{one[0]}-{one[1]}-{'-'.join(one[2])}") for one in chosen]


def compare(renderer: Renderer, answers: dict[str, Any], target: Path) -> None:
    written = files_of(render(renderer.tree, answers, target))
    rendered = renderer.render(answers)

    assert sorted(rendered.files) == sorted(written)
    for path, content in written.items():
        assert rendered.files[path] == content, path
    folders = {p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_dir()}
    assert rendered.folders == folders


@pytest.mark.parametrize(("name", "level", "modules"), some(2, seed=7))
def test_it_is_what_copier_writes(
    name: str, level: int, modules: tuple[str, ...], renderer: Renderer, tmp_path: Path
) -> None:
    answers = answers_of(name) | {"level": level, "modules": list(modules)}

    compare(renderer, answers, tmp_path / "project")


@pytest.mark.long
@pytest.mark.parametrize(("name", "level", "modules"), some(24, seed=11))
def test_it_is_what_copier_writes_for_many(
    name: str, level: int, modules: tuple[str, ...], renderer: Renderer, tmp_path: Path
) -> None:
    answers = answers_of(name) | {"level": level, "modules": list(modules)}

    compare(renderer, answers, tmp_path / "project")


def test_what_was_rendered_before_changes_nothing(renderer: Renderer) -> None:
    def fresh(answers: dict[str, Any]) -> dict[str, bytes]:
        return dict(
            Renderer(renderer.tree, commit=renderer.origin["_commit"]).render(answers).files
        )

    base = answers_of("task_manager")
    for answers in (
        base,
        base | {"level": 2},
        base | {"project_name": "Another"},
        answers_of("odd_names"),
    ):
        assert renderer.render(answers).files == fresh(answers)


def test_it_knows_what_a_template_reads(renderer: Renderer) -> None:
    assert renderer.needs("{{ api }} {% for e in model.entities %}{{ e.name }}{% endfor %}") == {
        "api",
        "model",
    }
    assert renderer.needs("{{ paths_of('yours') }}") is None
    assert renderer.needs("{% include 'other' %}") is None
    assert renderer.needs("{% yield e from model.entities %}{{ e.name }}{% endyield %}") == {
        "model"
    }


@pytest.mark.parametrize(
    ("added", "collide", "folder"),
    [
        pytest.param(
            ["template/{{ level_1 }}/twice.txt", "template/{{ level_2 }}/twice.txt"],
            "twice.txt",
            None,
            id="two-layers",
        ),
        pytest.param(
            ["template/{{ level_1 }}/hollow/{{ level_3 }}/some.txt"], None, "hollow", id="folder"
        ),
    ],
)
def test_it_tells_collisions_and_folders(
    added: list[str], collide: str | None, folder: str | None, copied: Callable[[], Path]
) -> None:
    tree = copied()
    for name in added:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("x\n", "utf-8")

    rendered = Renderer(tree).render(answers_of("task_manager@2"))

    assert set(rendered.collisions) == {collide} - {None}
    if folder:
        assert folder in rendered.folders
        assert not any(path.startswith(f"{folder}/") for path in rendered.files)
