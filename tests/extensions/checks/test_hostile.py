"""Answers of any kind: each is accepted, or what is wrong with it is told.

What the accepted ones become is looked at in tests/matrix/test_hostile.py.
"""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.extensions.strategies import JSON, entities
from tests.support import brief, extension

TASK = brief()
steady = settings(derandomize=True, database=None)


@settings(steady, max_examples=150)
@given(key=st.sampled_from(sorted(extension().schema()["properties"])), value=JSON)
def test_any_value_is_accepted_or_explained(key: str, value: Any) -> None:
    for problem in extension().problems(TASK | {key: value}):
        assert "\n" not in str(problem)
        assert problem.path


@settings(steady, max_examples=100)
@given(entities=st.lists(JSON, max_size=3) | entities())
def test_any_entities_are_accepted_or_explained(entities: list[Any]) -> None:
    for problem in extension().problems(TASK | {"entities": entities}):
        assert "\n" not in str(problem)
        assert problem.path
