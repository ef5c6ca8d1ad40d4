"""Whose token it is, and every way in which one is wrong."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chassis.access.issuer_tokens import LONGEST_KNOWN_S, IssuerTokens
from chassis.access.keys import PAUSE_S, Keys, published_at, usable
from chassis.access.settings import Settings
from chassis.http_client import HttpClient
from chassis.http_client import Settings as HttpSettings
from chassis.identity import InvalidToken, KeysUnknown
from chassis.identity.known import MOST, Known
from chassis.problems import Unavailable
from chassis.testing.issuer import NAME, Issuer


class Clock:
    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


class Published:
    """What an issuer publishes, and how often it was asked."""

    def __init__(self, *issuers: Issuer) -> None:
        self.issuers = list(issuers)
        self.away = False
        self.asked = 0

    async def __call__(self) -> bytes:
        self.asked += 1
        if self.away:
            raise Unavailable("away")
        return json.dumps({"keys": [one.entry for one in self.issuers]}).encode()


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def published(issuer: Issuer) -> Published:
    return Published(issuer)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(published: Published, clock: Clock) -> IssuerTokens:
    return made(published, clock)


def made(published: Published, clock: Clock, **settings: Any) -> IssuerTokens:
    keys = Keys(published, age=300, clock=clock)
    return IssuerTokens(keys, Settings(oidc_issuer=NAME, **settings), 5, clock)


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def unsigned(issuer: Issuer) -> str:
    header = {"alg": "none", "typ": "at+jwt", "kid": issuer.key_id}
    return f"{encoded(header)}.{encoded(issuer.claims())}."


def signed_with_the_public_key(issuer: Issuer) -> str:
    """HMAC with what everybody knows, in the hope that it is taken for a secret."""
    public = issuer.private.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    header = {"alg": "HS256", "typ": "at+jwt", "kid": issuer.key_id}
    signed = f"{encoded(header)}.{encoded(issuer.claims())}"
    signature = hmac.digest(public, signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def changed(issuer: Issuer) -> str:
    """Another payload under the signature of a right one."""
    header, _, signature = issuer.token().split(".")
    return f"{header}.{encoded(issuer.claims(sub='mallory'))}.{signature}"


def with_a_key_of_its_own(issuer: Issuer) -> str:
    other = Issuer(issuer.key_id)
    return other.token({"jwk": other.entry, "jku": "https://mallory.example/keys"})


NOW = int(time.time())
TOMORROW = NOW + 86_400
"""Still to come however long all tests take."""
WRONG: list[tuple[str, Callable[[Issuer], str]]] = [
    ("no signature", unsigned),
    ("the public key as a secret", signed_with_the_public_key),
    ("another payload", changed),
    ("a key that it brings itself", with_a_key_of_its_own),
    ("another key", lambda issuer: Issuer(issuer.key_id).token()),
    ("an unknown key", lambda _: Issuer("unknown").token()),
    ("no key", lambda issuer: issuer.token({"kid": ""})),
    ("another audience", lambda issuer: issuer.token(aud="another")),
    ("no audience", lambda issuer: issuer.token(aud=None)),
    ("another issuer", lambda issuer: issuer.token(iss="https://mallory.example")),
    ("no issuer", lambda issuer: issuer.token(iss=None)),
    ("an id token", lambda issuer: issuer.token({"typ": "JWT"})),
    ("no type", lambda issuer: issuer.token({"typ": ""})),
    ("expired", lambda issuer: issuer.token(iat=NOW - 900, exp=NOW - 600)),
    ("no end", lambda issuer: issuer.token(exp=None)),
    ("an end that is no time", lambda issuer: issuer.token(exp="never")),
    ("made in the future", lambda issuer: issuer.token(iat=TOMORROW, exp=TOMORROW + 300)),
    ("not made yet", lambda issuer: issuer.token(nbf=TOMORROW)),
    ("no time", lambda issuer: issuer.token(iat=None)),
    ("no subject", lambda issuer: issuer.token(sub=None)),
    ("a subject that is no text", lambda issuer: issuer.token(sub=["anna"])),
    ("garbage", lambda _: "garbage"),
    ("points", lambda _: "a.b.c"),
    ("nothing", lambda _: ".."),
    ("no JSON", lambda _: f"{base64.urlsafe_b64encode(b'{').decode()}.e30.AA"),
    ("bytes", lambda _: "\xff\xfe.\x00.\x00"),
]


@pytest.mark.parametrize("token_of", [pytest.param(make, id=name) for name, make in WRONG])
async def test_a_wrong_token_is_not_believed(
    tokens: IssuerTokens, issuer: Issuer, token_of: Callable[[Issuer], str]
) -> None:
    with pytest.raises(InvalidToken):
        await tokens.principal_of(token_of(issuer))


async def test_a_right_token_names_who_asks(tokens: IssuerTokens, issuer: Issuer) -> None:
    principal = await tokens.principal_of(issuer.token(sub="anna", roles=["reader", 7]))

    assert (principal.identity, principal.roles) == ("anna", frozenset({"reader"}))
    assert principal.service is None


@pytest.mark.parametrize(
    ("claim", "given", "roles"),
    [
        ("scope", {"scope": "reader editor"}, {"reader", "editor"}),
        ("realm_access.roles", {"realm_access": {"roles": ["reader"]}}, {"reader"}),
        ("realm_access.roles", {"realm_access": ["reader"]}, set()),
        ("groups", {}, set()),
    ],
)
async def test_roles_are_in_the_claim_that_the_settings_name(
    published: Published, clock: Clock, claim: str, given: dict[str, Any], roles: set[str]
) -> None:
    tokens = made(published, clock, oidc_roles_claim=claim)

    assert (await tokens.principal_of(published.issuers[0].token(**given))).roles == roles


async def test_without_an_issuer_nobody_is_believed(published: Published, issuer: Issuer) -> None:
    tokens = IssuerTokens(Keys(published, 300), Settings(), 5)

    with pytest.raises(InvalidToken, match="OIDC_ISSUER"):
        await tokens.principal_of(issuer.token(iss=""))


async def test_what_was_checked_is_known_for_a_while(
    tokens: IssuerTokens, issuer: Issuer, published: Published, clock: Clock
) -> None:
    token = issuer.token()
    await tokens.principal_of(token)
    published.issuers = [Issuer("two")]
    clock.now += LONGEST_KNOWN_S - 1
    await tokens.principal_of(token)

    clock.now += 300  # the keys are old, too
    with pytest.raises(InvalidToken):
        await tokens.principal_of(token)


async def test_nothing_is_known_longer_than_the_token_lives(
    tokens: IssuerTokens, issuer: Issuer, clock: Clock
) -> None:
    now = int(time.time())
    token = issuer.token(iat=now - 300, exp=now - 1)  # the leeway is 5 seconds

    await tokens.principal_of(token)

    assert tokens._known.get(token) is None


def test_what_is_known_is_bounded() -> None:
    known: Known[int] = Known(lambda: 0.0)
    for number in range(MOST + 10):
        known.keep(str(number), number, until=1)

    assert [known.get(str(number)) for number in (9, 10, MOST + 9)] == [None, 10, MOST + 9]


async def test_a_new_key_is_asked_for_once_in_a_while(
    tokens: IssuerTokens, issuer: Issuer, published: Published, clock: Clock
) -> None:
    await tokens.principal_of(issuer.token())
    published.issuers.append(next_one := Issuer("two"))
    clock.now += PAUSE_S
    await tokens.principal_of(next_one.token())
    assert published.asked == 2

    for _ in range(20):  # of a key that nobody has, over and over
        with pytest.raises(InvalidToken):
            await tokens.principal_of(Issuer("unknown").token())
    assert published.asked == 2
    clock.now += PAUSE_S
    with pytest.raises(InvalidToken):
        await tokens.principal_of(Issuer("unknown").token())
    assert published.asked == 3


async def test_while_the_issuer_is_away_its_keys_are_right(
    tokens: IssuerTokens, issuer: Issuer, published: Published, clock: Clock
) -> None:
    await tokens.principal_of(issuer.token())
    published.away = True
    clock.now += 24 * 3600

    now = int(time.time())
    assert await tokens.principal_of(issuer.token(sub="bert", exp=now + 600))
    assert published.asked == 2


async def test_before_its_keys_were_read_nobody_can_say(
    tokens: IssuerTokens, issuer: Issuer, published: Published, clock: Clock
) -> None:
    published.away = True
    for _ in range(3):
        with pytest.raises(KeysUnknown):
            await tokens.principal_of(issuer.token())
    assert published.asked == 1

    published.away = False
    clock.now += PAUSE_S
    assert await tokens.principal_of(issuer.token())


def test_only_keys_that_sign_are_used(issuer: Issuer) -> None:
    secret = {"kty": "oct", "k": "c2VjcmV0", "kid": "secret", "alg": "HS256"}
    entries: list[Any] = [
        {**issuer.entry, "kid": "encrypts", "use": "enc"},
        {name: value for name, value in issuer.entry.items() if name != "kid"},
        {"kty": "EC", "kid": "broken"},
        secret,
        7,
        issuer.entry,
    ]

    assert usable(json.dumps({"keys": entries}).encode()).keys() == {issuer.key_id}


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"keys": 7}', b"\xff"])
def test_what_is_no_set_of_keys_is_refused(document: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        usable(document)


async def test_keys_may_be_in_a_file(issuer: Issuer, tmp_path: Any) -> None:
    (tmp_path / "of issuer.json").write_bytes(issuer.published)
    http = HttpClient(HttpSettings())

    document = await published_at((tmp_path / "of issuer.json").as_uri(), http)()

    assert usable(document).keys() == {issuer.key_id}
