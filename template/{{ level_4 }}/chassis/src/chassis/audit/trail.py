"""Trail: the audit log in the business API, for those who have the permission ``audit:read``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Request

from chassis.audit.entries import AUDIT, AuditQuery, AuditRead
from chassis.audit.events import SecurityEvents
from chassis.data_api import Reader
from chassis.health.services import addresses
from chassis.problems import responses
from chassis.schemas import Page

KEEPER = "data_api"
"""The service that keeps the log, as settings name it: ``data_api_url``."""

REFUSE = "refuse"
"""What is entered of who asked for what no role of theirs allows."""

router = APIRouter(prefix=AUDIT, tags=["audit"])
_entries = Reader(AuditRead, "audit entry")


@router.get("", responses=responses(422))
async def list_audit(query: Annotated[AuditQuery, Query()], request: Request) -> Page[AuditRead]:
    """List who did what to which record, the latest first."""
    state = request.app.state
    params = query.model_dump(mode="json", exclude_none=True)
    reply = await state.http.get(f"{addresses(state.settings)[KEEPER]}{AUDIT}", params=params)
    return _entries.page(reply)


def install(app: FastAPI, _settings: object) -> None:
    """Add the route, and take events in, in a service that knows where the log is."""
    state = app.state
    if KEEPER not in addresses(state.settings):
        return
    app.include_router(router)
    address = addresses(state.settings)[KEEPER]
    events = state.security_events = SecurityEvents(lambda: state.http, address, state.service.name)
    state.refused.append(partial(events.tell, REFUSE))


@asynccontextmanager
async def lifespan(app: FastAPI, _settings: object) -> AsyncIterator[None]:
    """Pass events on until the application stops."""
    if KEEPER not in addresses(app.state.settings):
        yield
        return
    async with app.state.security_events.running():
        yield
