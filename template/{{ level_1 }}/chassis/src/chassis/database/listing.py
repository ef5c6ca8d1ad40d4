"""Lists: filters, order, and pages that begin after the last record of the one before."""

import operator
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import GenericAlias
from typing import Any, Literal
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    Row,
    Select,
    Table,
    bindparam,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from chassis.database.budget import BUDGET, is_large, within_budget
from chassis.problems import Invalid
from chassis.schemas import MAX_CURSOR_LENGTH, ListQuery

type Start = Literal["first", "value", "null"]
"""Where a page begins: at the beginning, or after a position, the value of which is NULL or not."""

type Comparison = Callable[[Any, Any], ColumnElement[bool]]
type Columns = ReadOnlyColumnCollection[str, Any]

BAD_CURSOR = "The cursor is not one of this list in this order."
BAD_SORT = "The list cannot be sorted by this."

# Parameters of a list statement; the sign keeps them apart from whatever a column is called.
LIMIT, AFTER_ID, AFTER_VALUE, FILTER = "#limit", "#after_id", "#after_value", "#filter_"

_RANGES: tuple[tuple[str, Comparison], ...] = (("_min", operator.ge), ("_max", operator.le))
_STATEMENTS = 512


@dataclass(frozen=True, slots=True)
class Filter:
    """What one field of a query asks of one column."""

    column: Column[Any]
    compare: Comparison


@dataclass(frozen=True, slots=True)
class Position:
    """A record that a page begins after, by its id and its value in the order's column.

    A value that was too long for a cursor is not ``known`` and has to be looked up.
    """

    id: UUID
    value: Any = None
    known: bool = True


class Order:
    """The order of a list: by one column, NULL last, and by id among equals.

    An index over both columns serves it in both directions: the records without a value are
    looked up by themselves, for an index has them at one end only.
    """

    def __init__(self, table: Table, sort: str) -> None:
        self.column: Column[Any] = table.columns[sort.removeprefix("-")]
        self._id: Column[UUID] = table.columns["id"]
        self._sort = sort
        self._descending = sort.startswith("-")
        short: Any = tuple[str, UUID]
        full: Any = GenericAlias(tuple, (str, UUID, self.column.type.python_type | None))
        self._short = TypeAdapter[tuple[str, UUID]](short)
        self._full = TypeAdapter[tuple[str, UUID, Any]](full)
        self._either = TypeAdapter[tuple[Any, ...]](short | full)

    def by(self, columns: Columns) -> tuple[ColumnElement[Any], ...]:
        """Give what to order by, with the columns of the table or of a subquery."""
        first, *others = self.within(columns)
        # Ascending, PostgreSQL puts NULL last by itself.
        last = self._descending and self.column.nullable
        return first.nulls_last() if last else first, *others

    def within(self, columns: Columns) -> tuple[ColumnElement[Any], ...]:
        """Give what to order by where all have a value, or none has: as an index has it."""
        no_equals = self.column.unique and not self.column.nullable
        ordered = [columns[name] for name in (self.column.name, *(() if no_equals else ("id",)))]
        return tuple(one.desc() if self._descending else one for one in ordered)

    def stretches(self, start: Start) -> list[list[ColumnElement[bool]]]:
        """Give the conditions of those with a value, and of those without, behind a position."""
        without = self.column.is_(None)
        compare = operator.lt if self._descending else operator.gt
        record_id = bindparam(AFTER_ID, type_=self._id.type)
        if start == "null":
            return [[without, compare(self._id, record_id)]]
        value = bindparam(AFTER_VALUE, type_=self.column.type)
        later = compare(tuple_(self.column, self._id), tuple_(value, record_id))
        if not self.column.nullable:
            return [[later] if start == "value" else []]
        return [[later if start == "value" else self.column.is_not(None)], [without]]

    def cursor(self, record_id: UUID, value: object) -> str:
        """Write down the position of a record."""
        cursor = _pack(self._full.dump_json((self._sort, record_id, value)))
        if len(cursor) <= MAX_CURSOR_LENGTH:
            return cursor
        return _pack(self._short.dump_json((self._sort, record_id)))

    def position(self, cursor: str) -> Position:
        """Read a position; raises Invalid if it was not written by this order."""
        try:
            sort, record_id, *value = self._either.validate_json(_unpack(cursor))
        except ValueError as error:  # pydantic's errors are ValueErrors too
            raise Invalid(BAD_CURSOR, field="cursor") from error
        if sort != self._sort:
            raise Invalid(BAD_CURSOR, field="cursor")
        return Position(record_id, value[0]) if value else Position(record_id, known=False)


class Listing:
    """The lists that one kind of query can ask of one table.

    Statements are built once for each combination of order and filters: to build one takes as
    long as to run it.
    """

    def __init__(self, table: Table, shown: Sequence[str], query: type[ListQuery]) -> None:
        self._table = table
        self._shown = shown
        self._large = [name for name in shown if is_large(table.columns[name])]
        self._filters = {
            field: _filter(table, info.alias or field)
            for field, info in query.model_fields.items()
            if field not in ListQuery.model_fields
        }
        self.columns = {field: known.column for field, known in self._filters.items()}
        self.order = lru_cache(_STATEMENTS)(self._build_order)
        self._statement = lru_cache(_STATEMENTS)(self._build_statement)

    def given(self, query: ListQuery) -> dict[str, Any]:
        """Collect the filters that a query uses, with what each compares to."""
        values = ((field, getattr(query, field)) for field in self._filters)
        return {field: value for field, value in values if value is not None}

    def select(
        self, query: ListQuery, given: dict[str, Any], start: Position | None, budget: int
    ) -> tuple[Select[*tuple[Any, ...]], dict[str, Any]]:
        """Give the statement and its parameters; it looks at one row more than was asked for.

        Of records that can be large it selects no more than fit into a budget of bytes.
        """
        values: dict[str, Any] = {FILTER + field: value for field, value in given.items()}
        values[LIMIT] = query.limit + 1
        if self._large:
            values[BUDGET] = budget
        if start is None:
            return self._statement(query.sort, tuple(given), "first"), values
        values[AFTER_ID] = start.id
        if start.value is None:
            return self._statement(query.sort, tuple(given), "null"), values
        values[AFTER_VALUE] = start.value
        return self._statement(query.sort, tuple(given), "value"), values

    def part(
        self, rows: Sequence[Row[*tuple[Any, ...]]], limit: int
    ) -> tuple[Sequence[Sequence[Any]], bool]:
        """Give the rows of the page, and tell whether there are more behind it."""
        kept = rows[:limit]
        if not self._large:
            return kept, len(rows) > limit
        found = kept[0][-1] if kept else 0
        return [row[:-1] for row in kept], found > len(kept)

    def _build_order(self, sort: str) -> Order:
        if sort.removeprefix("-") not in self._shown:
            raise Invalid(BAD_SORT, field="sort")
        return Order(self._table, sort)

    def _build_statement(
        self, sort: str, fields: tuple[str, ...], start: Start
    ) -> Select[*tuple[Any, ...]]:
        order = self.order(sort)
        limit = bindparam(LIMIT, type_=Integer)
        filters = [self._condition(field) for field in fields]
        columns = [self._table.columns[name] for name in self._shown]
        found = select(*columns).order_by(*order.within(self._table.columns)).limit(limit)
        parts = [found.where(*filters, *stretch) for stretch in order.stretches(start)]
        page = parts[0] if len(parts) == 1 else _one_after_another(parts, order).limit(limit)
        return within_budget(page, self._large, order.by) if self._large else page

    def _condition(self, field: str) -> ColumnElement[bool]:
        known = self._filters[field]
        return known.compare(known.column, bindparam(FILTER + field, type_=known.column.type))


def _one_after_another(
    parts: Sequence[Select[*tuple[Any, ...]]], order: Order
) -> Select[*tuple[Any, ...]]:
    found = union_all(*parts).subquery("found")
    return select(found).order_by(*order.by(found.c))


def _filter(table: Table, name: str) -> Filter:
    """Find the column that a filter is about; raises LookupError if there is none."""
    if name in table.columns:  # first: a column may be called ``score_min`` itself
        return Filter(table.columns[name], operator.eq)
    for suffix, compare in _RANGES:
        column = table.columns.get(name.removesuffix(suffix))
        if name.endswith(suffix) and column is not None:
            return Filter(column, compare)
    raise LookupError(f"{table.name} has no column for the filter {name!r}")


def _pack(text: bytes) -> str:
    return urlsafe_b64encode(text).rstrip(b"=").decode()


def _unpack(cursor: str) -> bytes:
    padding = "=" * (-len(cursor) % 4)
    return b64decode(cursor + padding, altchars=b"-_", validate=True)
