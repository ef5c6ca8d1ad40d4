"""Refresh tokens: each is good once, a lost answer is given again, and a stolen one ends the session."""

import asyncio
import random
from typing import Any

import pytest
from fakeredis import FakeAsyncRedis
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis_accounts.sessions import Sessions
from chassis_accounts.settings import Settings

ACCOUNT = "anna"


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
def sessions(redis: FakeAsyncRedis, own: Settings, clock: Clock) -> Sessions:
    return Sessions(redis, "garden", own, clock)


async def used(sessions: Sessions, sealed: str) -> tuple[str, str]:
    token = sessions.read(sealed)
    assert token
    rotation = await sessions.rotate(token)
    return rotation.outcome, rotation.token


async def test_a_token_brings_its_successor(sessions: Sessions) -> None:
    session, first = await sessions.begin(ACCOUNT, "a browser")
    outcome, second = await used(sessions, first)

    assert outcome == "rotated"
    assert (await used(sessions, second))[0] == "rotated"
    assert await sessions.goes_on(session)


async def test_a_lost_answer_is_given_again_for_a_while(sessions: Sessions, clock: Clock) -> None:
    _, first = await sessions.begin(ACCOUNT, "")
    _, second = await used(sessions, first)
    clock.now += 9

    assert await used(sessions, first) == ("repeated", second)


@pytest.mark.parametrize("which", ["too late", "older than the last"])
async def test_a_token_that_was_used_ends_the_session(
    sessions: Sessions, clock: Clock, which: str
) -> None:
    session, first = await sessions.begin(ACCOUNT, "")
    _, second = await used(sessions, first)
    if which == "too late":
        clock.now += 11
        newest = second
    else:
        _, newest = await used(sessions, second)

    assert await used(sessions, first) == ("reused", "")
    assert await used(sessions, newest) == ("ended", "")  # for the thief, too
    assert not await sessions.goes_on(session)


async def test_twenty_at_once_get_one_successor(sessions: Sessions) -> None:
    _, first = await sessions.begin(ACCOUNT, "")
    found = await asyncio.gather(*(used(sessions, first) for _ in range(20)))

    assert sorted({outcome for outcome, _ in found}) == ["repeated", "rotated"]
    assert len([outcome for outcome, _ in found if outcome == "rotated"]) == 1
    assert len({successor for _, successor in found}) == 1


@pytest.mark.parametrize("seed", range(12))
async def test_any_order_of_uses_does_what_a_list_of_tokens_says(
    sessions: Sessions, clock: Clock, own: Settings, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  # to repeat a run
    session, first = await sessions.begin(ACCOUNT, "")
    given, rotated_at, alive = [first], clock.now, True
    for _ in range(30):
        clock.now += chance.choice([0, 1, 5, own.refresh_tolerance, 60])
        place = chance.choice([-1, -1, -1, -2, -2, -3])
        if len(given) < -place:
            continue
        outcome, successor = await used(sessions, given[place])
        if not alive:
            assert outcome == "ended"
        elif place == -1:
            assert outcome == "rotated"
            given.append(successor)
            rotated_at = clock.now
        elif place == -2 and clock.now - rotated_at <= own.refresh_tolerance:
            assert (outcome, successor) == ("repeated", given[-1])
        else:
            assert outcome == "reused"
            alive = False
        assert await sessions.goes_on(session) == alive


@pytest.mark.parametrize("sent", ["", "nonsense", "gAAAAABnonsense", "ü" * 40])
async def test_what_this_system_has_not_made_is_nothing(
    sessions: Sessions, client: AsyncClient, anna: dict[str, Any], sent: str
) -> None:
    assert sessions.read(sent) is None
    answer = await client.post("/auth/sessions/refresh", json={"refresh_token": sent or "x"})
    assert answer.status_code == 401
    right = {"refresh_token": anna["refresh_token"]}
    assert (await client.post("/auth/sessions/refresh", json=right)).status_code == 200


async def test_a_token_of_another_key_is_nothing(redis: FakeAsyncRedis, own: Settings) -> None:
    other = own.model_copy(update={"accounts_key": type(own.accounts_key)("o" * 32)})
    _, sealed = await Sessions(redis, "garden", other).begin(ACCOUNT, "")

    assert Sessions(redis, "garden", own).read(sealed) is None


async def test_a_session_ends_in_the_end(
    redis: FakeAsyncRedis, sessions: Sessions, clock: Clock, own: Settings
) -> None:
    session, sealed = await sessions.begin(ACCOUNT, "")
    assert 0 < await redis.ttl(f"garden:session:{session}") <= own.session_idle
    clock.now += own.session_life - 60
    await used(sessions, sealed)

    assert 0 < await redis.ttl(f"garden:session:{session}") <= 60


async def test_nothing_in_redis_lets_anybody_in(redis: FakeAsyncRedis, sessions: Sessions) -> None:
    session, sealed = await sessions.begin(ACCOUNT, "")
    _, successor = await used(sessions, sealed)
    token = sessions.read(successor)
    assert token
    kept = repr(await redis.hgetall(f"garden:session:{session}"))

    assert sealed not in kept
    assert token.secret not in kept


async def test_sessions_are_listed_and_ended_by_their_owner_alone(
    client: AsyncClient, anna: dict[str, Any], admin: dict[str, str]
) -> None:
    mine = {"Authorization": f"Bearer {anna['access_token']}"}
    (one,) = (await client.get("/auth/sessions", headers=mine)).json()["items"]

    assert (await client.delete(f"/auth/sessions/{one['id']}", headers=admin)).status_code == 404
    assert (await client.delete(f"/auth/sessions/{one['id']}", headers=mine)).status_code == 204
    assert (await client.get("/auth/sessions", headers=admin)).json()["items"]


async def test_an_administrator_ends_the_sessions_of_somebody(
    app: FastAPI, client: AsyncClient, anna: dict[str, Any], admin: dict[str, str]
) -> None:
    url = f"/auth/users/{anna['id']}/sessions"
    assert len((await client.get(url, headers=admin)).json()["items"]) == 1

    assert (await client.delete(url, headers=admin)).status_code == 204
    assert (await client.get(url, headers=admin)).json() == {"items": []}
    sent = {"refresh_token": anna["refresh_token"]}
    assert (await client.post("/auth/sessions/refresh", json=sent)).status_code == 401


async def test_however_many_there_are_the_newest_are_shown_and_all_end(
    sessions: Sessions, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis_accounts.sessions.MOST_SHOWN", 2)
    monkeypatch.setattr("chassis_accounts.sessions.AT_ONCE", 2)
    begun = []
    for _ in range(5):
        clock.now += 1
        begun.append((await sessions.begin(ACCOUNT, ""))[0])

    assert [one.id for one in await sessions.of(ACCOUNT)] == begun[:2:-1]
    await sessions.end_all(ACCOUNT, but=begun[0])
    assert [one.id for one in await sessions.of(ACCOUNT)] == begun[:1]
    assert [await sessions.goes_on(one) for one in begun] == [True, *[False] * 4]
