"""Updates of a bot, as Telegram tells them to a webhook, and as services pass them on."""

import re
from typing import Annotated, Final

from pydantic import BaseModel, Field, ValidationError

from chassis.problems import ProblemError
from chassis.schemas import Answer, Exact, Schema

WEBHOOK: Final = "/api/v1/bot-webhooks/telegram"
PATH: Final = "/api/v1/bot-updates"
SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  # its name
LARGEST: Final = 256 * 1024
"""Bytes of an update; a text has 4,096 characters, and what it answers comes with it."""
LARGEST_ID: Final = 2**53 - 1
MOST: Final = 100
"""Updates that are spoken of at once."""
FORGED: Final = "Telegram has sent none of this: the secret is another one."
NO_UPDATE: Final = "This is no update of Telegram."
NOT_TAKEN: Final = (
    "BOT_WEBHOOK_SECRET must be 1 to 256 of A-Z, a-z, 0-9, - and _, or Telegram refuses it"
)

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}", re.ASCII)

UpdateId = Annotated[int, Field(ge=0, le=LARGEST_ID)]


class NewBotUpdate(Schema):
    """An update as it came."""

    body: Annotated[str, Field(min_length=2, max_length=LARGEST)]
    """JSON, character by character."""


class BotUpdateRead(Answer):
    """An update that waits for the bot."""

    update_id: int
    body: str


class BotUpdatesDone(Schema):
    """Updates that the bot has handled, or given up."""

    update_ids: Annotated[list[Annotated[UpdateId, Exact()]], Field(min_length=1, max_length=MOST)]


class Forged(ProblemError):  # noqa: N818  # as the errors of the chassis are called
    """What came is not from Telegram: 400, as other webhooks say it, and nothing of it is kept."""

    status = 400


class NoUpdate(ProblemError):  # noqa: N818  # as the errors of the chassis are called
    """What Telegram sends is none: 400, and nothing of it is kept."""

    status = 400


class _Told(BaseModel):
    update_id: Annotated[int, Field(strict=True, ge=0, le=LARGEST_ID)]


def id_of(body: bytes) -> int:
    """Give the id of an update; raises NoUpdate for what no bot could read."""
    try:
        return _Told.model_validate_json(body).update_id
    except ValidationError:
        raise NoUpdate(NO_UPDATE) from None  # what people write is told nobody


def check_secret(secret: str) -> None:
    """Raise ValueError for one that Telegram would not take; none is no mistake."""
    if secret and not _SECRET.fullmatch(secret):
        raise ValueError(NOT_TAKEN)


def bell_of(namespace: str) -> str:
    """Name the key in Redis that is there when something has come."""
    return f"{namespace}:bot:bell"
