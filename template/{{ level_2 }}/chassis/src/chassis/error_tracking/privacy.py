from typing import TYPE_CHECKING, Any

from chassis import request_id
from chassis.problems.telling import text_of, with_causes

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

_PUBLIC = frozenset({"method"})


def before_send(event: "Event", hint: "Hint") -> "Event":
    """Leave of the request its method, of errors what cannot be data, and name the request's id."""
    errors = with_causes(hint["exc_info"][1]) if hint.get("exc_info") else []
    texts = {type(error).__name__: text_of(error) for error in errors}
    for told in (event.get("exception") or {}).get("values", []):
        told["value"] = texts.get(told.get("type", ""), "")
    request: dict[str, Any] = event.get("request") or {}
    event["request"] = {name: value for name, value in request.items() if name in _PUBLIC}
    event.pop("user", None)
    if current := request_id.current():
        event.setdefault("tags", {})["request_id"] = current
    return event
