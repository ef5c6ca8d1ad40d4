"""What is spared of Copier's work is given back afterwards, and another Copier is left alone."""

from contextlib import suppress
from typing import Any

import pytest
from copier import _main, _template

from ferrata.template import sparing

PLACES = {
    "answers_listed_once": (_main.Worker, ["_render_template", "_answers_to_remember"]),
    "modes_are_kept": (_main.Worker, ["_sync_git_index_executable_bit"]),
    "cloned_once": (_template, ["clone"]),
}
each = pytest.mark.parametrize(
    ("spared", "owner", "name"),
    [(spared, owner, name) for spared, (owner, names) in PLACES.items() for name in names],
)


@each
def test_it_is_given_back(spared: str, owner: Any, name: str) -> None:
    before = getattr(owner, name)

    with suppress(KeyError), getattr(sparing, spared)():
        assert getattr(owner, name) is not before
        raise KeyError

    assert getattr(owner, name) is before


@each
def test_a_copier_without_it_is_left_alone(
    spared: str, owner: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(owner, name)
    there = dict(vars(owner))

    with getattr(sparing, spared)():
        assert dict(vars(owner)) == there
