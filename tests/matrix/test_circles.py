"""Circles of imports are found, and nothing else is taken for one."""

import pytest

from tests.matrix.circles import circular
from tests.matrix.renderer import Rendered
from tests.matrix.syntax import code


def found(**modules: str) -> list[str]:
    """What is told of modules of the package `pen`, by name and text."""
    texts = {f"pen/src/pen/{name}.py": text for name, text in modules.items()}
    files = {path: text.encode() for path, text in texts.items()}
    rendered = Rendered(files, {}, frozenset(), {})
    codes = {path: code(text) for path, text in texts.items()}
    return [f"{path}: {what}" for path, what in circular(rendered, codes)]


@pytest.mark.parametrize(
    "back",
    [
        pytest.param("import pen.a", id="at once"),
        pytest.param("from pen import a", id="from the package"),
        pytest.param("if TYPE_CHECKING:\n    from pen.a import A", id="for types"),
        pytest.param("def f() -> None:\n    from pen.a import A", id="late"),
    ],
)
def test_a_circle_is_found_however_it_is_hidden(back: str) -> None:
    told = found(__init__="", a="from pen.b import B", b="from pen.c import C", c=back)

    assert told == ["pen/src/pen/a.py: imports itself: pen.a -> pen.b -> pen.c -> pen.a"]


def test_every_circle_is_told() -> None:
    told = found(
        __init__="", a="import pen.b", b="import pen.a", c="import pen.d", d="import pen.c"
    )

    assert len(told) == 2


def test_a_package_that_shows_what_a_module_has_is_in_the_circle_of_who_takes_it_from_there() -> (
    None
):
    told = found(__init__="from pen.a import A", a="from pen.b import B", b="from pen import A")

    assert told == ["pen/src/pen/__init__.py: imports itself: pen -> pen.a -> pen.b -> pen"]


def test_a_package_is_run_before_what_is_in_it() -> None:
    told = found(
        **{
            "__init__": "",
            "ink/__init__": "from pen.paper import P",
            "ink/red": "",
            "paper": "from pen.ink.red import RED",
        }
    )

    assert told == ["pen/src/pen/ink/__init__.py: imports itself: pen.ink -> pen.paper -> pen.ink"]


def test_what_is_in_a_package_does_not_run_it_again() -> None:
    red, blue = "from pen.ink.blue import BLUE", ""
    assert found(**{"ink/__init__": red, "ink/red": red, "ink/blue": blue, "paper": red}) == []


def test_what_goes_one_way_is_no_circle() -> None:
    assert (
        found(
            __init__="from pen.a import A",
            a="from pen import b\nimport json",
            b="from pen.c import C",
            c="",
        )
        == []
    )
