"""What messages cost, kept by the data service and reached over HTTP."""

from collections.abc import Sequence
from uuid import UUID

from chassis.data_api import PAST_CACHES, KeepingHttp
from chassis.http_client import raise_for_problem
from chassis_communications.spending import (
    COSTS,
    CostQuery,
    DailyCosts,
    MessagePrice,
    Total,
    TotalQuery,
    Unpriced,
    UnpricedMessages,
    UnpricedQuery,
)


class KeptCosts:
    """What a data service knows of costs; raises what it answers."""

    def __init__(self, http: KeepingHttp, base_url: str) -> None:
        self._http = http
        self._url = f"{base_url.rstrip('/')}{COSTS}"

    async def by_day(self, query: CostQuery) -> DailyCosts:
        """Say what messages cost, day by day."""
        return DailyCosts.model_validate_json(await self._asked("", query))

    async def total(self, query: TotalQuery) -> Total:
        """Say what messages cost together."""
        return Total.model_validate_json(await self._asked("/total", query))

    async def unpriced(self, query: UnpricedQuery) -> Sequence[Unpriced]:
        """Give SMS whose price is an estimate."""
        body = await self._asked("/unpriced", query)
        return UnpricedMessages.model_validate_json(body).items

    async def set_price(self, message_id: UUID, price: MessagePrice) -> None:
        """Count what the provider bills instead of an estimate; twice is once. Raises NotFound."""
        url, body = f"{self._url}/{message_id}/price", price.model_dump_json().encode()
        raise_for_problem(await self._http.put(url, json_body=body))

    async def _asked(self, path: str, query: CostQuery | TotalQuery | UnpricedQuery) -> bytes:
        params = query.model_dump(mode="json", exclude_none=True)
        reply = await self._http.get(f"{self._url}{path}", params=params, headers=PAST_CACHES)
        raise_for_problem(reply)
        return reply.body
