"""What is told of events that were refused, without a database."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from chassis_rabbitmq.outbox.store import Backlog, Refusal, Waiting
from chassis_rabbitmq.refused_events import _tell, main

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
EVENT = Waiting(1, UUID(int=1), "book.created.v1", UUID(int=2), NOON, {}, '{"secret": 1}')


class Outbox:
    """Keeps one event that is refused."""

    def __init__(self, waiting: int = 0) -> None:
        self.again = 0
        self.waiting = waiting

    async def refused(self) -> Sequence[Refusal]:
        return [Refusal(EVENT, "message size 9 is larger than 8")]

    async def backlog(self) -> Backlog:
        return Backlog(self.waiting, 1, 61.4)

    async def try_again(self) -> int:
        self.again += 1
        return 1


async def test_each_is_named_with_its_reason_and_without_what_it_holds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    outbox: Any = Outbox()

    await _tell(outbox, again=False)

    assert capsys.readouterr().out.splitlines() == [
        f"book.created.v1 {UUID(int=1)} of {UUID(int=2)} (13 bytes): message size 9 is larger than 8",
        "1 refused, 0 waiting",
    ]
    assert not outbox.again


async def test_they_are_sent_again(capsys: pytest.CaptureFixture[str]) -> None:
    outbox: Any = Outbox(waiting=3)

    await _tell(outbox, again=True)

    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "1 refused, 3 waiting, the oldest for 61 s; 1 are sent again"
    assert outbox.again


@pytest.mark.parametrize("url", ["", "postgresql://nobody:secret@127.0.0.1:1/none"])
def test_without_a_database_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)

    with pytest.raises(SystemExit, match="DATABASE_URL must be that of the data service") as ended:
        main([])

    assert "secret" not in str(ended.value)
