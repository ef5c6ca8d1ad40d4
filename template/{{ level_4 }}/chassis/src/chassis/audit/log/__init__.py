"""The audit log of a data service: every write to a record is entered, and entries are sealed.

An entry is written in the transaction of the write that it tells of: there is none without the
other. Entries are sealed in batches: a seal has the digest of all that was entered since the one
before, and of that one. Who changes, removes or slips in an entry that is sealed breaks the chain,
which ``make audit-verify`` finds. The role of the service may add entries and read them, and
nothing else; a trigger refuses the rest to the owner of the table, too.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from chassis.audit.log.recorder import AuditRecorder
from chassis.audit.log.routes import router
from chassis.audit.log.sealer import Sealer
from chassis.audit.log.seals import Seals
from chassis.audit.log.settings import Settings
from chassis.audit.log.unsealed import told_by

__all__ = ["Settings", "install", "lifespan"]


def install(app: FastAPI, settings: Settings) -> None:
    """Have every write to a record entered, sealed while the application runs, and shown."""
    database = app.state.database
    database.recorders.append(AuditRecorder())
    seals = Seals(database)
    app.state.sealer = Sealer(seals, settings.audit_seal_interval)
    app.state.metrics.sources.append(told_by(seals))
    app.include_router(router)


@asynccontextmanager
async def lifespan(app: FastAPI, _settings: Settings) -> AsyncIterator[None]:
    """Seal entries until the application stops."""
    sealer: Sealer = app.state.sealer
    async with sealer.running():
        yield
