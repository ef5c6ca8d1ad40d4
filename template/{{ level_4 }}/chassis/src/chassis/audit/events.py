"""Events of safety in the audit log: who was refused what, who logged in; no write tells of these.

``state.security_events.tell(action, subject)`` takes one in and waits for nobody; it is passed on
to the data service a moment later. What cannot be passed on waits, up to a bound: then the oldest are
let go, and the log of the service says how many.
"""

import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from chassis import identity, request_id
from chassis.audit.entries import AUDIT, LONGEST, MOST, AuditNew, AuditNews
from chassis.http_client import HttpClient, raise_for_problem
from chassis.problems import ProblemError
from chassis.problems.telling import described
from chassis.repeating import repeated

logger = logging.getLogger(__name__)

ROOM = 10 * MOST
PAUSE_S = 1.0
WAIT = "Events wait to be entered in the audit log"


class SecurityEvents:
    """Takes events in, and passes them on."""

    def __init__(self, http: Callable[[], HttpClient], address: str, service: str) -> None:
        self._http = http
        self._url = f"{address}{AUDIT}"
        self._service = service
        self._waiting: deque[AuditNew] = deque()
        self._lost = 0
        self._reached = False

    def tell(self, action: str, subject: str, actor: str | None = None) -> None:
        """Take an event in: of who asks, unless somebody else is named."""
        who = identity.current()
        named = actor or (who.identity if who else None) or self._service
        event = AuditNew(
            actor=named[:LONGEST],
            service=self._service[:LONGEST],
            action=action,
            subject=subject[:LONGEST],
            request_id=request_id.current(),
        )
        if len(self._waiting) == ROOM:
            self._waiting.popleft()
            self._lost += 1
        self._waiting.append(event)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Pass events on meanwhile, and what is left at the end to whom has been there before."""
        try:
            async with repeated(self.pass_on, PAUSE_S, WAIT):
                yield
        finally:
            if self._reached:
                await self.pass_on()

    async def pass_on(self) -> None:
        """Pass on what waits; it goes on waiting where that fails."""
        if self._lost:
            logger.error("%d events were not entered in the audit log", self._lost)
            self._lost = 0
        while self._waiting:
            part = list(self._waiting)[:MOST]
            body = AuditNews(entries=part).model_dump_json().encode()
            try:
                raise_for_problem(await self._http().post(self._url, json_body=body))
            except ProblemError as error:
                logger.warning("%s: %s", WAIT, described(error))
                return
            self._reached = True
            for event in part:
                if self._waiting and self._waiting[0] is event:
                    self._waiting.popleft()
