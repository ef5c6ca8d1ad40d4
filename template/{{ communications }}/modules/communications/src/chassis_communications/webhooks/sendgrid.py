"""What SendGrid tells, signed by ECDSA over the time and the bytes as they came."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from chassis.webhooks import FORGED, NOT_EXPECTED, Forged
from chassis_communications.message_events import NewMessageEvent
from chassis_communications.messages import LONGEST_REASON

SIGNATURE = "x-twilio-email-event-webhook-signature"
MOMENT = "x-twilio-email-event-webhook-timestamp"
ARGUMENT = "message"
"""The argument of a message that comes back with each of its events: our id."""
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
    signed = headers.get(MOMENT, "").encode() + body
    try:
        signature = base64.b64decode(headers.get(SIGNATURE, ""), validate=True)
        public.verify(signature, signed, ECDSA(SHA256()))
    except (InvalidSignature, binascii.Error) as error:
        raise Forged(FORGED) from error


def events(body: bytes) -> Iterator[NewMessageEvent]:
    """Give what concerns messages of ours; opened and clicked do not."""
    for told in json.loads(body):
        kind = told.get("event", "")
        if kind == "bounce" and told.get("type") == "blocked":
            kind = "blocked"  # for now: the address is good
        if kind in MEANS and _is_id(told.get(ARGUMENT)):
            yield NewMessageEvent(
                provider="sendgrid",
                event_id=told["sg_event_id"],
                message=told[ARGUMENT],
                reason=" ".join(str(told.get("reason") or kind).split())[:LONGEST_REASON],
                **MEANS[kind],
            )


def _is_id(text: object) -> bool:
    try:
        return isinstance(text, str) and str(UUID(text)) == text
    except ValueError:
        return False
