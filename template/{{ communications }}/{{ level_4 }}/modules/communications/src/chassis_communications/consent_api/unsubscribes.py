from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from chassis.problems import responses
from chassis_communications.consent_api.dependencies import KeyDep, PreferencesDep
from chassis_communications.consent_api.pages import asking, done
from chassis_communications.links import UNSUBSCRIBES, Token, check
from chassis_communications.message_api.routes import KeptDep

router = APIRouter(prefix=UNSUBSCRIBES, tags=["links in messages"])


@router.get("/{message_id}/{token}", response_class=HTMLResponse, responses=responses(404, 422))
async def show_unsubscribe(message_id: UUID, token: Token, key: KeyDep) -> HTMLResponse:
    """Show a page; whoever follows the link, a scanner of mail for instance, changes nothing."""
    check(key, UNSUBSCRIBES, message_id, token)
    return asking("Send me no more news")


@router.post("/{message_id}/{token}", response_class=HTMLResponse, responses=responses(404, 422))
async def unsubscribe(
    message_id: UUID, token: Token, key: KeyDep, kept: PreferencesDep, messages: KeptDep
) -> HTMLResponse:
    """Take consent back, in one click; twice is once."""
    check(key, UNSUBSCRIBES, message_id, token)
    message = await messages.get(message_id)
    # Also if the address itself was erased meanwhile.
    await kept.say_known(message.channel, message.address_hash, "withdrawn")
    return done("Done: you get no more news from us")
