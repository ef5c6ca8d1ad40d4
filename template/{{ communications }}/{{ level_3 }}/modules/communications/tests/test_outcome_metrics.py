"""The metrics of messages."""

from collections.abc import Callable
from typing import Any

from chassis_communications.messages import MessageState
from chassis_workers.features import WorkerSettings
from chassis_workers.worker import build_worker


async def test_what_messages_come_to_is_counted(queue: Callable[..., Any]) -> None:
    worker = build_worker("gardener", [], [], WorkerSettings(sms_url="https://x.example"))
    told = worker.state.metrics.registry.get_sample_value
    message = await queue(channel="sms", recipient="+447700900123")

    for state in ("sent", "delivered", "delivered", "queued"):
        for observe in worker.state.messages.observers:
            observe(message, MessageState(state=state))

    assert told("messages_total", {"channel": "sms", "state": "sent"}) == 1
    assert told("messages_total", {"channel": "sms", "state": "delivered"}) == 2
    assert told("messages_total", {"channel": "sms", "state": "failed"}) == 0
    assert told("messages_total", {"channel": "sms", "state": "queued"}) is None
    for before, cost in ((None, 7500), (7500, 7500), (7500, 10_000)):
        for observe in worker.state.messages.observers:
            sent = MessageState(state="sent", cost=cost)
            observe(message.model_copy(update={"cost": before}), sent)
    assert told("message_cost_total", {"channel": "sms", "provider": "twilio"}) == 0.01
    for provider in worker.state.message_providers.values():
        await provider.close()
