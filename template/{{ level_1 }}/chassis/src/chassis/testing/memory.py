"""A stand-in for a repository or a port: records in memory."""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from functools import cache
from inspect import signature
from typing import Any, Self
from uuid import UUID, uuid4

from pydantic import TypeAdapter

from chassis.problems import NotFound, Outdated
from chassis.schemas import ListQuery, Page


class MemoryRecords[Kept]:
    """Keeps records as long as a test runs.

    It has the methods of a repository and of a port (`add`, `get`, `current`, `list`, `change`,
    `remove`);
    `list` pages from the newest on and leaves filtering to the database.
    """

    def __init__(self, record: type[Kept]) -> None:
        self._record: TypeAdapter[Kept]
        self._record, self._versioned = _prepared(record)  # type: ignore[arg-type]  # has a hash
        self._kept: dict[UUID, dict[str, Any]] = {}

    async def given(self) -> Self:
        """Stand in for a dependency: `app.dependency_overrides[tasks] = records.given`."""
        return self

    async def add(self, new: Any) -> Kept:
        """Keep a dataclass or mapping under a new id."""
        now = dt.datetime.now(dt.UTC)
        values = dict(new) if isinstance(new, Mapping) else dataclasses.asdict(new)
        record_id = uuid4()
        kept = values | {"id": record_id, "created_at": now, "updated_at": now}
        self._kept[record_id] = kept | {"version": 1} if self._versioned else kept
        return await self.get(record_id)

    async def get(self, record_id: UUID) -> Kept:
        """Return a record; raise NotFound for an unknown id."""
        return self._record.validate_python(self._values(record_id))

    async def list(self, query: ListQuery) -> Page[Kept]:
        """Return the newest records, as many as the query's limit."""
        newest = list(reversed(self._kept.values()))[: query.limit]
        return Page(items=[self._record.validate_python(values) for values in newest])

    async def current(self, record_id: UUID, version: int | None = None) -> Kept:
        """Return a record; raise Outdated if it has another version than the one given."""
        return self._record.validate_python(self._values(record_id, version))

    async def change(
        self, record_id: UUID, changes: Mapping[str, Any], version: int | None = None
    ) -> Kept:
        """Set some values; raise NotFound for an unknown id, Outdated for another version."""
        known = self._values(record_id, version)
        moved = {"version": known["version"] + 1} if self._versioned else {}
        now = dt.datetime.now(dt.UTC)
        self._kept[record_id] = {**known, **changes, **moved, "updated_at": now}
        return await self.get(record_id)

    async def remove(self, record_id: UUID, version: int | None = None) -> None:
        """Forget a record; raise NotFound for an unknown id, Outdated for another version."""
        self._values(record_id, version)
        del self._kept[record_id]

    def _values(self, record_id: UUID, version: int | None = None) -> dict[str, Any]:
        if record_id not in self._kept:
            raise NotFound(f"There is no record with the id {record_id}.")
        known = self._kept[record_id]
        if version is not None and version != known["version"]:
            raise Outdated(f"The record with the id {record_id} was changed by somebody else.")
        return known


@cache  # tests make them by the thousand
def _prepared(record: type[Any]) -> tuple[TypeAdapter[Any], bool]:
    """Prepare to read a kind of record, and tell whether it has a version."""
    return TypeAdapter(record), "version" in signature(record).parameters
