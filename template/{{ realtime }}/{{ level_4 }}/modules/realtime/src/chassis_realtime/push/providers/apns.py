"""Push by APNs, to devices of Apple: HTTP/2 alone, with a token that Apple wants new but not too new."""

from http import HTTPStatus
from urllib.parse import urlsplit

import httpx2
import jwt

from chassis_realtime.devices import Kind, PushDeviceRead
from chassis_realtime.push.providers.calling import post, told_by, wait_of
from chassis_realtime.push.providers.port import DELIVERED, Answer, Notice, Outcome, ProviderAway
from chassis_realtime.push.providers.signing import Clock, Renewed, elliptic_key, wall_clock
from chassis_realtime.push.settings import Settings

TOKEN_LIFE_S = 2400
"""Between 20 and 60 minutes, as Apple wants it."""
GONE = frozenset({"BadDeviceToken", "DeviceTokenNotForTopic", "ExpiredToken", "Unregistered"})
ENDED = "ExpiredProviderToken"
ABOUT_US = frozenset({"TooManyProviderTokenUpdates"})


class Apns:
    """Sends through APNs, at `PUSH_APNS_URL`."""

    kind: Kind = "apns"

    def __init__(
        self,
        settings: Settings,
        transport: httpx2.AsyncBaseTransport | None = None,
        clock: Clock = wall_clock,
    ) -> None:
        key = settings.push_apns_key
        self._key = elliptic_key(key.get_secret_value() if key else "", "PUSH_APNS_KEY")
        self._key_id = settings.push_apns_key_id
        self._team = settings.push_apns_team_id
        self._topic = settings.push_apns_topic
        self._timeout = settings.push_timeout
        self._host = urlsplit(settings.push_apns_url).netloc
        self._clock = clock
        self._token = Renewed(self._made, TOKEN_LIFE_S, clock)
        self._client = httpx2.AsyncClient(
            http1=False,
            http2=True,
            base_url=settings.push_apns_url,
            timeout=settings.push_timeout,
            transport=transport,
        )

    def host(self, _device: PushDeviceRead) -> str:
        """Name the host of APNs."""
        return self._host

    async def send(self, device: PushDeviceRead, notice: Notice, life: int) -> Answer:
        """Pass a notice on; a second one of the same event takes the place of the first."""
        headers = {
            "authorization": f"bearer {self._token.get()}",
            "apns-topic": self._topic,
            "apns-push-type": "alert",
            "apns-priority": "10",
            "apns-collapse-id": str(notice.id),
            "apns-expiration": str(int(self._clock()) + life),
        }
        # The app has the words, in the language of its user, under the type of the event.
        shown = {"alert": {"loc-key": notice.type}, "mutable-content": 1}
        body = {"aps": shown, **notice.said(device.audience)}
        path = f"/3/device/{device.address}"
        answer = await post(self._client, path, self._timeout, headers=headers, json=body)
        return self._meant(answer)

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()

    def _meant(self, answer: httpx2.Response) -> Answer:
        reason = str(told_by(answer).get("reason", answer.status_code))
        if answer.status_code == HTTPStatus.OK:
            return DELIVERED
        if answer.status_code == HTTPStatus.FORBIDDEN:  # of the token, which is of this system
            if (
                reason == ENDED
            ):  # any other one would not be better: Apple wants no more than needed
                self._token.forget()
            raise ProviderAway(reason)
        if reason in ABOUT_US:
            raise ProviderAway(reason, after=wait_of(answer))
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            return Answer(Outcome.LATER, wait_of(answer), reason)
        if answer.status_code == HTTPStatus.GONE or reason in GONE:
            return Answer(Outcome.GONE, reason=reason)
        return Answer(Outcome.REFUSED, reason=reason)

    def _made(self, _purpose: str, now: int) -> str:
        claims = {"iss": self._team, "iat": now}
        return jwt.encode(claims, self._key, "ES256", headers={"kid": self._key_id})
