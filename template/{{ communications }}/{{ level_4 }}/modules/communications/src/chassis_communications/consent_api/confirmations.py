from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from chassis.problems import responses
from chassis_communications.consent_api.dependencies import KeyDep, PreferencesDep
from chassis_communications.consent_api.pages import asking, done
from chassis_communications.links import CONFIRMATIONS, Token, check

router = APIRouter(prefix=CONFIRMATIONS, tags=["links in messages"])


@router.get("/{preference_id}/{token}", response_class=HTMLResponse, responses=responses(404, 422))
async def show_confirmation(preference_id: UUID, token: Token, key: KeyDep) -> HTMLResponse:
    """Show a page; whoever follows the link agrees to nothing."""
    check(key, CONFIRMATIONS, preference_id, token)
    return asking("Yes, send me news")


@router.post("/{preference_id}/{token}", response_class=HTMLResponse, responses=responses(404, 422))
async def confirm_consent(
    preference_id: UUID, token: Token, key: KeyDep, kept: PreferencesDep
) -> HTMLResponse:
    """Agree to marketing, if it was asked."""
    check(key, CONFIRMATIONS, preference_id, token)
    if (await kept.get(preference_id)).consent == "asked":
        await kept.say(preference_id, "given")
    return done("Thank you: you will get news from us")
