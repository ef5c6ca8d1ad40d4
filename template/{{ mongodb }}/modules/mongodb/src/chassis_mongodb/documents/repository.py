"""Documents that are appended, read, listed and counted, and never changed.

Each says when it was (``at``) and is found by its id, which whoever stores it gives: to store it
twice is to store it once.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol
from uuid import UUID

import bson
from pydantic import BaseModel
from pymongo.errors import DuplicateKeyError

from chassis.problems import Conflict, NotFound
from chassis.schemas import ListQuery, Page
from chassis.unreadable import readable
from chassis_mongodb.documents.codecs import CODECS, disguised, revealed
from chassis_mongodb.documents.collections import Collection
from chassis_mongodb.documents.cursors import Position, packed, unpacked
from chassis_mongodb.documents.errors import told, told_of_write
from chassis_mongodb.documents.mongo import Document, Mongo

ANOTHER = "Something else is stored with the id {id}."
UNKNOWN = "There is nothing with the id {id}."

MOMENT = "moment"
"""Microseconds since 1970: what ``at`` is, which MongoDB keeps to the millisecond."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_PLACE = {MOMENT: ["int", "long"], "_id": ["binData"]}
"""What a document has that has a place in a list, by its types in MongoDB."""
_RANGES = {"_min": "$gte", "_max": "$lte"}


class _New(Protocol):
    """What is stored."""

    at: dt.datetime

    def model_dump(self) -> dict[str, Any]:
        """Give its fields."""


class Documents[Kept: BaseModel]:
    """One collection; a subclass names what is declared of it, and what comes out."""

    collection: ClassVar[Collection]
    read: type[Kept]

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def put(self, document_id: UUID, new: _New) -> tuple[Kept, bool]:
        """Store a document, and tell whether it was not there yet.

        Raises Conflict if something else is stored with this id, and Invalid if it cannot be.
        """
        kept = {**disguised(new.model_dump()), "_id": document_id, MOMENT: moment_of(new.at)}
        try:
            with told_of_write():
                await self._documents.insert_one(kept)
        except DuplicateKeyError as error:
            found = await self.get(document_id)
            if found != self._kept(kept):
                raise Conflict(ANOTHER.format(id=document_id)) from error
            return found, False
        return self._kept(kept), True

    async def get(self, document_id: UUID) -> Kept:
        """Return the document with this id; raises NotFound."""
        with told():
            found = await self._documents.find_one({"_id": document_id})
        if found is None:
            raise NotFound(UNKNOWN.format(id=document_id))
        return self._kept(found)

    async def list(self, query: ListQuery) -> Page[Kept]:
        """Return one page of the documents that match, in the order of their moments."""
        direction = -1 if query.sort.startswith("-") else 1
        wanted = self._filter(query)
        if query.cursor is not None:
            wanted = {"$and": [wanted, _after(unpacked(query.cursor, query.sort), direction)]}
        order = [(MOMENT, direction), ("_id", direction)]
        with told():
            found = self._documents.find(wanted, sort=order, limit=query.limit + 1)
            rows = await found.max_time_ms(self._mongo.max_time_ms).to_list()
        shown = self._within_budget(rows[: query.limit])
        last = shown[-1] if len(shown) < len(rows) else None
        cursor = last and packed(Position(query.sort, last[MOMENT], last["_id"]))
        named = ({**row, "id": row["_id"]} for row in shown)
        return Page(items=readable(named, self._kept, self.collection.name), next_cursor=cursor)

    async def count_by_day(
        self, first: dt.date, last: dt.date, wanted: Mapping[str, Any]
    ) -> Sequence[tuple[dt.date, int]]:
        """Count the documents that match on each day, in UTC, the latest first."""
        start = dt.datetime.combine(first, dt.time(), dt.UTC)
        end = dt.datetime.combine(last, dt.time(), dt.UTC) + dt.timedelta(days=1)
        stages: list[Document] = [
            {"$match": {**wanted, MOMENT: {"$gte": moment_of(start), "$lt": moment_of(end)}}},
            {"$group": {"_id": {"$dateTrunc": {"date": "$at", "unit": "day"}}, "n": {"$sum": 1}}},
            {"$sort": {"_id": -1}},
        ]
        with told():
            limit = self._mongo.max_time_ms
            found = await self._documents.aggregate(stages, maxTimeMS=limit)
            rows = await found.to_list()
        return [(row["_id"].date(), row["n"]) for row in rows]

    @property
    def _documents(self) -> Any:
        return self._mongo.collection(self.collection.name)

    def _kept(self, document: Document) -> Kept:
        """Read a document; raises ValueError for one that others have put there and is none."""
        values = {name: revealed(document.get(name)) for name in self.read.model_fields}
        at = _at(document[MOMENT])
        return self.read.model_validate({**values, "id": document["_id"], "at": at})

    @staticmethod
    def _filter(query: ListQuery) -> Document:
        """Compare each field that is given; a value is only ever a value, never an operator."""
        found: Document = {name: {"$type": types} for name, types in _PLACE.items()}
        for name in query.__class__.model_fields.keys() - ListQuery.model_fields.keys():
            value = getattr(query, name)
            if value is None:
                continue
            compare = _RANGES.get(name[-4:], "$eq")
            field = name if compare == "$eq" else name[:-4]
            if isinstance(value, dt.datetime):
                field, value = MOMENT, moment_of(value)
            found.setdefault(field, {})[compare] = value
        return found

    def _within_budget(self, rows: Sequence[Document]) -> Sequence[Document]:
        left = self._mongo.max_page_bytes
        for number, row in enumerate(rows):
            left -= len(bson.encode(row, codec_options=CODECS))
            if left < 0 and number:
                return rows[:number]
        return rows


def moment_of(at: dt.datetime) -> int:
    """Give the microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def _at(moment: int) -> dt.datetime:
    try:
        return _EPOCH + moment * _MICROSECOND
    except OverflowError as error:
        raise ValueError(moment) from error


def _after(position: Position, direction: int) -> Document:
    compare = "$lt" if direction < 0 else "$gt"
    same = {MOMENT: position.moment, "_id": {compare: position.id}}
    return {"$or": [{MOMENT: {compare: position.moment}}, same]}
