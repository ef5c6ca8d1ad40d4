"""What owners and the template both add to a list, and what only looks like one."""

import pytest

from tests.climb.growth import machine

MARKED = """\
before
<<<<<<< before updating
{mine}||||||| last update
{old}=======
{new}>>>>>>> after updating
after
"""


def grown(mine: str, old: str, new: str) -> tuple[str, tuple[str, ...]]:
    found = machine("lists").grown(MARKED.format(mine=mine, old=old, new=new).encode())
    inside = found.text.decode().removeprefix("before\n").removesuffix("after\n")
    return inside, found.by_hand


@pytest.mark.parametrize(
    ("mine", "old", "new", "both"),
    [
        pytest.param("    mine,\n", "", "    new,\n", "    mine,\n    new,\n", id="items"),
        pytest.param('    "Loan",\n', "", '    "Bid",\n', '    "Bid",\n    "Loan",\n', id="names"),
        pytest.param(
            "    old,\n    mine,\n",
            "    old,\n",
            "    new,\n    old,\n",
            "    new,\n    old,\n    mine,\n",
            id="around-a-line",
        ),
        pytest.param(
            "from api import labels, tasks\n",
            "from api import tasks\n",
            "from api import notes, tasks\n",
            "from api import labels, notes, tasks\n",
            id="import-of-several",
        ),
        pytest.param(
            "from api.labels import Label\n",
            "",
            "from api.bids import LIMIT, Bid, bid\n",
            "from api.bids import LIMIT, Bid, bid\nfrom api.labels import Label\n",
            id="imports",
        ),
        pytest.param(
            f"from api import {'a' * 50}\n",
            "from api import a\n",
            f"from api import a, {'b' * 50}\n",
            f"from api import (\n    {'a' * 50},\n    {'b' * 50},\n)\n",
            id="long-import",
        ),
    ],
)
def test_both_are_taken(mine: str, old: str, new: str, both: str) -> None:
    assert grown(mine, old, new) == (both, ())


@pytest.mark.parametrize(
    ("mine", "old", "new", "by_hand"),
    [
        pytest.param("x = 3\n", "x = 2\n", "x = 1\n\ny = 1\n", ("x = 1", "y = 1"), id="changed"),
        pytest.param("", "    old,\n", "    old,\n    new,\n", ("    new,",), id="taken-out"),
        pytest.param(
            "from api import tasks  # mine\n",
            "from api import tasks\n",
            "from api import notes, tasks\n",
            ("from api import notes, tasks",),
            id="comment",
        ),
        pytest.param(
            "from api import tasks as jobs\n",
            "from api import tasks\n",
            "from api import notes, tasks\n",
            ("from api import notes, tasks",),
            id="renamed-import",
        ),
    ],
)
def test_what_is_more_is_left_to_people(
    mine: str, old: str, new: str, by_hand: tuple[str, ...]
) -> None:
    text, told = grown(mine, old, new)

    assert told == by_hand
    assert text == f"<<<<<<< before updating\n{mine}=======\n{new}>>>>>>> after updating\n"


@pytest.mark.parametrize(
    ("mine", "merged", "whole"),
    [
        pytest.param(b"a\nmine\nb\n", b"a\nmine\nb\nnew\n", True, id="all-there"),
        pytest.param(b"a\nmine\nb\n", b"a\nb\nnew\n", False, id="a-line-is-lost"),
        pytest.param(b"a\n", b"a\nb\nnew\n", False, id="a-line-is-back"),
        pytest.param(b"a\nb\r\n", b"a\nb\nnew\n", False, id="another-line-end"),
        pytest.param(b"a\nb\nb\n", b"a\nb\nnew\n", False, id="one-of-two-is-lost"),
    ],
)
def test_what_a_merge_lost_is_found(mine: bytes, merged: bytes, whole: bool) -> None:  # noqa: FBT001
    """A wrong merge is no merge: what owners wrote is counted once more."""
    assert machine("merge").kept(b"a\nb\n", mine, b"a\nb\nnew\n", merged) is whole
