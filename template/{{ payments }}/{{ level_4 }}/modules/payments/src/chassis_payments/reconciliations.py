"""Reconciliations: the books here against those of the providers, as the services speak of them."""

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from chassis.data_api import KeepingHttp, Reader
from chassis.http_client import raise_for_problem
from chassis.schemas import Answer, Exact, FromText, ListQuery, Page, Schema
from chassis_payments.payments import (
    MovementKind,
    ProviderName,
    ProviderTransactionRead,
    Reference,
)

RECONCILIATIONS = "/api/v1/payment-reconciliations"
"""Where services have them."""
MOVEMENTS = "/api/v1/payment-movements"
"""Where the data service has the money that moved."""
AT_ONCE = 200
MOST_DIFFERENCES = 1000
"""So many are kept of a day; beyond that something else is wrong."""

ReconciliationState = Literal["running", "done"]
Sort = Literal["-day", "day"]
Trouble = Literal["missing_here", "missing_there", "another_amount", "another_state"]
"""`missing_here`: the provider has moved money that these books do not have; `missing_there`: the other way."""


class Difference(Schema):
    """Something about which the books and a provider do not agree."""

    trouble: Trouble
    kind: MovementKind
    reference: Reference
    """What the provider calls the movement."""
    payment_id: UUID | None = None
    here: Annotated[str, Field(max_length=100)] | None = None
    there: Annotated[str, Field(max_length=100)] | None = None


class DifferenceRead(Answer):
    """A difference as it is kept."""

    trouble: Trouble | str
    kind: MovementKind | str
    reference: str
    payment_id: UUID | None = None
    here: str | None = None
    there: str | None = None


class ReconciliationEnd(Schema):
    """What came out of it."""

    checked: Annotated[int, Field(ge=0)]
    differences: list[Difference] = Field(max_length=MOST_DIFFERENCES)


class ReconciliationRead(Answer):
    """A day at a provider, compared with the books."""

    id: UUID
    provider: ProviderName | str
    day: dt.date
    state: ReconciliationState | str
    checked: int
    """Movements that were compared."""
    differences: list[DifferenceRead]
    created_at: dt.datetime
    updated_at: dt.datetime


class ReconciliationQuery(ListQuery):
    """Which reconciliations a list shows."""

    sort: Sort = "-day"
    provider: ProviderName | None = None
    day: Annotated[Annotated[dt.date, Exact()] | None, FromText()] = None


class Turn(Answer):
    """Whether a day is to be reconciled by whoever asks."""

    taken: bool


_movements = Reader(ProviderTransactionRead, "transaction")
_reconciliations = Reader(ReconciliationRead, "reconciliation")
_turns = Reader(Turn, "turn")


class Books:
    """The books of a data service: the money that moved, and what comparing it came to."""

    def __init__(self, http: KeepingHttp, base_url: str) -> None:
        self._http = http
        self._movements = f"{base_url.rstrip('/')}{MOVEMENTS}"
        self._reconciliations = f"{base_url.rstrip('/')}{RECONCILIATIONS}"

    async def known(
        self, provider: ProviderName, references: list[str]
    ) -> list[ProviderTransactionRead]:
        """Give the movements that a provider calls so."""
        params = {"references": ",".join(references)}
        return await self._listed(f"{self._movements}/{provider}/known", params)

    async def moved(
        self, provider: ProviderName, since: dt.datetime, until: dt.datetime
    ) -> list[ProviderTransactionRead]:
        """Give what was written down within a time."""
        found: list[ProviderTransactionRead] = []
        params = {"since": since.isoformat(), "until": until.isoformat()}
        while True:
            after = {"after": str(found[-1].id)} if found else {}
            page = await self._listed(f"{self._movements}/{provider}", params | after)
            found += page
            if len(page) < AT_ONCE:
                return found

    async def begin(self, provider: ProviderName, day: dt.date, *, again: bool = False) -> bool:
        """Say whether a day is to be compared now, by whoever asks."""
        url = f"{self._reconciliations}/{provider}/{day}/{'again' if again else 'turn'}"
        return _turns.written(await self._http.put(url)).taken

    async def end(self, provider: ProviderName, day: dt.date, end: ReconciliationEnd) -> None:
        """Keep what came out of it."""
        url = f"{self._reconciliations}/{provider}/{day}"
        raise_for_problem(await self._http.put(url, json_body=end.model_dump_json().encode()))

    async def page(self, query: ReconciliationQuery) -> Page[ReconciliationRead]:
        """Give one page of what was compared."""
        params = query.model_dump(mode="json", exclude_none=True)
        return _reconciliations.page(await self._http.get(self._reconciliations, params=params))

    async def _listed(self, url: str, params: dict[str, str]) -> list[ProviderTransactionRead]:
        return _movements.all(await self._http.get(url, params=params))
