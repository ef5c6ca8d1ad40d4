from collections.abc import Sequence

from chassis.bot_webhook.telling import PATH, BotUpdateRead, BotUpdatesDone
from chassis.data_api import PAST_CACHES, KeepingHttp, Reader
from chassis.http_client import raise_for_problem

_updates = Reader(BotUpdateRead, "bot update")


class KeptUpdates:
    """Updates in the inbox, which the data service keeps; raises what it answers."""

    def __init__(self, http: KeepingHttp, base_url: str) -> None:
        self._http = http
        self._url = f"{base_url.rstrip('/')}{PATH}"

    async def waiting(self, after: int) -> Sequence[BotUpdateRead]:
        """Give those that are not done, the first by their numbers after this one."""
        reply = await self._http.get(
            f"{self._url}/waiting", params={"after": after}, headers=PAST_CACHES
        )
        return _updates.all(reply)

    async def end(self, update_ids: Sequence[int]) -> None:
        """Say that some are done."""
        body = BotUpdatesDone(update_ids=list(update_ids)).model_dump_json().encode()
        raise_for_problem(await self._http.put(f"{self._url}/done", json_body=body))
