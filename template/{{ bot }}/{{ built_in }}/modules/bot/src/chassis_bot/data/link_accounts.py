"""Chats act as accounts that this system has, with the roles that these have now.

One that is disabled or gone may do nothing in a chat any more, from that moment on.
"""

from typing import Protocol
from uuid import UUID

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis.problems import NotFound

__all__ = ["install", "lifespan"]


class Account(Protocol):
    """What is looked at of an account."""

    roles: list[str]
    disabled: bool


class Accounts(Protocol):
    """The accounts, as the data service has them."""

    async def get(self, record_id: UUID) -> Account:
        """Read one; raises NotFound."""
        ...


def install(app: FastAPI, _settings: object) -> None:
    """Have the links of chats ask for the accounts."""

    async def current(account: str, _roles: list[str]) -> list[str] | None:
        accounts: Accounts = app.state.accounts
        try:
            found = await accounts.get(UUID(account))
        except (NotFound, ValueError):  # of another issuer, or a program
            return None
        return None if found.disabled else found.roles

    app.state.bot_links.current = current


lifespan = no_lifespan
