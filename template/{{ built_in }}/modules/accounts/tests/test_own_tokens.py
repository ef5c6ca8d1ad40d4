"""Tokens of this system's own: which are taken, and until when."""

import hmac
import time
from dataclasses import replace
from typing import Any, cast

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fakeredis import FakeServer
from fastapi import FastAPI
from httpx2 import AsyncClient
from jwt.utils import base64url_encode

from chassis.features import FeatureSettings
from chassis.identity import Principal
from chassis.testing.issuer import Issuer
from chassis_accounts.own_tokens import told_apart
from chassis_accounts.signing import Pair

THIEF = Issuer()


async def status(client: AsyncClient, token: str) -> int:
    answer = await client.get("/beds", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code


@pytest.fixture
async def pair(app: FastAPI, anna: dict[str, Any]) -> Pair:
    """The pair of keys that signs."""
    found: Pair = await app.state.login.keys.signing()
    return found


@pytest.fixture
def claims(anna: dict[str, Any]) -> dict[str, Any]:
    """What a right token says."""
    said: dict[str, Any]
    said = jwt.decode(anna["access_token"], options={"verify_signature": False})
    return said


def signed(pair: Pair, claims: dict[str, Any], **header: Any) -> str:
    sent = {"typ": "at+jwt", "kid": pair.shown["kid"], **header}
    return jwt.encode(claims, pair.private, "ES256", headers=sent)


async def test_the_right_one_is_taken(
    client: AsyncClient, pair: Pair, claims: dict[str, Any]
) -> None:
    assert await status(client, signed(pair, claims)) == 200


TOMORROW = int(time.time()) + 86_400
"""Still to come however long all tests take."""


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"exp": int(time.time()) - 60}, id="expired"),
        pytest.param({"nbf": TOMORROW}, id="not yet"),
        pytest.param({"iat": TOMORROW}, id="from the future"),
        pytest.param({"aud": "another"}, id="for somebody else"),
        pytest.param({"iss": "urn:others"}, id="of another issuer"),
        pytest.param({"sid": None}, id="of no session"),
        pytest.param({"sid": "an-unknown-one"}, id="of a session that never was"),
        pytest.param({"sid": ["a", "list"]}, id="of a list of sessions"),
        pytest.param({"exp": None}, id="for ever"),
        pytest.param({"sub": None}, id="of nobody"),
    ],
)
async def test_a_claim_that_is_wrong_is_refused(
    client: AsyncClient, pair: Pair, claims: dict[str, Any], changes: dict[str, Any]
) -> None:
    said = {name: value for name, value in {**claims, **changes}.items() if value is not None}

    assert await status(client, signed(pair, said)) == 401


@pytest.mark.parametrize(
    "header",
    [{"typ": "JWT"}, {"kid": "another"}, {"kid": "../../keys"}, {"kid": ""}],
)
async def test_a_header_that_is_wrong_is_refused(
    client: AsyncClient, pair: Pair, claims: dict[str, Any], header: dict[str, Any]
) -> None:
    assert await status(client, signed(pair, claims, **header)) == 401


async def test_what_others_have_signed_is_refused(
    client: AsyncClient, pair: Pair, claims: dict[str, Any]
) -> None:
    headers = {"typ": "at+jwt", "kid": pair.shown["kid"]}
    jwk = dict(THIEF.entry)
    forged = [
        jwt.encode(claims, THIEF.private, "ES256", headers=headers),
        jwt.encode(claims, THIEF.private, "ES256", headers={**headers, "jwk": jwk}),
        jwt.encode(
            claims, THIEF.private, "ES256", headers={**headers, "jku": "http://thief.example"}
        ),
        jwt.encode(claims, cast("Any", None), "none", headers=headers),
    ]
    begin, middle, end = signed(pair, claims).split(".")
    forged += [f"{begin}.{middle}.", f"{begin}.{middle}.{end[:-8]}AAAAAAAA"]

    assert [await status(client, token) for token in forged] == [401] * len(forged)


async def test_the_public_key_is_no_secret_to_sign_with(
    client: AsyncClient, pair: Pair, claims: dict[str, Any]
) -> None:
    public = pair.private.public_key()
    text = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    begin = jwt.encode(
        claims, "k" * 32, "HS256", headers={"typ": "at+jwt", "kid": pair.shown["kid"]}
    )
    message = begin.rpartition(".")[0]
    signature = base64url_encode(hmac.new(text, message.encode(), "sha256").digest()).decode()
    assert await status(client, f"{message}.{signature}") == 401


@pytest.mark.parametrize(("late", "expected"), [(-3, 200), (3, 200), (60, 401)])
async def test_clocks_may_differ_by_seconds(
    client: AsyncClient, pair: Pair, claims: dict[str, Any], late: int, expected: int
) -> None:
    now = int(time.time())
    said = {**claims, "iat": now - late, "exp": now - late + (300 if late < 0 else 0)}

    assert await status(client, signed(pair, said)) == expected


async def test_a_refresh_token_is_no_access_token(
    client: AsyncClient, anna: dict[str, Any]
) -> None:
    assert await status(client, anna["refresh_token"]) == 401


ACCOUNT = "0189c7a2-55f3-7c33-9e44-6f1f9a6e7d10"


@pytest.mark.parametrize(
    ("issuer", "sub", "identity"),
    [
        pytest.param("https://id.example", "anna", "anna", id="no account's"),
        pytest.param("https://id.example", ACCOUNT, f"https://id.example {ACCOUNT}", id="a UUID"),
        pytest.param(
            "https://id.example",
            f"{{{ACCOUNT.upper()}}}",
            f"https://id.example {{{ACCOUNT.upper()}}}",
            id="a UUID in another spelling",
        ),
        pytest.param(
            "https://id.example",
            f"https://id.example {ACCOUNT}",
            f"https://id.example https://id.example {ACCOUNT}",
            id="what another one is called",
        ),
        pytest.param(None, ACCOUNT, ACCOUNT, id="a service on behalf of an account"),
    ],
)
def test_nobody_of_another_issuer_has_the_id_of_an_account(
    issuer: str | None, sub: str, identity: str
) -> None:
    principal = Principal(sub, frozenset({"reader"}), issuer=issuer)

    assert told_apart(principal) == replace(principal, identity=identity)


async def test_every_instance_forgets_a_session_within_seconds(
    client: AsyncClient, anna: dict[str, Any], settings: FeatureSettings, another: Any
) -> None:
    token, mine = anna["access_token"], {"Authorization": f"Bearer {anna['access_token']}"}
    other, clock = another
    assert await status(other, token) == 200
    assert (await client.delete("/auth/sessions/current", headers=mine)).status_code == 204

    assert await status(other, token) == 200  # it is believed for a while
    clock.now += settings.session_checked
    assert await status(other, token) == 401


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def another(
    settings: FeatureSettings, server: FakeServer, accounts: Any, kept_keys: Any, build: Any
) -> Any:
    """A second instance over the same Redis, and the clock by which it believes."""
    app = build(settings, accounts, kept_keys)
    clock = Clock()
    live = app.state.tokens._own
    live._clock = live._known._clock = clock
    async with build.calling(app) as client:
        yield client, clock


async def test_while_redis_is_away_tokens_live_out_their_minutes(
    another: Any, anna: dict[str, Any], server: FakeServer
) -> None:
    client, clock = another
    assert await status(client, anna["access_token"]) == 200
    clock.now += 60
    server.connected = False

    assert await status(client, anna["access_token"]) == 200


async def test_a_session_that_redis_has_lost_has_ended(
    another: Any, anna: dict[str, Any], redis: Any
) -> None:
    client, _ = another
    await redis.flushall()

    assert await status(client, anna["access_token"]) == 401


async def test_a_new_key_is_known_to_all_in_mid_flight(
    app: FastAPI, client: AsyncClient, another: Any, anna: dict[str, Any]
) -> None:
    other, _ = another
    assert await status(other, anna["access_token"]) == 200
    await app.state.login.keys.renew()
    sent = {"refresh_token": anna["refresh_token"]}
    new = (await client.post("/auth/sessions/refresh", json=sent)).json()["access_token"]

    assert await status(client, new) == 200
