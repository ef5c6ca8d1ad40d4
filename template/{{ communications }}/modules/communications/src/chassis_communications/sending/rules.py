"""Rules: messages that follow events."""

from typing import Any, Literal

from pydantic import create_model

from chassis.events import Event
from chassis.problems import Invalid
from chassis_communications.declared import Rule
from chassis_communications.kept_messages import KeptMessages
from chassis_communications.messages import NewMessage
from chassis_communications.queueing import QueueMessage
from chassis_workers.process import Worker
from chassis_workers.tasks import Consumer, Refused


def kept_messages(worker: Worker) -> KeptMessages:
    """Reach what the data service keeps."""
    return KeptMessages(worker.state.http, worker.state.settings.data_api_url)


def consumer_of(rule: Rule) -> Consumer[Any]:
    """Have a worker queue a message whenever the event happens: once, however often it is told."""

    async def handle(event: Event, worker: Worker) -> None:
        new = message_of(rule, event.model_dump(mode="json").get("data") or {})
        if new is None:
            return
        queue = QueueMessage(kept_messages(worker), worker.state.templates)
        try:
            await queue(new, f"{rule.name}/{event.id}")
        except Invalid as error:
            raise Refused(f"{rule.name}: {error.detail}") from error

    return Consumer(rule.name, event_of(rule), handle)


def message_of(rule: Rule, data: dict[str, Any]) -> NewMessage | None:
    """Give the message of an event; None if it has no recipient."""
    is_address = "@" in rule.recipient or rule.recipient.startswith("+")
    recipient = rule.recipient if is_address else data.get(rule.recipient)
    if not recipient:
        return None
    filled = {name: _value(given, data) for name, given in rule.data.items()}
    return NewMessage(
        template=rule.template, channel=rule.channel, recipient=str(recipient), data=filled
    )


def _value(given: str, data: dict[str, Any]) -> Any:
    """Give a text in quotes as it is, and the field of any other name; null where there is none."""
    is_text = given[:1] == given[-1:] == "'"
    return given[1:-1] if is_text else data.get(given)


def event_of(rule: Rule) -> type[Event]:
    """Give a class for the events that a rule is about: all that is read of them is their data."""
    kind, _, version = rule.event.rpartition(".v")
    # Literals whose values come from a file.
    fields: Any = {
        "type": (Literal[kind], kind),
        "version": (Literal[int(version)], int(version)),
        "data": (dict[str, Any], {}),
    }
    made: type[Event] = create_model("RuleEvent", __base__=Event, **fields)
    return made
