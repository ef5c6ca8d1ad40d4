"""How large an event may be: what RabbitMQ would refuse must not be written in the first place."""

from pydantic_core import to_json

from chassis.events import Event
from chassis.problems import Invalid


def body_of(event: Event, max_bytes: int) -> str:
    """Give an event as JSON; raises Invalid, which blames the largest field."""
    body = event.model_dump_json()
    size = len(body.encode())
    if size > max_bytes:
        raise Invalid(
            f"Makes the event {event.routing_key()} of this record too large: {size} bytes,"
            f" at most {max_bytes} are allowed.",
            field=_largest_field(event),
        )
    return body


def _largest_field(event: Event) -> str | None:
    data: object = event.model_dump(mode="json").get("data")
    if not isinstance(data, dict):
        return None
    sizes = {str(name): len(to_json(value)) for name, value in data.items()}
    return max(sizes, key=sizes.__getitem__, default=None)
