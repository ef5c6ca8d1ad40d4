"""Records of one table: read, listed, added, changed and removed."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, cast
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Delete, Row, Table, Update, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database.engine import Change, Database
from chassis.database.errors import refusals
from chassis.database.listing import Listing, Order, Position
from chassis.database.models import Base
from chassis.problems import Invalid, NotFound, Outdated, ProblemError
from chassis.schemas import ListQuery, Page, Schema
from chassis.unreadable import readable

LOST_CURSOR = "The cursor stands at a record that is gone: start again without it."
# The sign keeps them apart from whatever a column is called.
_ID, _VERSION = "#id", "#version"


class _Records:
    """The statements about one table, which are built once, and what reads their rows."""

    def __init__(self, model: type[Base], read: type[Schema]) -> None:
        self.table = cast("Table", model.__table__)
        self.title = model.__name__
        fields = {info.alias or name for name, info in read.model_fields.items()}
        shown = [column for column in self.table.columns if column.name in fields]
        this = self.table.columns["id"] == bindparam(_ID)
        self.names = tuple(column.name for column in shown)
        self.columns = {column.name: column for column in self.table.columns}
        self.select = select(*shown).where(this)
        self.insert = insert(self.table).returning(*shown)
        self.update = update(self.table).where(this).returning(*shown)
        self.delete = delete(self.table).where(this)
        self._page: Any = Page.__class_getitem__(read)
        self._listings: dict[type[ListQuery], Listing] = {}

    def changing(self, version: int | None) -> Update:
        """Give the statement that changes a record, of that version if there is one."""
        return self.update if version is None else self._update_version

    def removing(self, version: int | None) -> Delete:
        """Give the statement that removes a record, of that version if there is one."""
        return self.delete if version is None else self._delete_version

    @cached_property
    def _update_version(self) -> Update:
        return self.update.where(self.columns["version"] == bindparam(_VERSION))

    @cached_property
    def _delete_version(self) -> Delete:
        return self.delete.where(self.columns["version"] == bindparam(_VERSION))

    def listing(self, query: type[ListQuery]) -> Listing:
        """Give what is prepared for one kind of query."""
        if query not in self._listings:
            self._listings[query] = Listing(self.table, self.names, query)
        return self._listings[query]

    def paged(self, items: Sequence[Any], cursor: str | None) -> Any:
        """Make a page; raises ValidationError if one of the records cannot be read."""
        return self._page.model_validate({"items": items, "next_cursor": cursor})

    def by_name(self, row: Sequence[Any]) -> dict[str, Any]:
        """Name the values of a row: by column, for ``row.count`` would be a method."""
        return dict(zip(self.names, row, strict=True))


class Repository[ReadT: Schema]:
    """Records of the table of ``model``, given as ``read``; a subclass names the two.

    Each method is a transaction of its own: what it did is stored when it returns. ``values``
    are keyed by column. A write that names a ``version`` raises Outdated if the record has another
    one by now. Every method raises Unavailable when the database does not answer, and Conflict or
    Invalid for what the database refuses.
    """

    model: type[Base]
    read: type[ReadT]
    _records: ClassVar[_Records]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Prepare what all instances share."""
        super().__init_subclass__(**kwargs)
        if hasattr(cls, "model") and hasattr(cls, "read"):
            cls._records = _Records(cls.model, cls.read)

    def __init__(self, database: Database) -> None:
        self.database = database

    async def get(self, record_id: UUID) -> ReadT:
        """Read a record; raises NotFound."""
        async with self.database.connect() as connection:
            row = (await connection.execute(self._records.select, {_ID: record_id})).first()
        return self.read.model_validate(self._named(row))

    async def list(self, query: ListQuery) -> Page[ReadT]:
        """Read the page that a query asks for; raises Invalid for a cursor of another order.

        It has fewer records than asked for, and a cursor, where they would be too many bytes. A
        record that cannot be read is left out and logged.
        """
        listing = self._records.listing(type(query))
        order = listing.order(query.sort)
        start = None if query.cursor is None else order.position(query.cursor)
        given = listing.given(query)
        blamable = given if start is None else {**given, "cursor": start.value}
        columns = {**listing.columns, "cursor": order.column}

        async def rows(connection: AsyncConnection) -> Sequence[Row[*tuple[Any, ...]]]:
            after = start
            if after is not None and not after.known:
                after = await _look_up(connection, order, after)
            budget = self.database.max_page_bytes
            statement, values = listing.select(query, given, after, budget)
            return (await connection.execute(statement, values)).all()

        with refusals(self._records.table, blamable, columns):
            found = await self.database.read(rows)
        return self._page(*listing.part(found, query.limit), order)

    async def add(self, values: Mapping[str, Any]) -> ReadT:
        """Store a new record and give it as it is stored."""
        with refusals(self._records.table, values, self._records.columns):
            async with self.database.begin() as connection:
                row = (await connection.execute(self._records.insert, dict(values))).one()
                added = self._records.by_name(row)
                change = Change("add", self._records.table.name, added["id"], values, added)
                await self.recorded(connection, change)
        return self.read.model_validate(added)

    async def change(
        self, record_id: UUID, values: Mapping[str, Any], version: int | None = None
    ) -> ReadT:
        """Store new values of a record and give it as it is stored; raises NotFound."""
        if not values:
            return self._of_version(await self.get(record_id), version)
        with refusals(self._records.table, values, self._records.columns):
            async with self.database.begin() as connection:
                given = {**values, _ID: record_id, **_versions(version)}
                row = (await connection.execute(self._records.changing(version), given)).first()
                if row is None:
                    raise await self._untouched(connection, record_id, version)
                changed = self._named(row)
                change = Change("change", self._records.table.name, record_id, values, changed)
                await self.recorded(connection, change)
        return self.read.model_validate(changed)

    async def remove(self, record_id: UUID, version: int | None = None) -> None:
        """Delete a record; raises NotFound, and Conflict while other records refer to it."""
        with refusals(self._records.table, {}, {}, removing=True):
            async with self.database.begin() as connection:
                given = {_ID: record_id, **_versions(version)}
                result = await connection.execute(self._records.removing(version), given)
                if not result.rowcount:
                    raise await self._untouched(connection, record_id, version)
                change = Change("remove", self._records.table.name, record_id, {}, {})
                await self.recorded(connection, change)

    async def recorded(self, connection: AsyncConnection, change: Change) -> None:
        """Tell the database's recorders of a write, inside its transaction."""
        for record in self.database.recorders:
            await record(connection, change)

    def _named(self, row: Row[*tuple[Any, ...]] | None) -> dict[str, Any]:
        if row is None:
            raise self._missing()
        return self._records.by_name(row)

    async def _untouched(
        self, connection: AsyncConnection, record_id: UUID, version: int | None
    ) -> ProblemError:
        """Say why a write found no record: there is none, or it has another version."""
        if version is None:
            return self._missing()
        found = (await connection.execute(self._records.select, {_ID: record_id})).first()
        return self._missing() if found is None else self._outdated()

    def _of_version(self, found: ReadT, version: int | None) -> ReadT:
        if version is not None and getattr(found, "version", version) != version:
            raise self._outdated()
        return found

    def _outdated(self) -> Outdated:
        return Outdated(f"{self._records.title} was changed by somebody else: read it again.")

    def _missing(self) -> NotFound:
        return NotFound(f"{self._records.title} not found.")

    def _page(self, rows: Sequence[Sequence[Any]], more: bool, order: Order) -> Page[ReadT]:  # noqa: FBT001
        """Make a page of its rows."""
        items = [self._records.by_name(row) for row in rows]
        cursor = order.cursor(items[-1]["id"], items[-1][order.column.name]) if more else None
        try:
            page: Page[ReadT] = self._records.paged(items, cursor)
        except ValidationError:
            read = readable(items, self.read.model_validate, self._records.title)
            page = self._records.paged(read, cursor)
        return page


def _versions(version: int | None) -> dict[str, int]:
    return {} if version is None else {_VERSION: version}


async def _look_up(connection: AsyncConnection, order: Order, start: Position) -> Position:
    """Complete a position the value of which did not fit into a cursor."""
    statement = select(order.column).where(order.column.table.c.id == start.id)
    row = (await connection.execute(statement)).first()
    if row is None:
        raise Invalid(LOST_CURSOR, field="cursor")
    return Position(start.id, row[0])
