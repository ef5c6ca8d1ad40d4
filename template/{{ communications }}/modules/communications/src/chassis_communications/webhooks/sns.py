"""What SES tells through SNS, signed with a certificate of Amazon's.

A certificate proves nothing by being valid: everybody may put one into a bucket. Its address must
be one of SNS itself, in full, and the topic the one that is expected.
"""

import base64
import datetime as dt
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate
from pydantic import ValidationError

from chassis.problems import Unavailable
from chassis.webhooks import FORGED, NOT_EXPECTED, Forged, check_age, json_of
from chassis_communications.message_events import NewMessageEvent, id_of
from chassis_communications.messages import LONGEST_REASON

logger = logging.getLogger(__name__)

HOST = re.compile(r"sns\.[a-z0-9-]+\.amazonaws\.com")
CERTIFICATE = re.compile(rf"https://{HOST.pattern}/SimpleNotificationService-[0-9a-zA-Z]+\.pem")
HEADER = "X-Message"
"""The header of a message that comes back with each of its events: our id."""
NO_CERTIFICATE = "SNS does not give its certificate."
_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_TOLD = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_ASKED = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
MEANS: Mapping[str, dict[str, Any]] = {
    "Send": {"told": "sent"},
    "Delivery": {"told": "delivered"},
    "Bounce": {"told": "bounced"},
    "Complaint": {"told": "complained", "cause": "complaint"},
    "Reject": {"told": "failed"},
}


@dataclass(frozen=True)
class Sns:
    """Takes what one topic tells."""

    topic: str
    client: httpx2.AsyncClient
    keys: dict[str, RSAPublicKey] = field(default_factory=dict)
    """By the address of their certificate."""

    async def read(self, body: bytes) -> Mapping[str, Any]:
        """Give what was told, and agree to be told by our topic; raises Forged and Unavailable."""
        if not self.topic:
            raise Forged(NOT_EXPECTED)
        told = _object(body)
        if told.get("TopicArn") != self.topic or told.get("SignatureVersion") != "2":
            raise Forged(FORGED)
        is_asked = told.get("Type") == "SubscriptionConfirmation"
        try:
            parts = ((name, told.get(name)) for name in (_ASKED if is_asked else _TOLD))
            text = "".join(f"{name}\n{part}\n" for name, part in parts if part is not None)
            signature = base64.b64decode(str(told.get("Signature")), validate=True)
            key = await self._key(str(told.get("SigningCertURL")))
            key.verify(signature, text.encode(), PKCS1v15(), SHA256())
            check_age(dt.datetime.fromisoformat(str(told.get("Timestamp"))))
        except (InvalidSignature, ValueError, TypeError) as error:
            raise Forged(FORGED) from error
        if is_asked:
            await self._get(str(told.get("SubscribeURL")))
        return told

    async def _key(self, url: str) -> RSAPublicKey:
        if not CERTIFICATE.fullmatch(url):
            raise Forged(FORGED)
        if url not in self.keys:
            certificate = load_pem_x509_certificate(await self._get(url))
            key = certificate.public_key()
            if not isinstance(key, RSAPublicKey):
                raise Forged(FORGED)
            self.keys[url] = key
        return self.keys[url]

    async def _get(self, url: str) -> bytes:
        """Ask SNS, and nobody else."""
        parts = urlsplit(url)
        if parts.scheme != "https" or not HOST.fullmatch(parts.netloc):
            raise Forged(FORGED)
        try:
            answer = await self.client.get(url)
            answer.raise_for_status()
        except httpx2.InvalidURL as error:
            raise Forged(FORGED) from error
        except httpx2.HTTPStatusError as error:
            # Whoever sends this names the address: what is not there was never Amazon's.
            if answer.is_client_error and answer.status_code not in _LATER:
                raise Forged(FORGED) from error
            raise Unavailable(NO_CERTIFICATE) from error
        except httpx2.HTTPError as error:
            raise Unavailable(NO_CERTIFICATE) from error
        return answer.content


def events(told: Mapping[str, Any]) -> Iterator[NewMessageEvent]:
    """Give what concerns messages of ours."""
    if told.get("Type") != "Notification":
        return
    ses = _object(str(told.get("Message")).encode("utf-8", "replace"))
    if not ses:  # as SNS itself says once that it begins
        logger.warning("SNS tells something that is no event of SES")
    kind = ses.get("eventType") or ses.get("notificationType")
    means = dict(MEANS.get(str(kind), {}))
    match ses:
        case {"bounce": {"bounceType": "Permanent"}} if kind == "Bounce":
            means["cause"] = "bounce"
    for message in _messages(ses) if means else ():
        try:
            yield NewMessageEvent(
                provider="ses",
                event_id=told.get("MessageId"),
                message=message,
                reason=f"SES says {kind}"[:LONGEST_REASON],
                **means,
            )
        except ValidationError:  # told again, it would be no better
            logger.warning("SES tells %s of message %s under a name that is none", kind, message)


def _messages(ses: Mapping[str, Any]) -> Iterator[UUID]:
    """Give our ids; who else sends through the same account may have such headers, too."""
    match ses:
        case {"mail": {"headers": [*headers]}}:
            for header in headers:
                match header:
                    case {"name": str(name), "value": value} if name == HEADER:
                        if message := id_of(value):
                            yield message


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        value = json_of(body)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {}
