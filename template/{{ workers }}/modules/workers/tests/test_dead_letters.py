"""Dead letters, without a RabbitMQ."""

import datetime as dt
from typing import Any

import pytest

from chassis_workers.dead_letters import _as_it_was, main
from chassis_workers.features import WorkerSettings
from chassis_workers.worker import Worker, build_worker


def create_worker() -> Worker:
    settings = WorkerSettings(rabbitmq_url="amqp://127.0.0.1:1/", rabbitmq_timeout=0.5)
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
        "x-death": [{"count": 1}],
        "x-first-death-queue": "garden.water",
        "x-last-death-reason": "rejected",
    }


def test_without_rabbitmq_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis_workers.worker.create_worker", create_worker, raising=False)

    with pytest.raises(SystemExit, match="RABBITMQ_URL must say where it is"):
        main(["chassis_workers.worker:create_worker"])


def test_a_message_is_given_again_as_it_was() -> None:
    letter: Any = Letter()

    message = _as_it_was(letter)

    assert message.body == b"{}"
    assert message.headers == {"x-tenant": "t1"}
    assert (message.message_id, message.type) == ("m1", "bed.dug")
