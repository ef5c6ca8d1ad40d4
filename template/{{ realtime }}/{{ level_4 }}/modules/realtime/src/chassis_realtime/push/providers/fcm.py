"""Push by FCM (HTTP v1), to Android and to whatever else has Firebase."""

import asyncio
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httpx2
import jwt
from pydantic import BaseModel, ValidationError

from chassis_realtime.devices import Kind, PushDeviceRead
from chassis_realtime.push.providers.calling import client_of, post, told_by, wait_of
from chassis_realtime.push.providers.port import DELIVERED, Answer, Notice, Outcome, ProviderAway
from chassis_realtime.push.providers.signing import (
    Clock,
    WrongCredentialsError,
    rsa_key,
    wall_clock,
)
from chassis_realtime.push.settings import Settings

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_LIFE_S = 3600
EARLY_S = 60
"""Seconds before its end from which on an access token is not used any more."""
BUSY_S = 60
"""What FCM wants to be left alone for where it does not say."""
GONE = "UNREGISTERED"
MISMATCH = "SENDER_ID_MISMATCH"
"""The token is of another project, or PUSH_FCM_ACCOUNT is: then it is so for all devices."""


class ServiceAccount(BaseModel):
    """What is used of the file that Google gives for a service account."""

    project_id: str
    private_key_id: str
    private_key: str
    client_email: str
    token_uri: str


class Fcm:
    """Sends through FCM, at `PUSH_FCM_URL`."""

    kind: Kind = "fcm"

    def __init__(
        self,
        settings: Settings,
        transport: httpx2.AsyncBaseTransport | None = None,
        clock: Clock = wall_clock,
    ) -> None:
        self._account = _account(settings)
        self._key = rsa_key(self._account.private_key, "PUSH_FCM_ACCOUNT")
        self._timeout = settings.push_timeout
        base = settings.push_fcm_url.rstrip("/")
        self.only_host = urlsplit(base).netloc
        self._url = f"{base}/v1/projects/{self._account.project_id}/messages:send"
        self._clock = clock
        self._asking = asyncio.Lock()
        self._token, self._until = "", 0.0
        self._client = client_of(settings.push_timeout, transport)

    def host(self, _device: PushDeviceRead) -> str:
        """Name the host of FCM."""
        return self.only_host

    async def send(self, device: PushDeviceRead, notice: Notice, life: int) -> Answer:
        """Pass a notice on; the app tells by its id that it comes again."""
        message = {
            "token": device.address,
            "data": notice.said(device.audience),
            "android": {"priority": "HIGH", "ttl": f"{life}s"},
        }
        headers = {"authorization": f"Bearer {await self._access()}"}
        sent: dict[str, Any] = {"headers": headers, "json": {"message": message}}
        return self._meant(await post(self._client, self._url, self._timeout, **sent))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _meant(self, answer: httpx2.Response) -> Answer:
        if answer.is_success:
            return DELIVERED
        reason = _reason(answer)
        if reason == GONE:
            return Answer(Outcome.GONE, reason=reason)
        if reason == MISMATCH:
            return Answer(Outcome.REFUSED, reason=reason)
        if answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            self._until = 0
            raise ProviderAway(reason)
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            return Answer(Outcome.LATER, wait_of(answer) or BUSY_S, reason)
        return Answer(Outcome.REFUSED, reason=reason)

    async def _access(self) -> str:
        """Give the token of Google that is good now; one call asks for it, others wait.

        None waits for longer than one push may take: it would be taken for lost meanwhile.
        """
        try:
            async with asyncio.timeout(self._timeout), self._asking:
                if self._until <= self._clock():
                    await self._ask()
                return self._token
        except TimeoutError:
            raise ProviderAway("no token: TimeoutError") from None

    async def _ask(self) -> None:
        now = int(self._clock())
        account = self._account
        claims = {
            "iss": account.client_email,
            "scope": SCOPE,
            "aud": account.token_uri,
            "iat": now,
            "exp": now + ASSERTION_LIFE_S,
        }
        signed = jwt.encode(claims, self._key, "RS256", headers={"kid": account.private_key_id})
        form = {"grant_type": GRANT, "assertion": signed}
        answer = await post(self._client, account.token_uri, self._timeout, data=form)
        told = told_by(answer)
        if not answer.is_success or not told.get("access_token"):
            raise ProviderAway(f"no token: {told.get('error', answer.status_code)}")
        self._token = str(told["access_token"])
        self._until = now + float(told.get("expires_in", 0)) - EARLY_S


def _account(settings: Settings) -> ServiceAccount:
    text = settings.push_fcm_account
    try:
        return ServiceAccount.model_validate_json(text.get_secret_value() if text else "")
    except ValidationError:
        msg = "PUSH_FCM_ACCOUNT must be the JSON of a service account, as Google gives it"
        raise WrongCredentialsError(msg) from None


def _reason(answer: httpx2.Response) -> str:
    """Give FCM's own word for what is wrong; that of Google's APIs where there is none."""
    error = told_by(answer).get("error")
    if not isinstance(error, dict):
        return str(answer.status_code)
    details = error.get("details")
    words = [one.get("errorCode") for one in details or () if isinstance(one, dict)]
    return str(next(filter(None, words), error.get("status", answer.status_code)))
