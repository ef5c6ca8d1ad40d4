from typing import Annotated

from fastapi import APIRouter, Query, Request

from chassis.audit.entries import AUDIT, AuditNews, AuditQuery, AuditRead
from chassis.audit.log.reading import page_of
from chassis.audit.log.recorder import enter
from chassis.problems import responses
from chassis.schemas import Page

router = APIRouter(prefix=AUDIT, tags=["audit"])


@router.get("", responses=responses(422))
async def list_audit(query: Annotated[AuditQuery, Query()], request: Request) -> Page[AuditRead]:
    """Select one page of the audit log."""
    return await page_of(request.app.state.database, query)


@router.post("", status_code=204, responses=responses(422))
async def enter_events(body: AuditNews, request: Request) -> None:
    """Enter events that no write tells of."""
    await enter(request.app.state.database, body.entries)
