"""Pages of the log."""

import operator
from typing import Any, cast

from sqlalchemy import Select, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.audit.entries import AuditQuery, AuditRead
from chassis.audit.log.model import AuditEntry
from chassis.database import Database
from chassis.problems import Invalid
from chassis.schemas import ListQuery, Page

BAD_CURSOR = "The cursor is not one of this list."

_log = cast("Table", AuditEntry.__table__)
_shown = select(*(_log.c[name] for name in AuditRead.model_fields))
_RANGES = {"at_min": operator.ge, "at_max": operator.le}
_OF_EVERY_LIST = set(ListQuery.model_fields)
_DIGITS = 18


async def page_of(database: Database, query: AuditQuery) -> Page[AuditRead]:
    """Read the page that a query asks for; raises Invalid for what is no cursor."""
    statement = _matching(query)

    async def read(connection: AsyncConnection) -> list[AuditRead]:
        rows = await connection.execute(statement.limit(query.limit + 1))
        return [AuditRead.model_validate(row) for row in rows]

    found = await database.read(read)
    items = found[: query.limit]
    more = len(found) > query.limit
    return Page(items=items, next_cursor=str(items[-1].place) if more else None)


def _matching(query: AuditQuery) -> Select[*tuple[Any, ...]]:
    found = _shown.order_by(_log.c.place.desc())
    if query.cursor is not None:
        found = found.where(_log.c.place < _place(query.cursor))
    for name, value in query.model_dump(exclude_none=True, exclude=_OF_EVERY_LIST).items():
        compare = _RANGES.get(name, operator.eq)
        column = _log.c.at if name in _RANGES else _log.c[name]
        found = found.where(compare(column, value))
    return found


def _place(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= _DIGITS):
        raise Invalid(BAD_CURSOR, field="cursor")
    return int(cursor)
