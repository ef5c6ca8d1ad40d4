"""Every combination of levels and modules renders, and what comes out holds in every respect."""

import re
from fnmatch import fnmatchcase

import pytest

from ferrata.matrix import Combination, combinations, requests, sample
from tests.matrix.projects import Catalog, shown_by
from tests.matrix.proof import prove
from tests.matrix.renderer import Renderer
from tests.support import EXAMPLES, ROOT, answers_of, extension

# The example with the most entities and kinds of fields.
RICH = "telemedicine"
EVERYDAY = 12


def asked() -> list[Combination]:
    """Every answer set, as somebody may ask for it."""
    return [Combination(level, modules) for level, modules in requests(extension())]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_sample_of_the_combinations_is_sound(name: str) -> None:
    found = combinations(extension())
    some = found if len(found) <= EVERYDAY else sample(extension(), found)

    proof = prove(ROOT, answers_of(name), some, processes=1)

    assert not proof.told(), "\n".join(proof.told())
    assert proof.combinations == len(some)


@pytest.mark.long
def test_all_combinations_are_sound() -> None:
    everything = [*asked(), *combinations(extension())]

    proof = prove(ROOT, answers_of(RICH), everything)

    assert not proof.told(), "\n".join(proof.told())
    assert proof.combinations == len(everything)
    assert proof.ratio is None or proof.ratio <= 2
    assert proof.seconds <= 600


def test_the_rich_example_has_every_type_of_field() -> None:
    used = {field["type"] for entity in answers_of(RICH)["entities"] for field in entity["fields"]}

    assert used == set(extension().catalog()["field_types"])


def test_every_word_of_a_trace_is_found_where_it_belongs() -> None:
    """A word that nothing has any more would find nothing where it should not be, either."""
    renderer = Renderer(ROOT)
    catalog = Catalog(renderer.rules)
    most = combinations(extension())[-1]
    rendered = renderer.render(answers_of(RICH) | most.answers)
    text = "\n".join(
        f"{path}\n{rendered.text(path)}" for path in rendered.files if path not in catalog.outlook
    )

    for trace in catalog.traces:
        if trace.belongs(most.level, list(most.modules)):
            for word in catalog.catalog["traces"][trace.layer]:
                assert re.search(word, text, re.IGNORECASE), f"{trace.name}: {word}"


def test_every_level_and_module_has_traces() -> None:
    catalog = extension().catalog()
    layers = [f"level_{row['level']}" for row in catalog["levels"][1:]]

    assert list(catalog["traces"]) == [*layers, *(row["name"] for row in catalog["modules"])]


def test_every_feature_that_can_be_chosen_shows_and_is_proven() -> None:
    renderer = Renderer(ROOT)
    most = combinations(extension())[-1]
    paths = renderer.render(answers_of(RICH) | most.answers).files

    for feature in extension().features(most.level, list(most.modules)):
        name = feature["name"]
        assert shown_by(feature) or feature.get("lines"), f"{name}: by which files does it show?"
        tests = feature.get("tests", [])
        if "module" in feature and "tested_by" not in feature:
            tests = tests or [f"modules/{feature['module']}/tests/**"]
        assert tests or feature.get("tested_by"), f"{name}: what proves it?"
        for pattern in tests:
            assert any(fnmatchcase(path, pattern) for path in paths), f"{name}: no file {pattern}"
        for file in feature.get("tested_by", []):
            assert (ROOT / file).is_file(), f"{name}: no file {file}"
