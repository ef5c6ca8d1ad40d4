"""The records of the business API, as a chat shows and creates them."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol
from uuid import UUID

from pydantic import BaseModel, TypeAdapter
from pydantic_core import to_json

from chassis.http_client import Reply, raise_for_problem
from chassis.problems import Conflict, OutcomeUnknown, ProblemError
from chassis.schemas import Page

KEY = "Idempotency-Key"
REFUSED = "The business API does not allow that."

type Record = dict[str, Any]

_records = TypeAdapter(dict[str, Any])
_pages = TypeAdapter(Page[dict[str, Any]])
# Buttons carry 64 bytes, commands have 32.
_LONGEST_KEY = 20
_LONGEST_COMMAND = 32


@dataclass(frozen=True, slots=True)
class Collection:
    """Records of one kind: where they are, and how a chat tells of them."""

    name: str
    """Of one record, as in `loan`."""
    plural: str
    path: str
    """Of the collection in the business API, as in `/api/v1/loans`."""
    new: type[BaseModel]
    """What a new record is made of: a dialogue asks for each of its fields."""
    label: Sequence[str] = ()
    """The fields by which people tell records apart; without them it is the id."""
    references: Mapping[str, str] = field(default_factory=dict)
    """Fields that name a record of another collection, with the plural of that."""

    @property
    def key(self) -> str:
        """What stands for it in buttons."""
        return self._short(self.plural, _LONGEST_KEY)

    @property
    def list_command(self) -> str:
        """Shows its list."""
        return self._short(self.plural, _LONGEST_COMMAND)

    @property
    def create_command(self) -> str:
        """Begins the dialogue that creates one."""
        return self._short(f"new_{self.name}", _LONGEST_COMMAND)

    def labelled(self, record: Record) -> str:
        """Tell a record apart from others."""
        given = [record[name] for name in self.label if record.get(name) is not None]
        told = [" ".join(str(value).split()) for value in given]
        return ", ".join(filter(None, told)) or str(record["id"])

    @staticmethod
    def _short(text: str, most: int) -> str:
        return text if len(text) <= most else f"{text[: most - 9]}_{zlib.crc32(text.encode()):08x}"


class NotAllowed(ProblemError):  # noqa: N818  # as the errors of the chassis are called
    """The business API does not let this chat do that: 403."""

    status = HTTPStatus.FORBIDDEN


class Http(Protocol):
    """The calls of HttpClient that are needed here."""

    async def get(self, url: str, *, params: Mapping[str, Any] | None = None) -> Reply:
        """Read."""
        ...

    async def post(
        self, url: str, *, json_body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Create."""
        ...


class Records:
    """Reaches the business API; raises what it answers, as every client of a service does."""

    def __init__(self, http: Http, base_url: str) -> None:
        self._http = http
        self._base = base_url.rstrip("/")

    async def page(self, of: Collection, cursor: str | None, size: int) -> Page[Record]:
        """Give a part of the list, the newest first."""
        params = {"limit": size, "cursor": cursor}
        reply = await self._http.get(f"{self._base}{of.path}", params=params)
        _raise_for(reply)
        return _pages.validate_json(reply.body)

    async def get(self, of: Collection, record_id: UUID) -> Record:
        """Give one record."""
        reply = await self._http.get(f"{self._base}{of.path}/{record_id}")
        _raise_for(reply)
        return _records.validate_json(reply.body)

    async def create(self, of: Collection, values: Mapping[str, Any], key: str) -> Record:
        """Create a record; the same key again gives what was created, and creates nothing."""
        reply = await self._http.post(
            f"{self._base}{of.path}", json_body=to_json(values), headers={KEY: key}
        )
        try:
            _raise_for(reply)
        except Conflict as conflict:
            if KEY in conflict.detail:  # an earlier attempt is being worked on, or lost
                raise OutcomeUnknown(conflict.detail) from None
            raise
        return _records.validate_json(reply.body)


def _raise_for(reply: Reply) -> None:
    if reply.status == HTTPStatus.FORBIDDEN:
        raise NotAllowed(REFUSED)
    raise_for_problem(reply)
