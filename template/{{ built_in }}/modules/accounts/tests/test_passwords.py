"""Passwords: a crowd that logs in does not take the whole machine."""

import asyncio
import threading
from typing import Any

import pytest

from chassis.problems import Overloaded
from chassis_accounts.passwords import AT_ONCE, WAITING, Passwords
from chassis_accounts.settings import Settings

PASSWORD = "violet tractor hums nineteen"  # noqa: S105  # of nobody


@pytest.fixture
def passwords(own: Settings) -> Passwords:
    return Passwords(own)


async def test_a_hash_proves_its_password_alone(passwords: Passwords) -> None:
    proof = await passwords.hashed(PASSWORD)

    assert PASSWORD not in proof
    assert await passwords.check(PASSWORD, proof) == (True, None)
    assert await passwords.check(f"{PASSWORD} ", proof) == (False, None)
    assert await passwords.check(PASSWORD, None) == (False, None)


async def test_a_hash_that_was_too_cheap_is_made_anew(passwords: Passwords, own: Settings) -> None:
    cheap = await passwords.hashed(PASSWORD)
    dear = Passwords(own.model_copy(update={"password_rounds": 2}))
    right, better = await dear.check(PASSWORD, cheap)

    assert right
    assert better
    assert await dear.check(PASSWORD, better) == (True, None)


async def test_few_are_checked_at_once_and_a_crowd_is_sent_away(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, most, gate = 0, 0, threading.Event()

    def verify(*_: Any) -> bool:
        nonlocal running, most
        running += 1
        most = max(most, running)
        gate.wait(5)
        running -= 1
        return True

    monkeypatch.setattr(passwords._hash, "verify", verify)
    passwords._of_nobody = "known"
    crowd = [asyncio.create_task(passwords.check(PASSWORD, None)) for _ in range(WAITING + 3)]
    await asyncio.sleep(0.05)
    gate.set()
    told = await asyncio.gather(*crowd, return_exceptions=True)

    assert most <= AT_ONCE
    assert sum(isinstance(one, Overloaded) for one in told) == 3
