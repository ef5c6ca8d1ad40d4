"""Values as Python writes them."""

import ast

import pytest

from tests.support import room


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It's", '"It\'s"'),
        ('a "b"', "'a \"b\"'"),
        ('"a" isn\'t', "'\"a\" isn\\'t'"),
        ("\"'", '"\\"\'"'),
        ('back\\"slash', "'back\\\\\"slash'"),
    ],
)
def test_a_text_has_the_quotes_that_need_the_least_escaping(text: str, expected: str) -> None:
    literal = room("entities.literals").string_literal(text)

    assert literal == expected
    assert ast.literal_eval(literal) == text
