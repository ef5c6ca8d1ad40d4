"""Accounts, signing keys and clients: the business API decides who gets in, and keeps here what it needs."""

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis_accounts.data.account_records.client_routes import router as clients
from chassis_accounts.data.account_records.key_routes import router as keys
from chassis_accounts.data.account_records.repositories import Accounts, Clients, SigningKeys
from chassis_accounts.data.account_records.user_routes import router as users

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Add the routes of all three."""
    app.state.accounts = Accounts(app.state.database)
    app.state.signing_keys = SigningKeys(app.state.database)
    app.state.clients = Clients(app.state.database)
    app.include_router(users)
    app.include_router(clients)
    app.include_router(keys)


lifespan = no_lifespan
