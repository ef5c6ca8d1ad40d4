"""What becomes of messages, with the time and the connection in the way."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from aio_pika.exceptions import ChannelInvalidStateError

from chassis_rabbitmq.consuming.delivery import Delivery
from chassis_rabbitmq.consuming.failures import Refused, ServiceAway, ServiceBusy
from chassis_rabbitmq.consuming.handling import Handling, Outcome
from chassis_rabbitmq.consuming.limits import Limits

AWAY = ServiceAway("The shed does not answer.")


class Message:
    """A message that notes what becomes of it."""

    def __init__(
        self, headers: Mapping[str, Any] | None = None, message_id: str | None = "m1"
    ) -> None:
        self.message_id = message_id or "made up"
        self.raw_message = SimpleNamespace(message_id=message_id)
        self.headers = dict(headers or {})
        self.body = b"{}"
        self.fate: str | None = None
        self.lost = False
        self.copied = False

    async def ack(self) -> None:
        if self.lost:
            raise ChannelInvalidStateError
        self.fate = "done"

    async def nack(self, *, requeue: bool) -> None:
        assert requeue
        self.fate = "back"

    async def reject(self, *, requeue: bool) -> None:
        self.fate = "failed" if requeue else "dead"


def handling(**settings: Any) -> Handling:
    values = {"attempts": 3, "retry_delay": 0.001, "stop_timeout": 0.05}

    async def put_at_end(queue: str, message: Any) -> None:
        assert queue == "garden.water"
        if message.lost:
            raise ChannelInvalidStateError
        message.copied = True

    return Handling(Limits(**values | settings), put_at_end)


def failing(*errors: Exception) -> Callable[[Delivery], Awaitable[None]]:
    """Fail with each of the errors in turn, then succeed."""
    left = list(errors)

    async def handle(_delivery: Delivery) -> None:
        if left:
            raise left.pop(0)

    return handle


async def hang(_delivery: Delivery) -> None:
    await asyncio.sleep(60)


def begin(under: Handling, handle: Callable[[Delivery], Awaitable[None]], message: Any) -> None:
    under.take("garden.water", handle, message)


async def take(
    under: Handling, handle: Callable[[Delivery], Awaitable[None]], message: Any
) -> None:
    begin(under, handle, message)
    await under.idle()


async def test_an_outage_costs_no_attempt() -> None:
    message = Message({"x-delivery-count": 2})

    await take(handling(), failing(AWAY, AWAY, AWAY, AWAY), message)

    assert message.fate == "done"


async def test_who_is_held_for_too_long_waits_at_the_end_of_the_queue() -> None:
    message = Message({"x-delivery-count": 2})

    await take(handling(hold_time=0.01), failing(*[AWAY] * 100), message)

    assert message.copied
    assert message.fate == "done"  # this one; the copy begins with its first attempt


async def test_what_could_not_be_copied_is_not_taken_away() -> None:
    message = Message()
    message.lost = True

    await take(handling(hold_time=0.01), failing(*[AWAY] * 100), message)

    assert message.fate is None


@pytest.mark.parametrize(("count", "fate"), [(1, "failed"), (2, "dead"), (9, "dead")])
async def test_what_fails_is_tried_again_a_set_number_of_times(count: int, fate: str) -> None:
    message = Message({"x-delivery-count": count})

    await take(handling(), failing(LookupError("a bug")), message)

    assert message.fate == fate


@pytest.mark.parametrize(
    ("headers", "errors", "outcomes", "attempts"),
    [
        pytest.param({}, [], [Outcome.DONE], 1, id="done"),
        pytest.param({}, [AWAY, AWAY], [Outcome.DONE], 3, id="after an outage"),
        pytest.param({}, [LookupError()], [Outcome.FAILED], 1, id="failed"),
        pytest.param({"x-delivery-count": 2}, [LookupError()], [Outcome.DEAD], 1, id="too often"),
        pytest.param({}, [Refused("too late")], [Outcome.DEAD], 1, id="refused"),
    ],
)
async def test_observers_are_told_what_becomes_of_a_message(
    headers: dict[str, Any], errors: list[Exception], outcomes: list[Outcome], attempts: int
) -> None:
    under, told, entered = handling(), list[Outcome](), list[str]()

    @contextmanager
    def noted(delivery: Delivery) -> Iterator[None]:
        entered.append(delivery.task)
        yield

    under.observers.append(lambda _delivery, outcome: told.append(outcome))
    under.attempt_scopes.append(noted)
    await take(under, failing(*errors), Message(headers))

    assert told == outcomes
    assert entered == ["garden.water"] * attempts


async def test_without_an_id_a_message_is_a_dead_letter(caplog: pytest.LogCaptureFixture) -> None:
    message, begun = Message(message_id=None), asyncio.Event()

    async def handle(_delivery: Delivery) -> None:
        begun.set()

    await take(handling(), handle, message)

    assert message.fate == "dead"
    assert not begun.is_set()
    assert "garden.water (no id) is refused, a dead letter: it has no message_id" in caplog.text


async def test_each_wait_is_twice_as_long_up_to_a_limit(caplog: pytest.LogCaptureFixture) -> None:
    under = handling(retry_delay=0.01, retry_delay_max=0.03)
    bug = LookupError("a bug")

    for count in range(2):
        await take(under, failing(bug), Message({"x-delivery-count": count}))
    waits = [record.args[3] for record in caplog.records if isinstance(record.args, tuple)]

    assert waits == [0.01, 0.02]
    assert Limits(retry_delay_max=0.03).delay(2_000) == 0.03


async def test_who_is_busy_is_left_alone_for_the_longest_wait() -> None:
    under, message = handling(retry_delay_max=0.2), Message()
    started = time.monotonic()

    await take(under, failing(ServiceBusy("The shed is full.")), message)

    assert message.fate == "done"
    assert time.monotonic() - started >= 0.2


async def test_who_waits_takes_no_place() -> None:
    under = handling(concurrency=1, retry_delay=0.2)
    poison, other = Message(), Message()

    begin(under, failing(LookupError("a bug")), poison)
    begin(under, failing(), other)
    await asyncio.sleep(0.05)

    assert (poison.fate, other.fate) == (None, "done")
    await under.idle()
    assert poison.fate == "failed"


async def test_no_more_than_the_set_number_are_handled_at_once() -> None:
    under = handling(concurrency=2)
    now, most = 0, 0

    async def handle(_delivery: Delivery) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001)
        now -= 1

    for _ in range(9):
        begin(under, handle, Message())
    await under.idle()

    assert most == 2


async def test_what_is_in_hand_is_finished_when_the_process_stops() -> None:
    under, message = handling(), Message()
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def handle(_delivery: Delivery) -> None:
        begun.set()
        await go_on.wait()

    begin(under, handle, message)
    await begun.wait()
    stopping = asyncio.create_task(under.stop())
    go_on.set()
    await stopping

    assert message.fate == "done"


async def test_what_takes_too_long_is_given_up_when_the_process_stops() -> None:
    under, message = handling(), Message()

    begin(under, hang, message)
    await asyncio.sleep(0.01)
    await under.stop()

    assert message.fate is None  # it goes back when the connection is closed


@pytest.mark.parametrize(
    ("error", "fate"),
    [
        pytest.param(AWAY, "back", id="which costs no attempt"),
        pytest.param(LookupError("a bug"), "failed", id="which costs one"),
    ],
)
async def test_what_waits_for_another_try_goes_back_at_once_when_the_process_stops(
    error: Exception, fate: str
) -> None:
    under, message = handling(retry_delay=60, retry_delay_max=60), Message()

    begin(under, failing(error), message)
    await asyncio.sleep(0.01)
    await under.stop()

    assert message.fate == fate


async def test_what_waits_for_a_place_is_not_begun_when_the_process_stops() -> None:
    under, messages = handling(concurrency=1, stop_timeout=5), [Message(), Message()]
    begun, go_on, calls = asyncio.Event(), asyncio.Event(), 0

    async def handle(_delivery: Delivery) -> None:
        nonlocal calls
        calls += 1
        begun.set()
        await go_on.wait()

    for message in messages:
        begin(under, handle, message)
    await begun.wait()
    stopping = asyncio.create_task(under.stop())
    await asyncio.sleep(0.01)
    assert [message.fate for message in messages] == [None, "back"]
    go_on.set()
    await stopping

    assert [message.fate for message in messages] == ["done", "back"]
    assert calls == 1


async def test_nothing_is_begun_while_the_process_stops() -> None:
    under, message = handling(), Message()
    await under.stop()

    await take(under, failing(), message)

    assert message.fate is None


async def test_a_lost_connection_is_told_in_a_line(caplog: pytest.LogCaptureFixture) -> None:
    message = Message()
    message.lost = True

    with caplog.at_level(logging.WARNING):
        await take(handling(), failing(), message)

    assert "garden.water m1: the connection is lost" in caplog.text
    assert "Traceback" not in caplog.text
