from typing import TYPE_CHECKING, Any

from chassis import request_id

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

_PUBLIC = frozenset({"method", "url"})


def before_send(event: "Event", _hint: "Hint") -> "Event":
    """Leave of the request its method and path, and name its id."""
    request: dict[str, Any] = event.get("request") or {}
    event["request"] = {name: value for name, value in request.items() if name in _PUBLIC}
    event.pop("user", None)
    if current := request_id.current():
        event.setdefault("tags", {})["request_id"] = current
    return event
