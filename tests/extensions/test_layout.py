"""The layout of generated Python is what ruff would make of it."""

import ast
from textwrap import dedent

import pytest

from tests.support import extension, room


def laid_out(source: str) -> str:
    return str(extension().python(dedent(source)))


def test_imports_are_merged_sorted_and_sectioned() -> None:
    source = '''\
        """Doc."""
        from shared.item2 import Item
        from chassis.app import build_app
        from uuid import UUID
        from shared.item10 import Other
        import os
        from fastapi import Query
        from fastapi import APIRouter

        USED = (Item, build_app, UUID, Other, os, Query, APIRouter)
        '''

    assert laid_out(source) == dedent('''\
        """Doc."""

        import os
        from uuid import UUID

        from fastapi import APIRouter, Query

        from chassis.app import build_app
        from shared.item2 import Item
        from shared.item10 import Other

        USED = (Item, build_app, UUID, Other, os, Query, APIRouter)
        ''')


def test_names_in_use_are_imported_and_unused_imports_dropped() -> None:
    source = '''\
        """Doc."""
        from pydantic import BaseModel
        from uuid import UUID
        from uuid import uuid4

        PRICE = Decimal("1.50")
        TEXT = "Any UUID"
        QUOTED = 'an "inner" Any'
        PATH = f"/{uuid4()}"
        '''

    assert laid_out(source) == dedent('''\
        """Doc."""

        from decimal import Decimal
        from uuid import uuid4

        PRICE = Decimal("1.50")
        TEXT = "Any UUID"
        QUOTED = 'an "inner" Any'
        PATH = f"/{uuid4()}"
        ''')


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("short(1, 2)", "short(1, 2)", id="short"),
        pytest.param(
            f"x = call({'a' * 50}, {'b' * 50}, key=[1, 2])",
            f"x = call(\n    {'a' * 50},\n    {'b' * 50},\n    key=[1, 2],\n)",
            id="call",
        ),
        pytest.param(
            f"async def f(a: dict[str, int], {'b' * 60}: int) -> Page[{'C' * 20}]:",
            f"async def f(\n    a: dict[str, int],\n    {'b' * 60}: int,\n) -> Page[{'C' * 20}]:",
            id="function",
        ),
        pytest.param(
            f'x = call("a, (b", {"c" * 100})',
            f'x = call(\n    "a, (b",\n    {"c" * 100},\n)',
            id="brackets-in-strings",
        ),
        pytest.param(
            f'call("a", holds=self.{"b" * 20} is None or self.{"b" * 20} >= money("-192.00"), c={"d" * 20})',
            f'call(\n    "a",\n    holds=self.{"b" * 20} is None or self.{"b" * 20} >= money("-192.00"),\n'
            f"    c={'d' * 20},\n)",
            id="condition-that-fits",
        ),
        pytest.param(
            f'call("a", holds=self.{"b" * 28} is None or self.{"b" * 28} >= decimal("-192000.000001"))',
            f'call(\n    "a",\n    holds=self.{"b" * 28} is None\n'
            f'    or self.{"b" * 28} >= decimal("-192000.000001"),\n)',
            id="condition",
        ),
        pytest.param(
            f'class A:\n    {"a" * 28}: {"B" * 56} = "some text"',
            f'class A:\n    {"a" * 28}: {"B" * 56} = (\n        "some text"\n    )',
            id="default",
        ),
        pytest.param(
            f"class A:\n    {'a' * 30}: {'B' * 56} | None = None",
            f"class A:\n    {'a' * 30}: (\n        {'B' * 56} | None\n    ) = None",
            id="type",
        ),
        pytest.param(
            f'class A:\n    a: str = "{"x" * 95}"',
            f'class A:\n    a: str = "{"x" * 95}"',
            id="unsplittable-default",
        ),
        pytest.param('"' + "x" * 120 + '"', '"' + "x" * 120 + '"', id="unsplittable"),
    ],
)
def test_long_lines_are_split_at_brackets(line: str, expected: str) -> None:
    assert laid_out(f"A = 1\n{line}") == f"A = 1\n{expected}\n"


def test_a_text_with_three_quotes_is_no_docstring() -> None:
    quotes = """note: str = '""\"'"""

    assert laid_out(f"{quotes}\nx = call({'a' * 50}, {'b' * 50})").startswith(
        f"{quotes}\nx = call(\n"
    )


def test_wide_characters_count_twice() -> None:
    line = f'x = call("{"字" * 45}", 1)'

    assert len(line) < 100
    assert laid_out(line) == f'x = call(\n    "{"字" * 45}",\n    1,\n)\n'


def test_members_are_sorted_as_ruff_sorts_them() -> None:
    names = ["Base", "Item10", "Item9", "Item090", "Q1", "X02"]

    assert extension().as_members(names) == ["Q1", "X02", "Base", "Item090", "Item9", "Item10"]


def test_what_a_module_exports_is_in_use() -> None:
    source = '''\
        """Doc."""
        from shared.item import Item

        __all__ = ["Item"]
        '''

    assert "from shared.item import Item\n" in laid_out(source)


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


@pytest.mark.parametrize(
    ("text", "prose", "item"),
    [
        (" a\n- b ", "a\n- b", "a\n  - b"),
        ("- a", "- a", "\\- a"),
        ("- * - a", "\\- * - a", "\\- * - a"),
        ("# a\n#b", "\\# a\n#b", "\\# a\n  #b"),
        ("a\n---\nb", "a\n\\---\nb", "a\n  \\---\n  b"),
        ("```\ncode", "\\```\ncode", "\\```\n  code"),
        ("a <b>\n <!-- c", "a <b>\n \\<!-- c", "a <b>\n   \\<!-- c"),
    ],
)
def test_a_text_does_not_take_the_document_over(text: str, prose: str, item: str) -> None:
    assert extension().prose(text) == prose
    assert extension().item(text) == item
