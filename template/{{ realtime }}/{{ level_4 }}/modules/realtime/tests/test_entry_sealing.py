"""What is told live is encrypted in Redis, under keys that can be replaced."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from fakeredis import FakeAsyncRedis
from pydantic import ValidationError

from chassis_realtime import entry_sealing
from chassis_realtime.entry_sealing import Settings
from chassis_realtime.hub import Hub, Kind
from chassis_realtime.log import Gone, Log

if TYPE_CHECKING:
    from chassis_realtime.entry_sealing.process import Process

BEDS = "beds"
OLD, NEW = "old-" * 10, "new-" * 10


def process_of(log: Log) -> "Process":
    return cast("Process", SimpleNamespace(state=SimpleNamespace(live_log=log)))


def keys(log: Log, current: str = "", before: str = "") -> None:
    """Have a process made with these keys."""
    given = {"realtime_key": current, "realtime_keys_before": before}
    entry_sealing.install(process_of(log), Settings.model_validate(given))


async def after(log: Log, position: str) -> list[str]:
    return [entry.data async for entry in log.after(BEDS, position)]


async def kept(log: Log, redis: FakeAsyncRedis) -> list[str]:
    entries = cast("list[Any]", await redis.xrange(f"{log.prefix}{BEDS}"))
    return [fields[b"data"].decode() for _, fields in entries]


async def test_redis_has_it_sealed_and_clients_have_it_open(
    log: Log, redis: FakeAsyncRedis
) -> None:
    keys(log, NEW)
    start = await log.newest(BEDS)
    async with redis.pubsub() as bell:
        await bell.psubscribe(f"{log.prefix}*")
        await log.append(BEDS, "one", "roses")
        heard = [await bell.get_message(timeout=1) for _ in range(2)]

    assert await after(log, start) == ["roses"]
    assert "roses" not in str(await kept(log, redis))
    (called,) = [one["data"] for one in heard if one and one["type"] == "pmessage"]
    assert b"roses" not in called
    assert log.called_out(called).data == "roses"


async def test_keys_are_replaced_while_clients_read_on(log: Log) -> None:
    start = await log.newest(BEDS)
    keys(log, OLD)
    await log.append(BEDS, "one", "roses")
    keys(log, NEW, OLD)
    await log.append(BEDS, "two", "tulips")

    assert await after(log, start) == ["roses", "tulips"]


async def test_what_cannot_be_read_is_a_gap(log: Log, redis: FakeAsyncRedis) -> None:
    start = await log.newest(BEDS)
    await log.append(BEDS, "one", "plain, of before there was a key")
    keys(log, NEW)

    with pytest.raises(Gone):
        await after(log, start)
    with pytest.raises(Gone):
        log.called_out(b"1-1 plain")


async def test_clients_are_told_to_load_everything_anew(log: Log, redis: FakeAsyncRedis) -> None:
    hub = Hub(redis, log, bound=10, heartbeat=60)
    start = await log.newest(BEDS)
    keys(log, OLD)
    await log.append(BEDS, "one", "roses")
    keys(log, NEW)

    told = [await anext(hub.messages(BEDS, None, start))]

    assert [message.kind for message in told] == [Kind.RESET]


async def test_without_a_key_it_is_kept_as_it_is(log: Log, redis: FakeAsyncRedis) -> None:
    keys(log)
    await log.append(BEDS, "one", "roses")

    assert "roses" in await kept(log, redis)


@pytest.mark.parametrize(("key", "said"), [("", [entry_sealing.OPEN]), (NEW, [])])
async def test_a_process_that_runs_says_whether_it_has_a_key(
    key: str, said: list[str], log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings.model_validate({"realtime_key": key})

    async with entry_sealing.lifespan(process_of(log), settings):
        assert caplog.messages == said


def test_a_key_that_can_be_guessed_is_refused() -> None:
    for name in ("realtime_key", "realtime_keys_before"):
        with pytest.raises(ValidationError, match="32 characters"):
            Settings.model_validate({name: "short"})
