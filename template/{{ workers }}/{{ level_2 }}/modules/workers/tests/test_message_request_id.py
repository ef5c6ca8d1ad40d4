"""The request id of a message, in logs and calls."""

from typing import Any

import pytest
from structlog.contextvars import get_contextvars

from chassis import request_id
from chassis_rabbitmq.consuming.delivery import Delivery
from chassis_workers.features import WorkerSettings
from chassis_workers.request_id import under_its_id
from chassis_workers.worker import Worker, build_worker


@pytest.fixture
def worker() -> Worker:
    return build_worker("garden", [], [], WorkerSettings())


def delivery(**headers: Any) -> Delivery:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Delivery("garden.water", "m1", named, attempt=2)


def test_the_id_of_the_message_is_taken() -> None:
    with under_its_id(delivery(x_request_id="r1")):
        assert request_id.current() == "r1"
        bound = get_contextvars()

    assert bound == {
        "request_id": "r1",
        "task": "garden.water",
        "message_id": "m1",
        "attempt": 2,
    }
    assert request_id.current() is None


@pytest.mark.parametrize("headers", [{}, {"x_request_id": "two words"}, {"x_request_id": 7}])
def test_without_one_that_is_fit_there_is_a_new_one(headers: dict[str, Any]) -> None:
    with under_its_id(delivery(**headers)):
        first = request_id.current()
    with under_its_id(delivery(**headers)):
        second = request_id.current()

    assert first
    assert second
    assert first != second


def test_every_message_is_handled_under_its_id_and_calls_pass_it_on(worker: Worker) -> None:
    assert under_its_id in worker.handling.scopes
    with under_its_id(delivery(x_request_id="r1")):
        sent = [provided() for provided in worker.state.http.header_providers]

    assert {"X-Request-ID": "r1"} in sent
