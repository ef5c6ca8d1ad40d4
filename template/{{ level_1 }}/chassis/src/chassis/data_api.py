"""Records that a data service keeps, as the business services reach them: over HTTP."""

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from chassis.http_client import Reply, raise_for_problem
from chassis.problems import OutcomeUnknown, Outdated, ProblemError, Unavailable
from chassis.schemas import ListQuery, Page
from chassis.unreadable import readable
from chassis.versions import etag_of

OUTDATED = "This was changed by somebody else: read it again."
UNREADABLE = "What a service that is needed for this says cannot be read."
PAST_CACHES = {"Cache-Control": "no-cache"}

_untyped = TypeAdapter(Page[dict[str, Any]])
_untyped_list = TypeAdapter(list[dict[str, Any]])


class Http(Protocol):
    """The calls of HttpClient by which records are reached."""

    async def get(
        self,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Read."""
        ...

    async def post(self, url: str, *, json_body: bytes | None = None) -> Reply:
        """Create."""
        ...

    async def patch(
        self,
        url: str,
        *,
        json_body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Change."""
        ...

    async def delete(self, url: str, *, headers: Mapping[str, str] | None = None) -> Reply:
        """Remove."""
        ...


class KeepingHttp(Protocol):
    """The calls by which things are reached that are kept under an id of who keeps them: twice is once."""

    async def get(
        self,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Read."""
        ...

    async def put(self, url: str, *, json_body: bytes | None = None) -> Reply:
        """Set."""
        ...

    async def delete(self, url: str) -> Reply:
        """Remove."""
        ...


class Reader[Kept]:
    """Reads answers with one kind of record; raises what the service answered.

    A record that cannot be read takes no others along: a list goes without it.
    """

    def __init__(self, record: type[Kept], title: str) -> None:
        self._title = title
        """What the records are called in the log."""
        self._records: TypeAdapter[Kept] = TypeAdapter(record)
        self._lists: TypeAdapter[list[Kept]] = TypeAdapter(list[record])  # type: ignore[valid-type]
        self._pages: TypeAdapter[Page[Kept]] = TypeAdapter(Page[record])  # type: ignore[valid-type]

    def one(self, reply: Reply) -> Kept:
        """Read a record; raises Unavailable if it cannot be read."""
        return self._one(reply, Unavailable)

    def written(self, reply: Reply) -> Kept:
        """Read a record as it was written; raises OutcomeUnknown if it cannot be read."""
        return self._one(reply, OutcomeUnknown)

    def page(self, reply: Reply) -> Page[Kept]:
        """Read a page."""
        raise_for_problem(reply)
        try:
            return self._pages.validate_json(reply.body)
        except ValidationError:
            page = _read(_untyped, reply)
            return Page(items=self._readable(page.items), next_cursor=page.next_cursor)

    def whole(self, reply: Reply) -> Page[Kept]:
        """Read a page of which nothing may be left out; raises Unavailable if one cannot be read."""
        raise_for_problem(reply)
        try:
            return self._pages.validate_json(reply.body)
        except ValidationError as error:
            raise Unavailable(UNREADABLE) from error

    def all(self, reply: Reply) -> list[Kept]:
        """Read a list that has no pages."""
        raise_for_problem(reply)
        try:
            return self._lists.validate_json(reply.body)
        except ValidationError:
            return self._readable(_read(_untyped_list, reply))

    def _one(self, reply: Reply, otherwise: type[ProblemError]) -> Kept:
        raise_for_problem(reply)
        try:
            return self._records.validate_json(reply.body)
        except ValidationError as error:
            raise otherwise(UNREADABLE) from error

    def _readable(self, records: list[dict[str, Any]]) -> list[Kept]:
        def read(record: dict[str, Any]) -> Kept:
            return self._records.validate_json(to_json(record))

        return readable(records, read, self._title)


def _read[T](expected: TypeAdapter[T], reply: Reply) -> T:
    try:
        return expected.validate_json(reply.body)
    except ValidationError as error:
        raise Unavailable(UNREADABLE) from error


class DataApiRecords[New, Kept, Query: ListQuery]:
    """One collection of a data service.

    A subclass names the collection's `path`, what goes in (`new`) and what comes out (`record`).
    Every method raises what the data service answered: NotFound, Conflict, Outdated or Invalid,
    and Unavailable when there is no answer.
    """

    path: str
    new: type[New]
    record: type[Kept]

    _news: TypeAdapter[New]
    _reader: Reader[Kept]

    def __init_subclass__(cls) -> None:
        """Prepare the (de)serialisers once for all instances."""
        cls._news = TypeAdapter(cls.new)
        cls._reader = Reader(cls.record, cls.path)

    def __init__(self, http: Http, base_url: str) -> None:
        self._http = http
        self._url = f"{base_url.rstrip('/')}{self.path}"

    async def add(self, new: New) -> Kept:
        """Keep a new record and return it with its id."""
        reply = await self._http.post(self._url, json_body=self._news.dump_json(new))
        return self._reader.written(reply)

    async def get(self, record_id: UUID) -> Kept:
        """Return the record with this id."""
        return self._reader.one(await self._http.get(f"{self._url}/{record_id}"))

    async def current(self, record_id: UUID, version: int | None = None) -> Kept:
        """Return the record as it is now, past every cache: to decide on it.

        Raises Outdated if it has another version than the one that is given.
        """
        reply = await self._http.get(f"{self._url}/{record_id}", headers=PAST_CACHES)
        found = self._reader.one(reply)
        if version is not None and getattr(found, "version", version) != version:
            raise Outdated(OUTDATED)
        return found

    async def list(self, query: Query) -> Page[Kept]:
        """Return one page of the records that match."""
        return self._reader.page(await self._page(query))

    async def change(
        self, record_id: UUID, changes: Mapping[str, Any], version: int | None = None
    ) -> Kept:
        """Set the given fields, of that version if there is one; return the record as it is then."""
        url, body = f"{self._url}/{record_id}", to_json(changes)
        reply = await self._http.patch(url, json_body=body, headers=_if(version))
        return self._reader.written(reply)

    async def remove(self, record_id: UUID, version: int | None = None) -> None:
        """Remove the record with this id, of that version if there is one."""
        url = f"{self._url}/{record_id}"
        raise_for_problem(await self._http.delete(url, headers=_if(version)))

    async def _page(self, query: Query) -> Reply:
        params = query.model_dump(mode="json", exclude_none=True)
        return await self._http.get(self._url, params=params)


def _if(version: int | None) -> dict[str, str]:
    return {} if version is None else {"If-Match": etag_of(version)}
