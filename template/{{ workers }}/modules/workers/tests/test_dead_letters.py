"""Dead letters, without a RabbitMQ."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest

from chassis_workers.dead_letters import _age, main
from chassis_workers.delivery import as_it_was
from chassis_workers.features import WorkerSettings
from chassis_workers.worker import Worker, build_worker


def create_worker() -> Worker:
    settings = WorkerSettings(rabbitmq_url="amqp://team:secret@127.0.0.1:1/", rabbitmq_timeout=0.5)
    return build_worker("garden", [], [], settings)


class Letter:
    """A message as RabbitMQ hands it out of a queue of dead letters."""

    body = b"{}"
    content_type = "application/json"
    correlation_id = message_id = "m1"
    timestamp = dt.datetime(2026, 1, 31, tzinfo=dt.UTC)
    back = False
    type = "bed.dug"
    headers = {  # noqa: RUF012  # nobody changes it
        "x-tenant": "t1",
        "x-delivery-count": 7,
        "x-acquired-count": 9,
        "x-death": [{"count": 1}],
        "x-first-death-queue": "garden.water",
        "x-last-death-reason": "rejected",
    }

    async def nack(self, *, requeue: bool) -> None:
        self.back = requeue


@dataclass
class Dead:
    """A queue of dead letters."""

    first: Letter

    async def get(self, *, fail: bool) -> Letter:
        assert not fail
        return self.first


def test_without_rabbitmq_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis_workers.worker.create_worker", create_worker, raising=False)

    with pytest.raises(SystemExit, match=r"@127\.0\.0\.1:1/ does not answer: ") as ended:
        main(["chassis_workers.worker:create_worker"])

    assert "secret" not in str(ended.value)


def test_a_message_is_given_again_as_it_was() -> None:
    letter: Any = Letter()

    message = as_it_was(letter)

    assert message.body == b"{}"
    assert message.headers == {"x-tenant": "t1"}
    assert (message.message_id, message.type) == ("m1", "bed.dug")


@pytest.mark.parametrize(
    ("days", "warning"),
    [
        pytest.param(13, "", id="what it wrote is known"),
        pytest.param(
            15, " (older than 14 days: given again, it writes again what it wrote)", id="no"
        ),
    ],
)
async def test_the_age_of_the_first_is_shown(days: int, warning: str) -> None:
    letter = Letter()
    letter.timestamp = dt.datetime.now(dt.UTC) - dt.timedelta(days=days)
    dead: Any = Dead(letter)

    assert await _age(dead) == f", the first of {letter.timestamp:%Y-%m-%d}{warning}"
    assert letter.back
