import logging
from dataclasses import dataclass
from http import HTTPStatus

from starlette.types import Message, Send

from chassis.effects import Effects
from chassis.problems import ProblemResponse
from chassis_redis.idempotency.records import Answer, Record, Records
from chassis_redis.redis_client import AWAY, reason

logger = logging.getLogger(__name__)

NOT_KEPT = (
    "The first request with this Idempotency-Key was carried out. Its answer was not kept, as it says"
    " itself (Cache-Control: no-store): send another request, with another key."
)

_NOT_REPEATED = {b"set-cookie"}


@dataclass(frozen=True, slots=True)
class Claimed:
    """The key of a request, what is known of it, and the path of the request."""

    key: str
    record: Record
    path: str


class Exchange:
    """One request that is carried out: its answer is kept first, then sent."""

    def __init__(self, records: Records, claimed: Claimed, effects: Effects, send: Send) -> None:
        self._records = records
        self._claimed = claimed
        self._effects = effects
        self._send = send
        self._held: list[Message] = []
        self._complete = False

    async def send(self, message: Message) -> None:
        """Hold a part of the answer back until it is complete."""
        self._held.append(message)
        if message["type"] != "http.response.body" or message.get("more_body"):
            return
        self._complete = True
        answer = _answer(self._held)
        await self._remember(answer)
        for part in self._held:
            await self._send(part)

    async def end(self) -> None:
        """Remember that there was no answer, if there was none."""
        if not self._complete:
            await self._remember(None)

    async def _remember(self, answer: Answer | None) -> None:
        key, started = self._claimed.key, self._claimed.record
        try:
            if answer is None:
                await self._records.lost(key, started)
            elif _refuses(answer) and not self._effects.possible:
                await self._records.release(key, started)
            elif answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                kept = _not_kept(self._claimed.path) if _is_secret(answer) else answer
                await self._records.answered(key, started, kept)
            else:
                await self._records.lost(key, started)
        except AWAY as error:
            logger.warning("The outcome of a POST could not be kept: %s", reason(error))


def _refuses(answer: Answer) -> bool:
    client_error = HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
    return client_error or answer.status == HTTPStatus.SERVICE_UNAVAILABLE


def _is_secret(answer: Answer) -> bool:
    """Say whether an answer asks not to be kept anywhere (RFC 9111, 5.2.2.5): tokens, for instance."""
    return any(
        name.lower() == "cache-control" and "no-store" in value.lower()
        for name, value in answer.headers
    )


def _not_kept(path: str) -> Answer:
    """Make what a repeat is answered in the place of a secret."""
    problem = ProblemResponse(HTTPStatus.CONFLICT, instance=path, detail=NOT_KEPT)
    headers = [(name.decode(), value.decode()) for name, value in problem.raw_headers]
    return Answer(problem.status_code, headers, bytes(problem.body))


def _answer(messages: list[Message]) -> Answer:
    start, *rest = messages
    headers = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in start.get("headers", [])
        if name.lower() not in _NOT_REPEATED
    ]
    body = b"".join(message.get("body", b"") for message in rest)
    return Answer(start["status"], headers, body)
