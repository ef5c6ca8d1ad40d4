"""What SendGrid tells, signed by ECDSA over the time and the bytes as they came."""

import base64
import datetime as dt
import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pydantic import ValidationError

from chassis.webhooks import FORGED, NOT_EXPECTED, Forged, check_age, json_of
from chassis_communications.message_events import NewMessageEvent, id_of

logger = logging.getLogger(__name__)

SIGNATURE = "x-twilio-email-event-webhook-signature"
MOMENT = "x-twilio-email-event-webhook-timestamp"
ARGUMENT = "message"
"""The argument of a message that comes back with each of its events: our id."""
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
MEANS: Mapping[str, dict[str, Any]] = {
    "processed": {"told": "sent"},
    "delivered": {"told": "delivered"},
    "bounce": {"told": "bounced", "cause": "bounce"},
    "blocked": {"told": "bounced"},
    "dropped": {"told": "failed"},
    "spamreport": {"told": "complained", "cause": "complaint"},
    "unsubscribe": {"cause": "opt_out"},
    "group_unsubscribe": {"cause": "opt_out"},
}


def check(key: str, headers: Mapping[str, str], body: bytes) -> None:
    """Raise Forged for what SendGrid did not sign."""
    if not key:
        raise Forged(NOT_EXPECTED)
    public = load_der_public_key(base64.b64decode(key))
    if not isinstance(public, EllipticCurvePublicKey):
        raise Forged(NOT_EXPECTED)
    moment = headers.get(MOMENT, "")
    try:
        signature = base64.b64decode(headers.get(SIGNATURE, ""), validate=True)
        public.verify(signature, moment.encode() + body, ECDSA(SHA256()))
        check_age(dt.datetime.fromtimestamp(int(moment), dt.UTC))
    except (InvalidSignature, ValueError, OverflowError) as error:
        raise Forged(FORGED) from error


def events(body: bytes) -> Iterator[NewMessageEvent]:
    """Give what concerns messages of ours; opened and clicked do not."""
    try:
        told = json_of(body)
    except ValueError:
        told = None
    if not isinstance(told, list):
        raise Forged("These are no events of SendGrid.")
    for one in told:
        message = id_of(one.get(ARGUMENT)) if isinstance(one, dict) else None
        if message and (found := _event(one, message)):
            yield found


def _event(told: Mapping[str, Any], message: UUID) -> NewMessageEvent | None:
    kind = str(told.get("event"))
    if kind == "bounce" and told.get("type") == "blocked":
        kind = "blocked"  # for now: the address is good
    if kind not in MEANS:
        return None
    try:
        return NewMessageEvent(
            provider="sendgrid",
            event_id=told.get("sg_event_id"),
            message=message,
            # The codes alone: the text is of the recipient's server, and names them.
            reason=f"SendGrid says {kind} {_status(told)}".rstrip(),
            **MEANS[kind],
        )
    except ValidationError:  # the others are none the worse
        logger.warning("SendGrid tells %s of message %s under a name that is none", kind, message)
        return None


def _status(told: Mapping[str, Any]) -> str:
    status = str(told.get("status") or "")
    return status if _STATUS.fullmatch(status) else ""
