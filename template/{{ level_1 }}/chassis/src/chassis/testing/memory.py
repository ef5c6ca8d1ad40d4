"""A stand-in for a repository or a port: records in memory."""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Any, Self
from uuid import UUID, uuid4

from pydantic import TypeAdapter

from chassis.problems import NotFound
from chassis.schemas import ListQuery, Page


class MemoryRecords[Kept]:
    """Keeps records as long as a test runs.

    It has the methods of a repository and of a port (`add`, `get`, `list`, `change`, `remove`);
    `list` pages from the newest on and leaves filtering to the database.
    """

    def __init__(self, record: type[Kept]) -> None:
        self._record = TypeAdapter(record)
        self._kept: dict[UUID, dict[str, Any]] = {}

    def given(self) -> Self:
        """Stand in for a dependency: `app.dependency_overrides[tasks] = records.given`."""
        return self

    async def add(self, new: Any) -> Kept:
        """Keep a dataclass or mapping under a new id."""
        now = dt.datetime.now(dt.UTC)
        values = dict(new) if isinstance(new, Mapping) else dataclasses.asdict(new)
        record_id = uuid4()
        self._kept[record_id] = values | {"id": record_id, "created_at": now, "updated_at": now}
        return await self.get(record_id)

    async def get(self, record_id: UUID) -> Kept:
        """Return a record; raise NotFound for an unknown id."""
        return self._record.validate_python(self._values(record_id))

    async def list(self, query: ListQuery) -> Page[Kept]:
        """Return the newest records, as many as the query's limit."""
        newest = list(reversed(self._kept.values()))[: query.limit]
        return Page(items=[self._record.validate_python(values) for values in newest])

    async def change(self, record_id: UUID, changes: Mapping[str, Any]) -> Kept:
        """Set some values; raise NotFound for an unknown id."""
        now = dt.datetime.now(dt.UTC)
        self._kept[record_id] = {**self._values(record_id), **changes, "updated_at": now}
        return await self.get(record_id)

    async def remove(self, record_id: UUID) -> None:
        """Forget a record; raise NotFound for an unknown id."""
        self._values(record_id)
        del self._kept[record_id]

    def _values(self, record_id: UUID) -> dict[str, Any]:
        if record_id not in self._kept:
            raise NotFound(f"There is no record with the id {record_id}.")
        return self._kept[record_id]
