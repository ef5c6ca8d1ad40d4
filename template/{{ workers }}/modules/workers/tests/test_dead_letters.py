"""Dead letters of a worker, without a RabbitMQ."""

import pytest

from chassis_workers.dead_letters import main
from chassis_workers.features import WorkerSettings
from chassis_workers.worker import Worker, build_worker


def create_worker() -> Worker:
    settings = WorkerSettings(rabbitmq_url="amqp://team:secret@127.0.0.1:1/", rabbitmq_timeout=0.5)
    return build_worker("garden", [], [], settings)


def test_without_rabbitmq_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis_workers.worker.create_worker", create_worker, raising=False)

    with pytest.raises(SystemExit, match=r"@127\.0\.0\.1:1/ does not answer: ") as ended:
        main(["chassis_workers.worker:create_worker"])

    assert "secret" not in str(ended.value)
