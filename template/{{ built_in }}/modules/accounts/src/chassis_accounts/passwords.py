"""Passwords: what proves them is kept, and to check one takes long, for thieves too."""

import asyncio
from collections.abc import Callable

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from zxcvbn import zxcvbn

from chassis.problems import Invalid, Overloaded
from chassis_accounts.settings import Settings

LONGEST = 128
AT_ONCE = 2
"""Checks that run at the same time: each takes a core and much memory."""
WAITING = 30
"""Checks that may wait for their turn; about ten seconds' worth."""
_JUDGED = 72
"""Characters that are looked at to guess how hard a password is: more takes too long."""
STRONG = 3
"""Of 0 to 4, as zxcvbn judges: 10^8 guesses or more."""


class Passwords:
    """Hashes passwords by Argon2id, and checks them."""

    def __init__(self, settings: Settings) -> None:
        hasher = Argon2Hasher(
            time_cost=settings.password_rounds, memory_cost=settings.password_memory
        )
        self._hash = PasswordHash((hasher,))
        self._shortest = settings.shortest_password
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._of_nobody: str | None = None

    async def hashed(self, password: str, *told: str) -> str:
        """Give what proves a new password; raises Invalid for one that is easily guessed.

        ``told`` is what everybody knows of its owner.
        """
        if len(password) < self._shortest:
            raise Invalid(f"must have {self._shortest} characters or more", field="password")
        guessable = await self._in_turn(lambda: _guessable(password, told))
        if guessable:
            raise Invalid("is easily guessed: take other words", field="password")
        return await self._in_turn(lambda: self._hash.hash(password))

    async def check(self, password: str, known: str | None) -> tuple[bool, str | None]:
        """Say whether a password is right, and what to keep from now on if that is another hash.

        It takes as long where there is nothing to compare with: nobody learns who has an account.
        """
        if known is None:
            await self._in_turn(lambda: self._hash.verify(password, self._compared()))
            return False, None
        return await self._in_turn(lambda: self._hash.verify_and_update(password, known))

    def _compared(self) -> str:
        self._of_nobody = self._of_nobody or self._hash.hash("nobody has this one")
        return self._of_nobody

    async def _in_turn[T](self, work: Callable[[], T]) -> T:
        if self._waiting >= WAITING:
            raise Overloaded("Too many are logging in at the moment. Nothing was done.")
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1


def _guessable(password: str, told: tuple[str, ...]) -> bool:
    judged = zxcvbn(password[:_JUDGED], user_inputs=list(told))
    return int(judged["score"]) < STRONG
