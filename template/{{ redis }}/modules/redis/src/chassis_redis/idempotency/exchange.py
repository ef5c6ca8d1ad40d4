import logging
from http import HTTPStatus

from starlette.types import Message, Send

from chassis.effects import Effects
from chassis_redis.idempotency.records import Answer, Record, Records
from chassis_redis.redis_client import AWAY, reason

logger = logging.getLogger(__name__)

_NOT_REPEATED = {b"set-cookie"}


class Exchange:
    """One request that is carried out: its answer is kept first, then sent."""

    def __init__(
        self, records: Records, key: str, started: Record, effects: Effects, send: Send
    ) -> None:
        self._records = records
        self._key = key
        self._started = started
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
        try:
            if answer is None:
                await self._records.lost(self._key, self._started)
            elif _refuses(answer) and not self._effects.possible:
                await self._records.release(self._key, self._started)
            elif answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                await self._records.answered(self._key, self._started, answer)
            else:
                await self._records.lost(self._key, self._started)
        except AWAY as error:
            logger.warning("The outcome of a POST could not be kept: %s", reason(error))


def _refuses(answer: Answer) -> bool:
    client_error = HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
    return client_error or answer.status == HTTPStatus.SERVICE_UNAVAILABLE


def _answer(messages: list[Message]) -> Answer:
    start, *rest = messages
    headers = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in start.get("headers", [])
        if name.lower() not in _NOT_REPEATED
    ]
    body = b"".join(message.get("body", b"") for message in rest)
    return Answer(start["status"], headers, body)
