"""Instalments, kept by the data service."""

import datetime as dt
from typing import Protocol
from uuid import UUID

from chassis.http_client import Reply, raise_for_problem
from shared.payment import PaymentChanges, PaymentStatus

PATH = "/api/v1/payments"


class Http(Protocol):
    """The call of the worker's HTTP client that is needed here."""

    async def patch(self, url: str, *, json_body: bytes) -> Reply:
        """Change."""
        ...


class DataApiInstalments:
    """The `Instalments` port over the data service's HTTP API."""

    def __init__(self, http: Http, base_url: str) -> None:
        self._http = http
        self._url = f"{base_url.rstrip('/')}{PATH}"

    async def set(self, instalment: UUID, status: PaymentStatus, paid: dt.date | None) -> None:
        """Say what an instalment has come to."""
        changes = PaymentChanges(status=status, paid_date=paid).model_dump_json(exclude_unset=True)
        url = f"{self._url}/{instalment}"
        raise_for_problem(await self._http.patch(url, json_body=changes.encode()))
