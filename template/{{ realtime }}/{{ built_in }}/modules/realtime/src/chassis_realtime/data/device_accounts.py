"""Devices are of accounts that this system has: what these may now counts, and they go with them.

An account that is disabled, or has lost the roles by which it could read a collection, is told
nothing of it any more, from that moment on.
"""

from typing import Protocol, cast
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import Table, delete
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database.engine import Change
from chassis.feature import no_lifespan
from chassis.problems import NotFound
from chassis_realtime.data.push_devices.model import PushDevice

__all__ = ["install", "lifespan"]

ACCOUNTS = "auth_users"


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
    """Have devices ask for the accounts, and go with them."""

    async def may(account: str, roles: list[str]) -> bool:
        accounts: Accounts = app.state.accounts
        try:
            found = await accounts.get(UUID(account))
        except (NotFound, ValueError):  # of another issuer, or a program
            return False
        return not found.disabled and (not roles or not set(roles).isdisjoint(found.roles))

    app.state.push_devices.may = may
    app.state.database.recorders.append(forget_with_account)


lifespan = no_lifespan


async def forget_with_account(connection: AsyncConnection, change: Change) -> None:
    """Delete the devices of an account that is deleted, in the same transaction."""
    if (change.kind, change.table) == ("remove", ACCOUNTS):
        devices = cast("Table", PushDevice.__table__)
        of_account = devices.c.account == str(change.id)
        await connection.execute(delete(devices).where(of_account))
