"""`ferrata matrix`: every combination that can be chosen, or a sample in which every pair occurs."""

import json
from typing import Any

import pytest

from ferrata.planning import matrix
from tests.matrix.rules import future
from tests.support import extension


def test_the_document_is_the_value_of_a_matrix(ferrata) -> None:
    run = ferrata("matrix", "--json")

    assert (run.code, run.err) == (0, "")
    document = json.loads(run.out)
    assert list(document) == ["include"]
    assert {"name": "level-1", "level": 1, "modules": []} in document["include"]
    available = {row["level"] for row in extension().catalog()["levels"] if row["available"]}
    assert {entry["level"] for entry in document["include"]} == available


def test_the_table_has_the_same_combinations(ferrata) -> None:
    names = [entry["name"] for entry in json.loads(ferrata("matrix", "--json").out)["include"]]

    lines = ferrata("matrix").out.splitlines()

    assert [line.split()[0] for line in lines] == names


def test_all_answers_are_asked_and_sets_that_bring_the_same_are_one() -> None:
    asked = list(matrix.requests(future()))
    found = matrix.combinations(future())

    assert len(asked) == 4 * 2 ** len(extension().catalog()["modules"])
    closed = {(level, tuple(extension().closure(level, modules))) for level, modules in asked}
    assert {(one.level, one.modules) for one in found} == closed
    assert len({(one.level, one.modules, one.providers) for one in found}) == len(found)
    assert len({one.name for one in found}) == len(found)


@pytest.mark.about("redis", "workers")
def test_a_module_whose_needs_are_not_available_is_not_offered() -> None:
    found = matrix.combinations(future(modules={"workers", "redis"}))

    assert {one.modules for one in found} == {(), ("redis",)}


@pytest.mark.parametrize("modules", [set(), {"redis"}, {"redis", "rabbitmq", "workers"}, None])
def test_every_pair_occurs_in_the_sample(modules: set[str] | None) -> None:
    of = future(modules=modules)
    everything = [matrix.factors(of, one) for one in matrix.combinations(of)]

    chosen = [matrix.factors(of, one) for one in matrix.sample(of, matrix.combinations(of))]

    def pairs(rows: list[dict[str, Any]]) -> set[Any]:
        return {(a, b) for row in rows for a in row.items() for b in row.items()}

    assert pairs(chosen) == pairs(everything)
    assert len(chosen) <= 24


@pytest.mark.about("redis", "level_4")
def test_a_provider_is_chosen_only_where_it_matters() -> None:
    providers = {
        "gateway": {"enum": ["stripe", "paypal"], "x-provider": {"module": "payments"}},
        "pipeline": {"enum": ["one", "other"], "x-provider": {"level": 4}},
    }
    found = matrix.combinations(future(modules={"redis"}, providers=providers))

    asked = [one.answers for one in found]
    assert all("gateway" not in answers for answers in asked)
    assert [answers["pipeline"] for answers in asked if answers["level"] == 4] == ["one", "other"]
    assert all("pipeline" not in answers for answers in asked if answers["level"] < 4)
    assert len({one.name for one in found}) == len(found)
