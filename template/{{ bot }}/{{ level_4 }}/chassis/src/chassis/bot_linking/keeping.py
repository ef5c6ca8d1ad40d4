import datetime as dt
from urllib.parse import urlencode
from uuid import UUID

from chassis.bot_linking.links import PATH, BotLinkNew, BotLinkQuery, BotLinkRead
from chassis.data_api import DataApiRecords, Http
from chassis.http_client import raise_for_problem
from chassis.identity import Principal


class OwnLinks(DataApiRecords[BotLinkNew, BotLinkRead, BotLinkQuery]):
    """Links, kept by the data service."""

    path = PATH
    new = BotLinkNew
    record = BotLinkRead

    def __init__(self, http: Http, base_url: str, token_life: float) -> None:
        super().__init__(http, base_url)
        self._token_life = dt.timedelta(seconds=token_life)

    async def begin(self, principal: Principal) -> BotLinkRead:
        """Keep a link that waits for a chat; raises Conflict for what is no account."""
        ends_at = dt.datetime.now(dt.UTC) + self._token_life
        roles = sorted(principal.roles)
        return await self.add(BotLinkNew(account=principal.identity, roles=roles, ends_at=ends_at))

    async def end(self, link: UUID, account: str | None) -> None:
        """End a link, of this account if one is named; raises NotFound."""
        owned = f"?{urlencode({'account': account})}" if account else ""
        raise_for_problem(await self._http.delete(f"{self._url}/{link}{owned}"))
