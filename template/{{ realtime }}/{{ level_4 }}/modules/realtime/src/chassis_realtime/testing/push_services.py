"""Push services as they are for whoever pushes: APNs, FCM, and that of a browser, which reads what comes.

What they refuse, these refuse: HTTP/1.1 (APNs), tokens that are old, foreign or for something else, what
is too large, and what the browser cannot read.
"""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import http_ece  # type: ignore[import-untyped]  # it has no types
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from jwt import PyJWTError

from chassis_realtime.devices import Kind
from chassis_realtime.push.providers.encryption import raw
from chassis_realtime.push.providers.vapid import shown, written

LARGEST = 4096
HOUR_S, DAY_S = 3600, 86_400
TEAM, KEY_ID, TOPIC, PROJECT = "TEAM123456", "KEY1234567", "com.example.garden", "garden-1"
SUBJECT = "mailto:garden@example.com"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"


@dataclass(frozen=True, slots=True)
class Told:
    """What a device was told."""

    kind: Kind
    address: str
    said: Mapping[str, str]
    collapse: str = ""
    """What has the place of an earlier one with the same text."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a page registers."""

    endpoint: str
    p256dh: str
    auth: str


class Refusal(Exception):  # noqa: N818  # an answer, and no error of the code
    """A push is not taken."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


def new_key() -> ec.EllipticCurvePrivateKey:
    """Make a key of the curve that all of them use."""
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class PushServices:
    """All of them, at one address."""

    told: list[Told] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    """Addresses that are no more."""
    busy: dict[str, int] = field(default_factory=dict)
    """By address, the seconds that it wants to be left alone for."""
    away: set[Kind] = field(default_factory=set)
    """Those that fail."""
    asked: list[Kind] = field(default_factory=list)
    """Each request for a push, whatever was answered."""
    tokens: dict[str, float] = field(default_factory=dict)
    """The tokens that Google has given, and when they end."""
    address: str = ""
    _apns_key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)
    _vapid_key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)
    _browsers: dict[str, tuple[ec.EllipticCurvePrivateKey, bytes]] = field(default_factory=dict)

    def settings(self) -> dict[str, Any]:
        """Give the settings by which a worker pushes here."""
        return {
            "push_providers": ["apns", "fcm", "web_push"],
            "push_web_hosts": [self.address],
            "push_fcm_account": json.dumps(self._account()),
            "push_fcm_url": self.address,
            "push_apns_key": _pem(self._apns_key),
            "push_apns_key_id": KEY_ID,
            "push_apns_team_id": TEAM,
            "push_apns_topic": TOPIC,
            "push_apns_url": self.address,
            "push_vapid_key": written(self._vapid_key),
            "push_vapid_public_key": shown(self._vapid_key),
            "push_vapid_subject": SUBJECT,
        }

    def subscribed(self) -> Subscription:
        """Give what a page of a browser gets."""
        key, auth, name = new_key(), uuid4().bytes, uuid4().hex
        endpoint = f"{self.address}/web/{name}"
        self._browsers[endpoint] = key, auth
        return Subscription(endpoint, _base64(raw(key.public_key())), _base64(auth))

    def application(self) -> FastAPI:
        """Give what listens."""
        application = FastAPI()
        application.post("/3/device/{token}")(self._answering("apns", self._apns))
        application.post("/token")(self._token)
        path = f"/v1/projects/{PROJECT}/messages:send"
        application.post(path)(self._answering("fcm", self._fcm))
        application.post("/web/{name}")(self._answering("web_push", self._web_push))
        return application

    def _answering(
        self, kind: Kind, take: Callable[[Request, bytes], Told]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            self.asked.append(kind)
            body = await request.body()
            try:
                _demand(kind not in self.away, 503, "ServiceUnavailable")
                told = take(request, body)
                _demand(told.address not in self.gone, *_GONE[kind])
            except Refusal as refusal:
                return _refused(kind, refusal)
            if seconds := self.busy.get(told.address):
                answer = _refused(kind, Refusal(429, "TooManyRequests"))
                answer.headers["Retry-After"] = str(seconds)
                return answer
            self.told.append(told)
            return JSONResponse({}, 201 if kind == "web_push" else 200)

        return answer

    def _apns(self, request: Request, body: bytes) -> Told:
        _demand(request.scope["http_version"] == "2", 505, "HTTP/2 alone")
        token = request.headers["authorization"].removeprefix("bearer ")
        claims = _claims(token, self._apns_key.public_key(), "ES256", 403, "InvalidProviderToken")
        own = claims["iss"] == TEAM and jwt.get_unverified_header(token)["kid"] == KEY_ID
        _demand(own, 403, "InvalidProviderToken")
        _demand(0 <= time.time() + 1 - claims["iat"] < HOUR_S, 403, "ExpiredProviderToken")
        _demand(request.headers.get("apns-topic") == TOPIC, 400, "DeviceTokenNotForTopic")
        _demand(request.headers.get("apns-push-type") == "alert", 400, "InvalidPushType")
        _demand(int(request.headers["apns-expiration"]) > time.time(), 400, "BadExpirationDate")
        collapse = request.headers["apns-collapse-id"]
        _demand(len(collapse) <= 64, 400, "BadCollapseId")
        _demand(len(body) <= LARGEST, 413, "PayloadTooLarge")
        said = json.loads(body)
        _demand(bool(said.pop("aps")["alert"]["loc-key"]), 400, "PayloadEmpty")
        return Told("apns", request.path_params["token"], said, collapse)

    async def _token(self, request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        try:
            claims = jwt.decode(
                form["assertion"][0],
                _rsa().public_key(),
                ["RS256"],
                audience=f"{self.address}/token",
                options={"require": ["exp", "iat", "iss", "scope"]},
            )
        except PyJWTError:
            return JSONResponse({"error": "invalid_grant"}, 400)
        right = claims["scope"] == SCOPE and claims["exp"] - claims["iat"] <= HOUR_S
        if not right or form["grant_type"] != ["urn:ietf:params:oauth:grant-type:jwt-bearer"]:
            return JSONResponse({"error": "invalid_request"}, 400)
        token = uuid4().hex
        self.tokens[token] = time.time() + HOUR_S
        return JSONResponse({"access_token": token, "expires_in": HOUR_S, "token_type": "Bearer"})

    def _fcm(self, request: Request, body: bytes) -> Told:
        token = request.headers["authorization"].removeprefix("Bearer ")
        _demand(self.tokens.get(token, 0) > time.time(), 401, "UNAUTHENTICATED")
        message = json.loads(body)["message"]
        said = message["data"]
        texts = all(isinstance(value, str) for value in said.values())
        _demand(texts and len(json.dumps(said)) <= LARGEST, 400, "INVALID_ARGUMENT")
        _demand(message["android"]["ttl"].endswith("s"), 400, "INVALID_ARGUMENT")
        return Told("fcm", message["token"], said)

    def _web_push(self, request: Request, body: bytes) -> Told:
        endpoint = f"{self.address}{request.url.path}"
        token, _, key = request.headers["authorization"].removeprefix("vapid t=").partition(", k=")
        # A subscription is for one key: that of the page that has made it.
        _demand(key == shown(self._vapid_key), 403, "another key")
        claims = _claims(token, self._vapid_key.public_key(), "ES256", 401, "bad token")
        _demand(claims["aud"] == self.address and claims["sub"] == SUBJECT, 401, "for another one")
        _demand(time.time() < claims["exp"] <= time.time() + DAY_S, 401, "too long")
        _demand(request.headers.get("ttl", "").isdigit(), 400, "no TTL")
        topic = request.headers["topic"]
        _demand(len(topic) <= 32 and topic.isalnum(), 400, "no such topic")
        _demand(len(body) <= LARGEST, 413, "too large")
        _demand(endpoint in self._browsers, 404, "no such subscription")
        browser, auth = self._browsers[endpoint]
        text = http_ece.decrypt(body, private_key=browser, auth_secret=auth, version="aes128gcm")
        return Told("web_push", endpoint, json.loads(text), topic)

    def _account(self) -> dict[str, str]:
        return {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": "1",
            "private_key": _pem(_rsa()),
            "client_email": f"push@{PROJECT}.iam.gserviceaccount.com",
            "token_uri": f"{self.address}/token",
        }


_GONE: Mapping[Kind, tuple[int, str]] = {
    "apns": (410, "Unregistered"),
    "fcm": (404, "UNREGISTERED"),
    "web_push": (410, "gone"),
}


def _refused(kind: Kind, refusal: Refusal) -> Response:
    if kind == "fcm":
        details = [{"@type": "type.googleapis.com/FcmError", "errorCode": refusal.reason}]
        error = {"code": refusal.status, "status": refusal.reason, "details": details}
        return JSONResponse({"error": error}, refusal.status)
    return JSONResponse({"reason": refusal.reason}, refusal.status)


def _demand(holds: bool, status: int, reason: str) -> None:  # noqa: FBT001  # what is demanded
    if not holds:
        raise Refusal(status, reason)


def _claims(token: str, key: Any, algorithm: str, status: int, reason: str) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            token, key, [algorithm], options={"verify_aud": False, "verify_iat": False}
        )
    except PyJWTError:
        raise Refusal(status, reason) from None
    return claims


@cache
def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, 2048)


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _base64(given: bytes) -> str:
    return urlsafe_b64encode(given).rstrip(b"=").decode()
