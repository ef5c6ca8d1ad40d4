"""A provider that keeps failing is left alone, and what waits meanwhile is not in doubt."""

import pytest

from chassis.problems import OutcomeUnknown
from chassis.resilience import Breaker
from chassis_communications.message_breakers import BehindBreaker
from chassis_communications.providers import NotReached, NotSent, Outgoing, Taken
from chassis_workers.features import WorkerSettings
from chassis_workers.worker import build_worker

PAUSE = 30


class Provider:
    """Raises what it is told to; notes how often it was asked."""

    name, address = "post", "post.example.com"

    def __init__(self, answer: Exception | None) -> None:
        self.answer = answer
        self.asked = 0
        self.closed = False

    async def send(self, _message: Outgoing) -> Taken:
        self.asked += 1
        if self.answer:
            raise self.answer
        return Taken("its name")

    async def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("fault", [OutcomeUnknown("No answer."), NotReached("Away.")])
async def test_a_provider_that_keeps_failing_is_sent_nothing(
    outgoing: Outgoing, fault: Exception
) -> None:
    now = 0.0
    provider = Provider(fault)
    alone = BehindBreaker(provider, Breaker(2, 0.5, PAUSE, lambda: now), PAUSE)
    for _ in range(2):
        with pytest.raises(type(fault)):
            await alone.send(outgoing)

    with pytest.raises(NotSent, match="left alone") as left:
        await alone.send(outgoing)
    assert (left.value.again, left.value.after) == (True, PAUSE)
    assert provider.asked == 2

    now, provider.answer = PAUSE + 1, None
    assert await alone.send(outgoing) == Taken("its name")
    await alone.close()
    assert provider.closed


async def test_what_it_refuses_says_nothing_against_it(outgoing: Outgoing) -> None:
    provider = Provider(NotSent("No such user.", again=False, cause="bounce"))
    alone = BehindBreaker(provider, Breaker(2, 0.5, PAUSE), PAUSE)

    for _ in range(5):
        with pytest.raises(NotSent, match="No such user"):
            await alone.send(outgoing)
    assert provider.asked == 5


async def test_the_worker_tells_of_it_as_of_every_service() -> None:
    worker = build_worker("gardener", [], [], WorkerSettings(sms_url="https://x.example"))

    assert [service for service, _ in worker.state.guards] == ["x.example"]
    for provider in worker.state.message_providers.values():
        await provider.close()
