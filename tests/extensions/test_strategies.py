"""The hostile answers have everything in them that the schema allows."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.extensions import strategies
from tests.support import LEVELS, MODULES, answers_of, extension

SCHEMA = extension().schema()
CATALOG = extension().catalog()
# A model of its owners' is in no new project; `ferrata add` records its table.
LATER = {(".entities[].fields[].table", None), ("reference with table", None)}


def drawable(shape: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every property that the schema has, and with it every value of those that have few."""
    shape = {**SCHEMA["$defs"].get(shape.get("$ref", "").rpartition("/")[2], {}), **shape}
    values = [True, False] if shape.get("type") == "boolean" else shape.get("enum", [])
    yield from ((path, value) for value in values)
    for name, inner in shape.get("properties", {}).items():
        yield f"{path}.{name}", None
        yield from drawable(inner, f"{path}.{name}")
    if "items" in shape:
        yield from drawable(shape["items"], f"{path}[]")


def limits() -> Iterator[tuple[str, Any]]:
    """Every type of a field with everything that applies to it."""
    for name, kind in CATALOG["field_types"].items():
        for key in ("required", "unique", "default", *kind["limits"]):
            if kind.get(key, True):
                yield f"{name} with {key}", None


def drawn(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every property that answers have, with every value that is no free text."""
    match value:
        case dict():
            for name, inner in value.items():
                yield f"{path}.{name}", None
                yield from drawn(inner, f"{path}.{name}")
            if "type" in value:
                yield from ((f"{value['type']} with {name}", None) for name in value)
        case list():
            for inner in value:
                yield from drawn(inner, f"{path}[]")
        case _:
            yield path, value


def undrawn(answers: Iterable[Mapping[str, Any]]) -> set[tuple[str, Any]]:
    """Everything that the schema allows and that is available, but in none of the answers."""
    names = {module["name"] for module in CATALOG["modules"]}
    numbers = {level["level"] for level in CATALOG["levels"]}
    later = LATER | {(".modules[]", name) for name in names - set(MODULES)}
    later |= {(".level", number) for number in numbers - set(LEVELS)}
    wanted = {*drawable(SCHEMA), *limits()} - later
    return wanted - {found for one in answers for found in drawn(one)}


def draw(number: int) -> list[dict[str, Any]]:
    """So many answers of each kind, the same every time."""
    kinds = strategies.with_briefs(), strategies.with_entities()
    return [one for kind in kinds for one in draw_of(kind, number)]


def draw_of(kind: st.SearchStrategy[dict[str, Any]], number: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    @settings(
        max_examples=number,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(answers=kind)
    def collect(answers: dict[str, Any]) -> None:
        found.append(answers)

    collect()
    return found


@pytest.fixture
def plain_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts and names that are drawn quickly: here they do not matter."""
    monkeypatch.setattr(strategies, "_texts", lambda *_: st.just("text"))
    names = st.sampled_from(["order", "customer", "price", "note"])
    monkeypatch.setattr(strategies, "IDENTIFIERS", names)


@pytest.mark.long
@pytest.mark.usefixtures("plain_texts")
def test_everything_that_the_schema_allows_is_drawn() -> None:
    assert undrawn(draw(300)) == set()


@pytest.mark.usefixtures("plain_texts")
@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("plural", (".entities[].plural", None)),
        ("operations", (".functional_requirements[].operations", None)),
        ("license", (".license", "Apache-2.0")),
        ("decimal_places", ("decimal with decimal_places", None)),
    ],
)
def test_what_is_never_drawn_is_told(key: str, told: tuple[str, Any]) -> None:
    def without(value: Any) -> Any:
        match value:
            case dict():
                return {name: without(inner) for name, inner in value.items() if name != key}
            case list():
                return [without(inner) for inner in value]
            case _:
                return value

    assert told in undrawn(map(without, [answers_of("telemedicine"), *draw(5)]))
