"""Seals over the log: each has the digest of what was entered since the one before it."""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, cast

from sqlalchemy import Select, Table, func, insert, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.audit.log.model import AuditEntry, AuditSeal
from chassis.database import Database

TURN: Final = 6_214_890_113
"""Any number that nothing else locks: only one process at a time seals."""
CHUNK: Final = 1_000

_log = cast("Table", AuditEntry.__table__)
_seals = cast("Table", AuditSeal.__table__)
_every = select(_seals.c.place, _seals.c.until, _seals.c.entries, _seals.c.digest)
_latest = _every.order_by(_seals.c.place.desc()).limit(1)
_sealed_at = select(_seals.c.at).order_by(_seals.c.place.desc()).limit(1).scalar_subquery()
_mine = select(func.pg_try_advisory_xact_lock(TURN))
# Every transaction below it has ended: what they have entered is all that they ever will.
_horizon = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")


class Rewound(Exception):  # noqa: N818  # says what happened to the database
    """The database counts its transactions from a lower number than it did: it is another one."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A digest over what transactions have entered: those below ``until``, from the last one on."""

    place: int
    until: int
    entries: int
    digest: str

    def __str__(self) -> str:
        """Write the line that is kept elsewhere, and from which it is known again."""
        return f"audit seal {self.place}: {self.entries} entries, {self.digest}"


FIRST: Final = Seal(0, 0, 0, "0" * 64)
"""What the first seal stands upon."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A seal that does not fit what is there."""

    place: int
    what: str


class Seals:
    """The seals of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def seal(self) -> Seal | None:
        """Seal what was entered since the last time; None where nothing was, or another does.

        Raises Rewound where entries would be left out for good.
        """
        async with self._database.begin() as connection:
            if not (await connection.execute(_mine)).scalar_one():
                return None
            last = await _newest(connection)
            until = (await connection.execute(_horizon)).scalar_one()
            if until < last.until:
                raise Rewound(f"transaction {until} comes after {last.until}")
            made = await _sealed(connection, last, until)
            if made.entries:
                await connection.execute(insert(_seals), asdict(made))
            return made if made.entries else None

    async def faults(
        self, known: Mapping[int, Sequence[str]] | None = None
    ) -> AsyncIterator[Fault]:
        """Compare the seals with what is there, and with digests that are known from elsewhere.

        These are those of each place, the first that was told of it first: what came later for the
        same place tells that the first was removed, and what it had sealed. Nothing comes where
        all is right.
        """
        known = dict(known or {})
        async with self._database.connect() as connection:
            before = FIRST
            async for seal in _in_order(connection):
                for what in await _wrong(connection, before, seal):
                    yield Fault(seal.place, what)
                if told := _made_anew(known.pop(seal.place, [seal.digest]), seal.digest):
                    yield Fault(seal.place, told)
                before = seal
        for place in sorted(known):
            yield Fault(place, "it is known, and is gone")

    async def newest(self) -> Seal:
        """Give the last seal."""
        async with self._database.connect() as connection:
            return await _newest(connection)

    async def waiting_s(self) -> float:
        """Give the seconds for which the oldest entry has waited; 0 where all are sealed.

        What was entered after the last seal waits, too, whatever the number of its transaction:
        in a database that counts anew it has one that is taken for sealed.
        """
        async with self._database.connect() as connection:
            last = await _newest(connection)
            oldest = select(func.min(_log.c.at))
            above = oldest.where(_log.c.xid >= last.until).scalar_subquery()
            later = oldest.where(_log.c.at > _sealed_at).scalar_subquery()
            waited = func.extract("epoch", func.clock_timestamp() - func.least(above, later))
            return float((await connection.execute(select(waited))).scalar_one() or 0)


async def _newest(connection: AsyncConnection) -> Seal:
    row = (await connection.execute(_latest)).first()
    return Seal(*row) if row else FIRST


async def _in_order(connection: AsyncConnection) -> AsyncIterator[Seal]:
    place = FIRST.place
    while rows := (await connection.execute(_after(place))).all():
        for row in rows:
            yield Seal(*row)
        place = rows[-1].place


def _after(place: int) -> Select[*tuple[Any, ...]]:
    return _every.where(_seals.c.place > place).order_by(_seals.c.place).limit(CHUNK)


def _made_anew(known: Sequence[str], digest: str) -> str | None:
    """Say how a seal differs from what was told of its place; None where it does not."""
    if known[0] != digest:
        return "it is not the one that is known: it was made anew"
    if len(known) > 1:
        return "two are known: one was removed, and made anew"
    return None


async def _wrong(connection: AsyncConnection, before: Seal, seal: Seal) -> list[str]:
    """Say what is wrong with a seal; the one before is taken as it is, so each fault is told once."""
    if seal.place != before.place + 1:
        return [f"{seal.place - before.place - 1} seals before it are gone"]
    right = await _sealed(connection, before, seal.until)
    if right.entries != seal.entries:
        return [f"it was made over {seal.entries} entries, and there are {right.entries}"]
    if right.digest != seal.digest:
        return ["one of its entries, or the seal before it, was changed"]
    return []


async def _sealed(connection: AsyncConnection, before: Seal, until: int) -> Seal:
    """Make the seal that comes after another one."""
    digest, count = hashlib.sha256(before.digest.encode()), 0
    last = (before.until, 0)
    while True:
        rows = (await connection.execute(_next(last, until))).mappings().all()
        for row in rows:
            digest.update(_written(row))
        count += len(rows)
        if len(rows) < CHUNK:
            return Seal(before.place + 1, until, count, digest.hexdigest())
        last = (rows[-1]["xid"], rows[-1]["place"])


def _next(last: tuple[int, int], until: int) -> Select[*tuple[Any, ...]]:
    order = (_log.c.xid, _log.c.place)
    found = select(_log).where(tuple_(*order) > tuple_(*last), _log.c.xid < until)
    return found.order_by(*order).limit(CHUNK)


def _written(entry: Mapping[Any, Any]) -> bytes:
    """Write an entry down in the only way in which it can be: the driver gives times as UTC."""
    return json.dumps(dict(entry), sort_keys=True, default=str).encode() + b"\n"
