"""SendGrid as far as mail is sent and told of: what it refuses, this refuses."""

import base64
import json
import time
from typing import Any
from uuid import uuid4

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KEY = "SG.for-tests"


class SendGrid:
    """Takes mail with the key, in the shape of its version 3."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.busy_for = 0
        """Seconds for which it wants to be left alone."""
        self.failure = 0
        """A status to answer, once the mail is taken."""
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public_key(self) -> str:
        """The key of its webhook, as it shows it."""
        public = self._key.public_key()
        der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    def application(self) -> web.Application:
        """Give what listens."""
        application = web.Application()
        application.add_routes([web.post("/v3/mail/send", self._send)])
        return application

    def tells(self, *events: Any, before_s: int = 0) -> tuple[bytes, dict[str, str]]:
        """Give the body and the headers of what it tells, or has told so long ago."""
        body = json.dumps(events).encode()
        now = str(int(time.time()) - before_s)
        signature = self._key.sign(now.encode() + body, ec.ECDSA(SHA256()))
        return body, {
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": now,
            "Content-Type": "application/json",
        }

    async def _send(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return _refused(401, "The provided authorization grant is invalid")
        if self.busy_for:
            return web.Response(status=429, headers={"Retry-After": str(self.busy_for)})
        body = await request.json()
        if fault := _fault(body):
            return _refused(400, fault)
        self.taken.append(body)
        if self.failure:
            return web.Response(status=self.failure)
        return web.Response(status=202, headers={"X-Message-Id": uuid4().hex})


def event(kind: str, message: object, **more: Any) -> dict[str, Any]:
    """Give an event as SendGrid writes it."""
    return {"event": kind, "message": str(message), "sg_event_id": uuid4().hex, **more}


def _fault(body: dict[str, Any]) -> str:
    kinds = [part.get("type") for part in body.get("content", [])]
    checks = {
        "personalizations": bool(body.get("personalizations"))
        and all(one.get("to") for one in body["personalizations"]),
        "from.email": "@" in body.get("from", {}).get("email", ""),
        "subject": bool(body.get("subject")),
        # text/plain comes first, as it demands.
        "content": bool(kinds) and kinds == sorted(kinds, key="text/plain text/html".find),
        "value": all(part.get("value") for part in body.get("content", [])),
    }
    return next((name for name, holds in checks.items() if not holds), "")


def _refused(status: int, fault: str) -> web.Response:
    return web.json_response({"errors": [{"message": fault}]}, status=status)
