"""Webhooks of Stripe: an HMAC over the time and the bytes as they came."""

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from chassis.webhooks import Forged, json_of
from chassis_payments.payments import NewEvent
from chassis_payments.providers.port import Event, subjects

HEADER: Final = "stripe-signature"
TOLERANCE_S: Final = 300
"""How old, and how far in the future, a signature may be: Stripe's own package takes any future."""
NOT_SIGNED = "This is not signed by Stripe."
_TIME: Final = re.compile(r"[0-9]{1,12}")
NOT_NOW = "This was signed at another time."


def event_of(
    body: bytes, headers: Mapping[str, str], secret: str, now: Callable[[], float] = time.time
) -> Event:
    """Say what a webhook said; raises Forged if it is not of Stripe."""
    _check(body, headers.get(HEADER, ""), secret, now())
    try:
        event = json_of(body)
        subject = event["data"]["object"]
        said = NewEvent(kind=event["type"], subjects=subjects_of(subject))
        return Event(id=event["id"], said=said)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Forged("This is no event of Stripe.") from error


def signature(body: bytes, at: int, secret: str) -> str:
    """Sign as Stripe does."""
    signed = f"{at}.".encode() + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def subjects_of(subject: Mapping[str, Any]) -> list[str]:
    """Give whatever may name the payment that an object is about."""
    metadata = subject.get("metadata") or {}
    named = ("id", "payment_intent", "client_reference_id")
    return subjects([metadata.get("payment"), *(subject.get(name) for name in named)])


def _check(body: bytes, header: str, secret: str, now: float) -> None:
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t" and _TIME.fullmatch(value)]
    if not secret or len(times) != 1:
        raise Forged(NOT_SIGNED)
    own = signature(body, int(times[0]), secret)
    given = [value for name, _, value in parts if name == "v1"]
    if not any(hmac.compare_digest(own.encode(), one.encode()) for one in given):
        raise Forged(NOT_SIGNED)
    if abs(now - int(times[0])) > TOLERANCE_S:
        raise Forged(NOT_NOW)
