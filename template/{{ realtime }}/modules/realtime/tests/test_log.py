"""The log of an audience: each event once, and nothing missing that is not said to be."""

import pytest
from fakeredis import FakeAsyncRedis

from chassis.features import FeatureSettings
from chassis_realtime.log import Gone, Log, is_after

BEDS = "beds"


async def after(log: Log, position: str) -> list[str]:
    return [entry.data async for entry in log.after(BEDS, position)]


async def test_what_was_told_is_read_from_where_one_was(log: Log) -> None:
    start = await log.newest(BEDS)
    for number in range(3):
        await log.append(BEDS, f"id-{number}", f"{number}")

    assert await after(log, start) == ["0", "1", "2"]
    first = await anext(log.after(BEDS, start))
    assert await after(log, first.id) == ["1", "2"]
    assert await after(log, await log.newest(BEDS)) == []


async def test_an_event_that_comes_again_is_left_out(log: Log) -> None:
    start = await log.newest(BEDS)

    for _ in range(2):
        await log.append(BEDS, "the same", "once")

    assert await after(log, start) == ["once"]


async def test_an_empty_log_has_a_position_that_stays(log: Log) -> None:
    assert await log.newest(BEDS) == await log.newest(BEDS)


async def test_more_than_a_page_is_read(log: Log) -> None:
    start = await log.newest(BEDS)
    for number in range(250):
        await log.append(BEDS, f"{number}", f"{number}")

    assert await after(log, start) == [f"{number}" for number in range(250)]


async def test_a_gap_is_told(log: Log, redis: FakeAsyncRedis) -> None:
    start = await log.newest(BEDS)
    await log.append(BEDS, "one", "1")
    await redis.xtrim(f"{log.prefix}{BEDS}", maxlen=1, approximate=False)

    with pytest.raises(Gone):
        await after(log, start)


@pytest.mark.parametrize("position", ["", "x", "1-", "12", f"{10**20}-0", "0-0", "1-1\n"])
async def test_what_is_no_position_of_the_log_is_a_gap(log: Log, position: str) -> None:
    await log.append(BEDS, "one", "1")

    with pytest.raises(Gone):
        await log.check(BEDS, position)


async def test_what_others_put_there_and_is_no_text_is_a_gap(
    log: Log, redis: FakeAsyncRedis
) -> None:
    start = await log.newest(BEDS)
    await log.append(BEDS, "one", "1")
    await redis.xadd(f"{log.prefix}{BEDS}", {"data": b"\xff\xfe"})
    poison = await log.newest(BEDS)
    await log.append(BEDS, "two", "2")

    with pytest.raises(Gone):
        await after(log, start)
    with pytest.raises(Gone):
        await log.check(BEDS, poison)
    assert await after(log, await log.newest(BEDS)) == []


async def test_a_log_is_bounded_and_goes_in_the_end(redis: FakeAsyncRedis) -> None:
    log = Log(redis, FeatureSettings(realtime_log_length=10, realtime_log_time=60))
    for number in range(250):
        await log.append(BEDS, f"{number}", f"{number}")

    key = f"{log.prefix}{BEDS}"
    assert await redis.xlen(key) < 250
    assert 0 < await redis.ttl(key) <= 60


def test_entries_are_compared_as_numbers() -> None:
    assert is_after("10-0", "9-5")
    assert is_after("9-10", "9-9")
    assert not is_after("9-9", "9-9")
