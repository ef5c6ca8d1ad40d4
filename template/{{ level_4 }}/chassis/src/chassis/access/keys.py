"""The public keys of an issuer, as it publishes them."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from urllib.parse import unquote

from jwt import PyJWK, PyJWTError

from chassis.http_client import HttpClient, raise_for_problem
from chassis.identity.errors import KeysUnknown
from chassis.problems import ProblemError
from chassis.problems.telling import described

logger = logging.getLogger(__name__)

FILE = "file:"
ALGORITHMS = frozenset({"ES256", "ES384", "EdDSA", "PS256", "RS256"})
"""Of a pair of keys: with a secret that is shared, whoever can check a token could make one."""
PAUSE_S = 30
"""Seconds before keys are asked for again because of one that nobody knows, or after a failure."""

type Published = Callable[[], Awaitable[bytes]]
"""Reads a JWKS document; raises ProblemError or OSError."""


def published_at(url: str, http: HttpClient) -> Published:
    """Read the keys over HTTP, or from a file."""

    async def fetched() -> bytes:
        reply = await http.get(url)
        raise_for_problem(reply)
        return reply.body

    async def read() -> bytes:
        return await asyncio.to_thread(Path(unquote(url.removeprefix(FILE))).read_bytes)

    return read if url.startswith(FILE) else fetched


class Keys:
    """Keys by their id, read again from time to time, and when one is not known."""

    def __init__(
        self, published: Published, age: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._published = published
        self._age = age
        self._clock = clock
        self._known: Mapping[str, PyJWK] = {}
        self._read_at: float | None = None
        self._asked_at: float | None = None
        self._turn = asyncio.Lock()

    async def get(self, key_id: str) -> PyJWK | None:
        """Give a key; None where the issuer has none of that id.

        Raises KeysUnknown while no keys could ever be read. Later ones that cannot be read are done
        without: the issuer may be away, and what it has signed is still right.
        """
        if self._is_old() or (key_id not in self._known and self._may_ask()):
            async with self._turn:
                if self._is_old() or (key_id not in self._known and self._may_ask()):
                    await self._read()
        if self._read_at is None:
            raise KeysUnknown
        return self._known.get(key_id)

    def _is_old(self) -> bool:
        old = self._read_at is None or self._clock() >= self._read_at + self._age
        return old and self._may_ask()

    def _may_ask(self) -> bool:
        return self._asked_at is None or self._clock() >= self._asked_at + PAUSE_S

    async def _read(self) -> None:
        self._asked_at = self._clock()
        try:
            self._known = usable(await self._published())
        except (ProblemError, OSError, ValueError) as error:
            logger.warning("The keys of the issuer cannot be read: %s", described(error))
            return
        self._read_at = self._clock()


def usable(document: bytes) -> dict[str, PyJWK]:
    """Take the keys out of a JWKS that sign, by an algorithm that is accepted, and have an id.

    Raises ValueError for what is no JWKS.
    """
    content = json.loads(document)
    if not isinstance(content, dict) or not isinstance(content.get("keys"), list):
        raise ValueError("no JWKS")  # noqa: TRY004  # a fault of the document
    found: dict[str, PyJWK] = {}
    for entry in content["keys"]:
        if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
            continue
        try:
            key = PyJWK(entry)
        except PyJWTError:
            continue  # one that is not understood keeps nobody from using the others
        if key.key_id and key.algorithm_name in ALGORITHMS:
            found[key.key_id] = key
    return found
