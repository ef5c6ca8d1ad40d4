import hmac
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from chassis.bot_webhook.keeping import BotUpdates
from chassis.bot_webhook.telling import FORGED, LARGEST, SECRET_HEADER, Forged, id_of
from chassis.json_bodies import AS_IT_CAME
from chassis.problems import TooLarge, responses

# The body is kept as it came, whatever JSON it is: Telegram cannot be asked to write another.
ANY_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": {"*/*": {}}}}

router = APIRouter(tags=["webhook of the bot"])


async def bot_updates(request: Request) -> BotUpdates:
    """Reach where updates are kept."""
    kept: BotUpdates = request.app.state.bot_updates_kept
    return kept


KeptDep = Annotated[BotUpdates, Depends(bot_updates)]


@router.post(
    "/api/v1/bot-webhooks/telegram",
    status_code=204,
    responses=responses(400, 413),
    openapi_extra=ANY_BODY,
)
async def receive_bot_update(request: Request, kept: KeptDep) -> None:
    """Keep what Telegram tells of the bot; it says so again until it is answered with success."""
    expected = request.app.state.settings.bot_webhook_secret.get_secret_value()
    given = request.headers.get(SECRET_HEADER, "")
    if not (expected and hmac.compare_digest(given.encode(), expected.encode())):
        raise Forged(FORGED)
    request.scope[AS_IT_CAME] = True
    body = await request.body()
    if len(body) > LARGEST:
        raise TooLarge(f"The body is larger than {LARGEST} bytes.")
    await kept.keep(id_of(body), body)
