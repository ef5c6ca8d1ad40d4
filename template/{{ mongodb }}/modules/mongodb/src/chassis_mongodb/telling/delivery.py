"""What becomes of activities that are told, each for itself."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Protocol

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from chassis.http_client import Reply, raise_for_problem
from chassis.problems import FieldError, Unavailable
from chassis_mongodb.telling.store import Refusal, Told, Waiting

WITHOUT_DATA = frozenset({413, 422})
"""Answers to an activity that may be taken without its data."""
REFUSALS = frozenset({400, 409, 413, 422})
"""Answers that say of one activity that it is not taken, now or later."""
OUTAGES = frozenset({429, 502, 503, 504})
"""Answers that say of no activity anything; all others may be about one, or about all."""

logger = logging.getLogger(__name__)


class Http(Protocol):
    """The call by which activities are told."""

    async def put(self, url: str, *, json_body: bytes | None = None) -> Reply:
        """Set."""
        ...


class _Problem(BaseModel):
    detail: str
    errors: list[FieldError] = []


class Delivery:
    """Tells activities one after the other, in order.

    While the document service is away, all others wait. What it refuses is named, and the next one
    comes. Where it fails at one and takes another, that one is told once more after the others, and
    is refused if it fails again: it would hold up all that come.
    """

    def __init__(self, http: Http, url: str) -> None:
        self._http = http
        self._url = url
        self._done: list[Waiting] = []
        self._refused: list[Refusal] = []

    async def __call__(self, waiting: Sequence[Waiting]) -> Told:
        """Tell activities, and say what became of them."""
        hindrance: Exception | None = None
        try:
            failures = await self._in_turn(waiting)
            if failures and not self._done:
                raise Unavailable(failures[0].reason)  # noqa: TRY301  # as if it had no answer
            for failure in await self._in_turn([failure.activity for failure in failures]):
                self._refuse(failure)
        except Exception as error:  # noqa: BLE001  # whatever it is, the others still wait
            hindrance = error
        return Told(self._done, self._refused, hindrance)

    async def _in_turn(self, activities: Sequence[Waiting]) -> list[Refusal]:
        """Tell each; give those at which the service failed. Raises what stands in the way of all."""
        failures: list[Refusal] = []
        for activity in activities:
            reply = await self._put(activity)
            if reply.status < HTTPStatus.MULTIPLE_CHOICES:
                self._done.append(activity)
            elif reply.status in REFUSALS:
                self._refuse(Refusal(activity, reason_of(reply)))
            elif reply.status in OUTAGES:
                raise_for_problem(reply)
            else:
                failures.append(Refusal(activity, reason_of(reply)))
        return failures

    async def _put(self, activity: Waiting) -> Reply:
        """Tell one; what is refused as it is, is told without its data."""
        url, fields = f"{self._url}/{activity.id}", activity.fields()
        reply = await self._http.put(url, json_body=activity.body.encode())
        if reply.status in WITHOUT_DATA and fields.get("data") is not None:
            logger.warning("%s is told without its data, which is refused", activity)
            reply = await self._http.put(url, json_body=to_json({**fields, "data": None}))
        return reply

    def _refuse(self, refusal: Refusal) -> None:
        told = "The document service refuses %s, which is put aside: %s"
        logger.error(told, refusal.activity, refusal.reason)
        self._refused.append(refusal)


def reason_of(reply: Reply) -> str:
    """Say what a service has against something, and which fields; not what is in them."""
    try:
        problem = _Problem.model_validate_json(reply.body)
    except ValidationError:
        return str(reply.status)
    fields = ", ".join(error.field for error in problem.errors)
    return f"{reply.status}: {problem.detail}" + (f" ({fields})" if fields else "")
