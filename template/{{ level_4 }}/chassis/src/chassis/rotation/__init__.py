"""Rotation: a new password of the database is used without a restart.

What comes from files or from Vault is read again every ``SECRETS_REFRESH`` seconds. New
connections are made with the password that there is then; those that are open stay open. While it
cannot be read, the last one is used. Other secrets that have changed are named in the log: they
need a restart.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from chassis.feature import Host
from chassis.rotation.passwords import Passwords
from chassis.rotation.settings import Settings
from chassis.rotation.watch import Watch, is_kept_elsewhere

__all__ = ["Settings", "install", "lifespan"]


def install(app: FastAPI, settings: Settings) -> None:
    """Have connections made with the password that there is."""
    passwords = Passwords(app.state.settings)
    for engine in app.state.database.engines:
        passwords.given_to(engine)
    app.state.secrets = Watch(app.state.settings, passwords.change, settings.secrets_refresh)


@asynccontextmanager
async def lifespan(host: Host, _settings: Settings) -> AsyncIterator[None]:
    """Look for new ones until the application stops."""
    watch: Watch = host.state.secrets
    if not is_kept_elsewhere(host.state.settings):
        yield
        return
    async with watch.running():
        yield
