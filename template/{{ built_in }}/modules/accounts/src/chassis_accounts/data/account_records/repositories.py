from dataclasses import replace
from typing import ClassVar

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database.engine import Change
from chassis.database.repository import Repository
from chassis.schemas import Schema
from chassis_accounts.data.account_records.models import Account, Client, SigningKey
from chassis_accounts.records import AccountRead, ClientRead, KeyRead


class Confidential[ReadT: Schema](Repository[ReadT]):
    """Records of which others learn that they change, but not what proves somebody."""

    told: ClassVar[frozenset[str]] = frozenset()
    """The columns whose values others may know."""

    async def recorded(self, connection: AsyncConnection, change: Change) -> None:
        """Tell which columns were given, and the values of those that are no secret."""
        values = {
            name: change.values[name] if name in self.told else None for name in change.values
        }
        stored = {name: value for name, value in change.stored.items() if name in self.told}
        await super().recorded(connection, replace(change, values=values, stored=stored))


class Accounts(Confidential[AccountRead]):
    """Accounts in PostgreSQL."""

    model = Account
    read = AccountRead
    told = frozenset({"id", "roles", "disabled", "version"})


class SigningKeys(Confidential[KeyRead]):
    """Signing keys in PostgreSQL."""

    model = SigningKey
    read = KeyRead


class Clients(Confidential[ClientRead]):
    """Clients in PostgreSQL."""

    model = Client
    read = ClientRead
    told = frozenset({"id", "name", "roles", "disabled", "version"})
