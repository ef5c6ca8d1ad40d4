"""Long lines are split as ruff would do it."""

from textwrap import dedent

import pytest

from tests.support import extension


def laid_out(source: str) -> str:
    return str(extension().python(dedent(source)))


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
        pytest.param(
            "    " + "a" * 30 + ": " + "B" * 60 + """ = '\\' # "'""",
            "    " + "a" * 30 + ": " + "B" * 60 + """ = (\n        '\\' # "'\n    )""",
            id="a text with both kinds of quotes",
        ),
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
