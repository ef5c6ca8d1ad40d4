"""Web Push (RFC 8030), to pages: encrypted for the browser, through the push service of its maker."""

from collections.abc import Collection
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx2
import jwt

from chassis_realtime.devices import Kind, PushDeviceRead
from chassis_realtime.push.providers import vapid
from chassis_realtime.push.providers.calling import client_of, post, wait_of
from chassis_realtime.push.providers.encryption import CODING, encrypted
from chassis_realtime.push.providers.port import DELIVERED, Answer, Notice, Outcome
from chassis_realtime.push.providers.signing import (
    Clock,
    Renewed,
    WrongCredentialsError,
    wall_clock,
)
from chassis_realtime.push.settings import Settings
from chassis_realtime.push_addresses import is_endpoint, public_point, secret

TOKEN_LIFE_S = 3600
TOKEN_GOOD_S = 43_200
"""Seconds that a token says it is good for: less than the day that is allowed."""
GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


class WebPush:
    """Sends to the endpoints of subscriptions, wherever `PUSH_WEB_HOSTS` lets them be."""

    kind: Kind = "web_push"
    only_host = None

    def __init__(
        self,
        settings: Settings,
        hosts: Collection[str],
        transport: httpx2.AsyncBaseTransport | None = None,
        clock: Clock = wall_clock,
    ) -> None:
        key = settings.push_vapid_key
        self._key = vapid.read(key.get_secret_value() if key else "")
        self._subject = settings.push_vapid_subject
        if not self._subject.startswith(("mailto:", "https://")):
            raise WrongCredentialsError(
                "PUSH_VAPID_SUBJECT must be mailto: or https:, whom to turn to"
            )
        self.public_key = vapid.shown(self._key)
        self._hosts = hosts
        self._timeout = settings.push_timeout
        self._tokens = Renewed(self._made, TOKEN_LIFE_S, clock)
        self._client = client_of(settings.push_timeout, transport)

    def host(self, device: PushDeviceRead) -> str:
        """Name the push service of a browser."""
        return urlsplit(device.address).netloc

    async def send(self, device: PushDeviceRead, notice: Notice, life: int) -> Answer:
        """Pass a notice on; one of the same event that still waits there is replaced."""
        receiver, shared = public_point(device.p256dh), secret(device.auth)
        if receiver is None or shared is None or not is_endpoint(device.address, self._hosts):
            return Answer(Outcome.REFUSED, reason="no such push service")
        parts = urlsplit(device.address)
        token = self._tokens.get(f"{parts.scheme}://{parts.netloc}")
        headers = {
            "authorization": f"vapid t={token}, k={self.public_key}",
            "content-encoding": CODING,
            "content-type": "application/octet-stream",
            "ttl": str(life),
            "topic": notice.id.hex,
            "urgency": "normal",
        }
        text = encrypted(notice.as_json(device.audience), receiver, shared)
        sent = await post(
            self._client, device.address, self._timeout, headers=headers, content=text
        )
        return _meant(sent)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _made(self, origin: str, now: int) -> str:
        claims = {"aud": origin, "exp": now + TOKEN_GOOD_S, "sub": self._subject}
        return jwt.encode(claims, self._key, "ES256")


def _meant(answer: httpx2.Response) -> Answer:
    reason = f"status {answer.status_code}"
    if answer.is_success:
        return DELIVERED
    if answer.status_code in GONE:
        return Answer(Outcome.GONE, reason=reason)
    if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        return Answer(Outcome.LATER, wait_of(answer), reason)
    return Answer(Outcome.REFUSED, reason=reason)
