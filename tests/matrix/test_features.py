"""Each entry of a list of features, settings or migrations is missed when it is taken away."""

from typing import Any

import pytest

from ferrata.planning import combinations
from tests.matrix.features import unlisted
from tests.matrix.renderer import Rendered, Renderer
from tests.matrix.syntax import Code, code
from tests.support import ROOT, answers_of, extension

LISTS = ("chassis_features", "data_features", "worker_features", "version_locations")
EVERYTHING = combinations(extension())[-1]
RENDERER = Renderer(ROOT)
ENTRIES = [(name, place) for name in LISTS for place in range(len(RENDERER.rules.catalog()[name]))]


def named(row: dict[str, Any]) -> str:
    return str(row.get("name") or row["package"])


def rendered() -> Rendered:
    return RENDERER.render(answers_of("task_manager") | EVERYTHING.answers)


def codes(of: Rendered) -> dict[str, Code]:
    return {path: code(of.text(path)) for path in of.files if path.endswith(".py")}


@pytest.fixture(scope="module")
def known() -> dict[str, Code]:
    return codes(rendered())


@pytest.mark.parametrize(
    ("name", "place"),
    ENTRIES,
    ids=[f"{name}-{named(RENDERER.rules.catalog()[name][place])}" for name, place in ENTRIES],
)
def test_an_entry_that_is_taken_away_is_missed(
    name: str, place: int, known: dict[str, Code], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = RENDERER.rules.catalog()[name]
    row = rows[place]
    monkeypatch.setitem(RENDERER.rules.catalog(), name, [*rows[:place], *rows[place + 1 :]])
    wrong = rendered()
    lists = {path: code(wrong.text(path)) for path in wrong.files if path.endswith("/features.py")}

    told = [what for of in unlisted(wrong, known | lists) for what in of]

    assert any(named(row) in what for what in told), told


def test_an_entry_of_what_is_not_there_is_told(known: dict[str, Code]) -> None:
    whole = rendered()
    gone = ("chassis/src/chassis/body_limit/__init__.py", "modules/rabbitmq/src/chassis_rabbitmq")
    files = {path: text for path, text in whole.files.items() if not path.startswith(gone)}

    told = [
        what
        for _, what in unlisted(
            Rendered(files, {}, frozenset(), {}),
            {path: found for path, found in known.items() if path in files},
        )
    ]

    assert "lists chassis.body_limit, which is not there" in told
    assert "has chassis.body_limit.Settings, which is not there" in told
    assert "has the migrations of chassis_rabbitmq, and there are none" in told
