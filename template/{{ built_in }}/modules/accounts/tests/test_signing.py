"""Signing keys: the next one is known before it signs, and the last one after."""

import asyncio
from typing import Any, cast

import pytest

from chassis.problems import Unavailable
from chassis_accounts.settings import DAY_S, Settings
from chassis_accounts.signing import KEPT_S, READ_AGAIN_S, SigningKeys


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(kept_keys: Any, own: Settings, clock: Clock) -> SigningKeys:
    return SigningKeys(cast("Any", kept_keys), own, clock)


async def names(keys: SigningKeys) -> set[str]:
    return {str(pair.shown["kid"]) for pair in await keys.known()}


async def test_whatever_signs_was_published_for_as_long_as_others_keep_what_they_read(
    keys: SigningKeys, clock: Clock, own: Settings
) -> None:
    signed: dict[str, float] = {}
    published: dict[str, float] = {}
    begin = clock.now
    while clock.now < begin + 3 * own.signing_key_life:
        for name in await names(keys):
            published.setdefault(name, clock.now)
        signed.setdefault(str((await keys.signing()).shown["kid"]), clock.now)
        clock.now += DAY_S / 8

    assert len(signed) == 3
    _, *others = signed
    assert all(signed[name] - published[name] >= DAY_S / 2 for name in others)


async def test_a_key_is_published_while_its_tokens_live(
    keys: SigningKeys, clock: Clock, own: Settings
) -> None:
    old = (await keys.signing()).shown["kid"]
    clock.now += own.signing_key_life - DAY_S
    await keys.signing()
    clock.now += DAY_S
    assert (await keys.signing()).shown["kid"] != old
    assert old in await names(keys)

    clock.now += KEPT_S
    assert old not in await names(keys)


async def test_instances_that_begin_at_once_agree(
    kept_keys: Any, own: Settings, clock: Clock
) -> None:
    instances = [SigningKeys(cast("Any", kept_keys), own, clock) for _ in range(5)]
    pairs = await asyncio.gather(*(one.signing() for one in instances))

    assert len({pair.shown["kid"] for pair in pairs}) == 1


async def test_a_system_that_was_off_for_long_publishes_its_next_key_first(
    keys: SigningKeys, clock: Clock, own: Settings
) -> None:
    old = (await keys.signing()).shown["kid"]
    clock.now += 3 * own.signing_key_life

    assert (await keys.signing()).shown["kid"] == old
    assert len(await names(keys)) == 2


async def test_keys_that_were_stolen_are_gone_everywhere_soon(
    keys: SigningKeys, kept_keys: Any, own: Settings, clock: Clock
) -> None:
    other = SigningKeys(cast("Any", kept_keys), own, clock)
    stolen = (await other.signing()).shown["kid"]
    await keys.signing()
    await keys.renew()
    assert stolen not in await names(keys)

    clock.now += READ_AGAIN_S
    assert stolen not in await names(other)


async def test_a_key_of_another_instance_is_found_at_once(
    keys: SigningKeys, kept_keys: Any, own: Settings, clock: Clock
) -> None:
    await keys.signing()
    other = SigningKeys(cast("Any", kept_keys), own, clock)
    clock.now += 1
    await other.renew()
    name = (await other.signing()).shown["kid"]

    assert await keys.find(name)
    assert await keys.find("nonsense") is None


async def test_nonsense_does_not_have_the_keys_read_again_and_again(
    keys: SigningKeys, kept_keys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keys.signing()
    asked: list[object] = []
    monkeypatch.setattr(kept_keys, "list", asked.append)
    for number in range(50):
        assert await keys.find(f"nonsense {number}") is None

    assert not asked


async def test_keys_that_are_known_do_while_nobody_answers(
    keys: SigningKeys, kept_keys: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> None:
        raise Unavailable("away")

    known = await names(keys)
    monkeypatch.setattr(kept_keys, "list", away)
    clock.now += READ_AGAIN_S

    assert await names(keys) == known
    assert await keys.find("nonsense") is None


async def test_another_accounts_key_opens_none(
    keys: SigningKeys, kept_keys: Any, own: Settings, clock: Clock
) -> None:
    await keys.signing()
    other = own.model_copy(update={"accounts_key": type(own.accounts_key)("o" * 32)})

    with pytest.raises(Unavailable):
        await SigningKeys(cast("Any", kept_keys), other, clock).signing()
    assert len((await kept_keys.list(type("Query", (), {"limit": 9})())).items) == 1


async def test_what_is_kept_is_sealed(keys: SigningKeys, kept_keys: Any) -> None:
    await keys.signing()
    (kept,) = (await kept_keys.list(type("Query", (), {"limit": 9})())).items

    assert "PRIVATE KEY" not in kept.private
    assert [{*pair.shown} for pair in await keys.known()] == [
        {"crv", "kty", "x", "y", "kid", "alg", "use"}
    ]
