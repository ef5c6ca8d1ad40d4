"""Every combination of levels and modules renders, and what comes out holds in every respect."""

import re
from dataclasses import replace
from fnmatch import fnmatchcase

import pytest

from ferrata.planning import combinations, sample
from tests import turns
from tests.choosing import LAYERS
from tests.matrix.contents import KINDS
from tests.matrix.page import CHECKS, FOUND, NOTHING, PAGE, rows_of, stated, too_slow
from tests.matrix.projects import Catalog, shown_by
from tests.matrix.proof import Proof, processes_for, prove, prove_all
from tests.matrix.renderer import Renderer
from tests.matrix.rules import future
from tests.matrix.sample import all_answer_sets, all_jobs, answer_sets
from tests.support import EXAMPLES, ROOT, answers_of, extension
from tests.without import taken_away

# The example with the most entities and kinds of fields.
RICH = "telemedicine"
EVERYDAY = 12


@turns.proofs
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_sample_of_the_combinations_is_sound(name: str) -> None:
    found = combinations(extension())
    some = found if len(found) <= EVERYDAY else sample(extension(), found)

    proof = prove(ROOT, answers_of(name), some, processes=1)

    assert not proof.told(), "\n".join(proof.told())
    assert proof.projects == len(some)


@pytest.mark.long
def test_all_combinations_are_sound() -> None:
    jobs = all_jobs(extension())

    proof = prove_all(ROOT, jobs)

    assert not proof.told(), "\n".join(proof.told())
    assert proof.projects == len(jobs)
    assert {job.one for job in jobs} == {*answer_sets(extension())}
    assert {job.example for job in jobs} == {*EXAMPLES}
    assert proof.ratio is not None
    assert proof.ratio <= 2
    # Whether that takes too long says `make proof`, which measures nothing else meanwhile.
    everything = all_answer_sets(extension())
    assert proof.estimated(everything, processes_for(everything)) is not None


def test_a_target_of_time_that_is_missed_is_told() -> None:
    quick = Proof(projects=66, rendered=64, pace=32, spent=52, processes=2, seconds=52)

    assert too_slow(quick, extension()) == too_slow(replace(quick, seconds=600), extension()) == ""
    assert "601 s; the target is 600" in too_slow(replace(quick, seconds=601), extension())
    assert "the target is 600" in too_slow(replace(quick, pace=64, spent=640), extension())


def test_the_estimate_is_what_a_process_needs_at_first_and_then_for_its_share() -> None:
    proof = Proof(projects=66, rendered=64, pace=32, spent=52, processes=2)

    assert proof.estimated(2048, 2) == 10 + 1024 * 0.5
    assert Proof(projects=20, rendered=19, pace=19, spent=20, processes=1).estimated(99, 1) is None


@pytest.mark.skipif(bool(taken_away()), reason="the page is of a run with every layer")
def test_the_page_is_of_the_present_levels_modules_and_checks() -> None:
    text = PAGE.read_text("utf-8")
    rows = rows_of(text)

    assert {name: rows.get(name) for name in stated(extension())} == stated(extension()), (
        "docs/reference/proof.md is stale: run make proof"
    )
    assert CHECKS in text, "docs/reference/proof.md is stale: run make proof"
    assert text.partition(FOUND)[2].strip() == NOTHING
    assert any(name.startswith(f"estimate for {all_answer_sets(extension()):,} ") for name in rows)


def test_the_page_would_be_stale_with_another_catalog() -> None:
    rows = rows_of(PAGE.read_text("utf-8"))

    stale = {
        name
        for name, value in stated(future(modules={"redis", "files"})).items()
        if rows[name] != value
    }

    assert stale == {"modules", "answer sets", "projects"}


def test_the_rich_example_has_every_type_of_field() -> None:
    used = {field["type"] for entity in answers_of(RICH)["entities"] for field in entity["fields"]}

    assert used == set(extension().catalog()["field_types"])


@pytest.mark.skipif(bool(taken_away()), reason="all layers together have them")
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


@pytest.mark.skipif(bool(taken_away()), reason="all layers together have them")
def test_every_kind_of_file_is_there() -> None:
    most = combinations(extension())[-1]
    paths = Renderer(ROOT).render(answers_of(RICH) | most.answers).files

    for name, kind in KINDS.items():
        assert any(map(kind.fullmatch, paths)), f"no project has {name}"


def test_every_level_and_module_has_traces() -> None:
    catalog = extension().catalog()
    layers = [f"level_{row['level']}" for row in catalog["levels"][1:]]
    layers += [row["name"] for row in [*catalog["modules"], *catalog["providers"]]]

    assert list(catalog["traces"]) == [layer for layer in layers if layer in LAYERS]


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
