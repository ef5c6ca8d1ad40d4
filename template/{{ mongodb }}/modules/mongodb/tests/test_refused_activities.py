"""What is told of activities that were refused, without a database."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from chassis_mongodb.refused_activities import _tell, main
from chassis_mongodb.telling.store import Backlog, Refusal, Waiting

BODY = f'{{"type": "books.created", "subject": "{UUID(int=2)}", "data": {{"secret": 1}}}}'
ACTIVITY = Waiting(1, UUID(int=1), BODY)


class Untold:
    """Keeps one activity that is refused."""

    def __init__(self, waiting: int = 0) -> None:
        self.again = 0
        self.waiting = waiting

    async def refused(self) -> Sequence[Refusal]:
        return [Refusal(ACTIVITY, "422: Not like this.")]

    async def backlog(self) -> Backlog:
        return Backlog(self.waiting, 1, 61.4)

    async def try_again(self) -> int:
        self.again += 1
        return 1


async def test_each_is_named_with_its_reason_and_without_what_it_holds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    untold: Any = Untold()

    await _tell(untold, again=False)

    assert capsys.readouterr().out.splitlines() == [
        f"books.created {UUID(int=1)} of {UUID(int=2)} ({len(BODY)} bytes): 422: Not like this.",
        "1 refused, 0 waiting",
    ]
    assert not untold.again


async def test_they_are_told_again(capsys: pytest.CaptureFixture[str]) -> None:
    untold: Any = Untold(waiting=3)

    await _tell(untold, again=True)

    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "1 refused, 3 waiting, the oldest for 61 s; 1 are told again"
    assert untold.again


@pytest.mark.parametrize("url", ["", "postgresql://nobody:secret@127.0.0.1:1/none"])
def test_without_a_database_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)

    with pytest.raises(SystemExit, match="DATABASE_URL must be that of the data service") as ended:
        main([])

    assert "secret" not in str(ended.value)
