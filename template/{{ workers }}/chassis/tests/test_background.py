"""What a worker does again and again."""

import asyncio

import pytest

from chassis import background
from chassis.background import Again, done_once, repeating
from chassis.problems import Unavailable


async def test_what_fails_is_done_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "LONGEST_PAUSE_S", 0.001)
    failures: list[Exception] = [Unavailable("Away."), ZeroDivisionError("a bug")]
    done = asyncio.Event()

    async def work() -> None:
        if failures:
            raise failures.pop(0)
        done.set()

    async with repeating(Again(work, 0.001), waits="Seeds wait"), asyncio.timeout(5):
        await done.wait()

    assert "Seeds wait: Away." in caplog.text
    assert "a bug" in caplog.text


async def test_one_that_fails_holds_up_no_other() -> None:
    done = asyncio.Event()

    async def fails() -> None:
        raise Unavailable("Away.")

    async def works() -> None:
        done.set()

    async with (
        repeating(Again(fails, 60), Again(works, 60), waits="Seeds wait"),
        asyncio.timeout(5),
    ):
        await done.wait()


@pytest.mark.parametrize(("patience", "ended"), [(None, [True]), (5, [True]), (0, [])])
async def test_what_is_under_way_at_the_end_has_so_long(
    patience: float | None, ended: list[bool]
) -> None:
    under_way, seen = asyncio.Event(), list[bool]()

    async def work() -> None:
        under_way.set()
        await asyncio.sleep(0.05)
        seen.append(True)

    async with repeating(Again(work, 60), waits="Seeds wait", patience=patience):
        await under_way.wait()

    assert seen == ended


@pytest.mark.parametrize(
    ("found", "pauses"),
    [
        pytest.param([0, 0, 0, 0], [4, 8, 10, 10], id="none comes"),
        pytest.param([0, 0, 3, 0], [4, 8, 2, 4], id="some come"),
        pytest.param([None, None], [2, 2], id="it does not say"),
    ],
)
async def test_while_there_is_nothing_to_do_it_is_done_less_and_less_often(
    found: list[int | None], pauses: list[float]
) -> None:
    left, pause, seen = iter(found), 2.0, list[float]()

    async def work() -> int | None:
        return next(left)

    for _ in found:
        pause = await done_once(Again(work, 2, 10), pause, "Seeds wait")
        seen.append(pause)

    assert seen == pauses


async def test_while_it_fails_it_is_done_less_and_less_often() -> None:
    async def work() -> None:
        raise Unavailable("Away.")

    pause, seen = 1.0, list[float]()
    for _ in range(6):
        pause = await done_once(Again(work, 1), pause, "Seeds wait")
        seen.append(pause)

    assert seen == [2, 4, 8, 16, 30, 30]
