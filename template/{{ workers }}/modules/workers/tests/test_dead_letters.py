"""Dead letters, without a RabbitMQ."""

import datetime as dt
from typing import Any

import pytest

from chassis_workers.dead_letters import main
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
    type = "bed.dug"
    headers = {  # noqa: RUF012  # nobody changes it
        "x-tenant": "t1",
        "x-delivery-count": 7,
        "x-acquired-count": 9,
        "x-death": [{"count": 1}],
        "x-first-death-queue": "garden.water",
        "x-last-death-reason": "rejected",
    }


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
