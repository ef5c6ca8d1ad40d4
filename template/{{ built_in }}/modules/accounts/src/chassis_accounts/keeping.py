"""Accounts, keys and clients, as the data service keeps them, reached past every cache."""

from collections.abc import Sequence

from chassis.data_api import DataApiRecords
from chassis_accounts.records import (
    CLIENTS,
    KEYS,
    USERS,
    AccountCreate,
    AccountQuery,
    AccountRead,
    ClientCreate,
    ClientQuery,
    ClientRead,
    KeyCreate,
    KeyQuery,
    KeyRead,
)


class Accounts(DataApiRecords[AccountCreate, AccountRead, AccountQuery]):
    """The accounts."""

    path = USERS
    new = AccountCreate
    record = AccountRead

    async def by_email(self, email: str) -> AccountRead | None:
        """Find an account by its address."""
        items = await self._first(AccountQuery(email=email, limit=1))
        return items[0] if items else None

    async def are_none(self) -> bool:
        """Say whether there is no account at all."""
        return not await self._first(AccountQuery(limit=1))

    async def _first(self, query: AccountQuery) -> Sequence[AccountRead]:
        """List accounts; raises Unavailable where one cannot be read, for it is there all the same."""
        return self._reader.whole(await self._page(query)).items


class KeptKeys(DataApiRecords[KeyCreate, KeyRead, KeyQuery]):
    """The signing keys."""

    path = KEYS
    new = KeyCreate
    record = KeyRead


class Clients(DataApiRecords[ClientCreate, ClientRead, ClientQuery]):
    """The programs that get tokens of their own."""

    path = CLIENTS
    new = ClientCreate
    record = ClientRead
