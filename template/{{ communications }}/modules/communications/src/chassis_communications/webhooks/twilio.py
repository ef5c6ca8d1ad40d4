"""What Twilio tells, signed by HMAC over the address that it calls and what it sends."""

import base64
import hashlib
import hmac
import logging
from collections.abc import Mapping
from urllib.parse import parse_qsl
from uuid import UUID

from pydantic import ValidationError

from chassis.webhooks import FORGED, NOT_EXPECTED, Forged
from chassis_communications.message_events import NewMessageEvent
from chassis_communications.messages import State

logger = logging.getLogger(__name__)

SIGNATURE = "x-twilio-signature"
OPTED_OUT = "21610"
MOST_FIELDS = 100
MEANS: Mapping[str, State] = {
    "sent": "sent",
    "delivered": "delivered",
    "undelivered": "bounced",
    "failed": "failed",
    "canceled": "failed",
}


def signature_of(token: str, url: str, sent: Mapping[str, str]) -> str:
    """Sign as Twilio does."""
    text = url + "".join(f"{name}{sent[name]}" for name in sorted(sent))
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), hashlib.sha1)).decode()


def form_of(body: bytes) -> dict[str, str]:
    """Read what was sent; raises Forged for more fields than Twilio has: nothing is signed yet."""
    text = body.decode("utf-8", "replace")
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise Forged(FORGED) from error


def check(token: str, url: str, sent: Mapping[str, str], signature: str) -> None:
    """Raise Forged for what Twilio did not sign, for this address."""
    if not token:
        raise Forged(NOT_EXPECTED)
    expected = signature_of(token, url, sent).encode()
    if not hmac.compare_digest(expected, signature.encode()):
        raise Forged(FORGED)


def event(message: UUID, sent: Mapping[str, str]) -> NewMessageEvent | None:
    """Give what concerns a message; queued and the like do not."""
    status, code = sent.get("MessageStatus", ""), sent.get("ErrorCode")
    if status not in MEANS:
        return None
    try:
        return NewMessageEvent(
            provider="twilio",
            event_id=f"{sent.get('MessageSid', '')[:64]}/{status}",
            message=message,
            told=MEANS[status],
            reason=f"Twilio says {status}" + (f", error {code[:10]}" if code else ""),
            cause="opt_out" if code == OPTED_OUT else None,
        )
    except ValidationError:  # told again, it would be no better
        logger.warning("Twilio tells %s of message %s in no way that can be kept", status, message)
        return None
