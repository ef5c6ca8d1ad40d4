"""Each entry of a list of features, settings or migrations is missed when it is taken away."""

from functools import cache
from typing import Any

import pytest

from ferrata.planning import combinations
from tests.matrix.features import unlisted
from tests.matrix.renderer import Rendered, Renderer
from tests.matrix.syntax import Code, code
from tests.support import ROOT, answers_of, extension

LISTS = ("chassis_features", "data_features", "worker_features", "version_locations")
COMBINATIONS = combinations(extension())
EVERYTHING = COMBINATIONS[-1].answers
# With all that can be, and once with each provider.
FULLEST = [EVERYTHING] + [
    answers
    for question, described in extension().schema()["properties"].items()
    if "x-provider" in described and question in EVERYTHING
    for answers in (
        {**EVERYTHING, question: provider}
        for provider in described["enum"]
        if provider != EVERYTHING[question]
    )
]
RENDERER = Renderer(ROOT)
ENTRIES = [(name, place) for name in LISTS for place in range(len(RENDERER.rules.catalog()[name]))]


def named(row: dict[str, Any]) -> str:
    return str(row.get("name") or row["package"])


def key(row: dict[str, Any]) -> tuple[Any, Any]:
    return row.get("package"), row.get("name")


def rendered(answers: dict[str, Any] = EVERYTHING) -> Rendered:
    return RENDERER.render(answers_of("task_manager") | answers)


def codes(of: Rendered) -> dict[str, Code]:
    return {path: code(of.text(path)) for path in of.files if path.endswith(".py")}


@pytest.fixture(scope="module")
def known() -> dict[str, Code]:
    return known_of(0)


@cache
def known_of(place: int) -> dict[str, Code]:
    """The code of one of the fullest; most entries are missed in the first one already."""
    return codes(rendered(FULLEST[place]))


@pytest.mark.in_turns(40)
@pytest.mark.parametrize(
    ("name", "place"),
    ENTRIES,
    ids=[f"{name}-{named(RENDERER.rules.catalog()[name][place])}" for name, place in ENTRIES],
)
def test_an_entry_that_is_taken_away_is_missed(
    name: str, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = RENDERER.rules.catalog()[name][place]
    for number, answers in enumerate(FULLEST):
        known = known_of(number)  # before anything is taken away
        with monkeypatch.context() as without:
            for other in LISTS:  # what is for two kinds of process is in two lists
                rows = [one for one in RENDERER.rules.catalog()[other] if key(one) != key(row)]
                without.setitem(RENDERER.rules.catalog(), other, rows)
            if any(named(row) in what for what in said(answers, known)):
                return
    pytest.fail(f"nothing is said of {named(row)}")


def said(answers: dict[str, Any], known: dict[str, Code]) -> list[str]:
    wrong = rendered(answers)
    lists = {path: code(wrong.text(path)) for path in wrong.files if path.endswith("/features.py")}
    return [what for of in unlisted(wrong, known | lists) for what in of]


@pytest.mark.about("rabbitmq")
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
