import datetime as dt

from fastapi import APIRouter, Request

from chassis.problems import Unavailable, responses
from chassis_communications.consent_api.dependencies import KeyDep, PreferencesDep
from chassis_communications.links import CONFIRMATIONS, link
from chassis_communications.message_api.routes import KeptDep
from chassis_communications.messages import NewMessage
from chassis_communications.preferences import CONFIRM, Address, NewPreference, PreferenceRead
from chassis_communications.queueing import QueueMessage

CONSENTS = "/api/v1/consents"
NOT_SET = "MESSAGES_KEY and PUBLIC_URL have to be set before anybody is asked."

router = APIRouter(prefix=CONSENTS, tags=["preferences"])


@router.post("", status_code=202, responses=responses(422, 503))
async def ask_for_consent(
    body: Address, request: Request, kept: PreferencesDep, messages: KeptDep, key: KeyDep
) -> PreferenceRead:
    """Ask the owner of an address whether marketing is wanted; nothing is sent before they say so."""
    base = request.app.state.settings.public_url
    if not (key and base):
        raise Unavailable(NOT_SET)
    asked = await kept.put(NewPreference(**body.model_dump()))
    if asked.consent == "given":
        return asked
    asked = await kept.say(asked.id, "asked")
    data = {"confirm_url": link(base, key, CONFIRMATIONS, asked.id)}
    new = NewMessage(template=CONFIRM, data=data, **body.model_dump())
    # One an hour, whoever types the address of somebody else, and how often.
    key = f"{CONFIRM}/{asked.id}/{dt.datetime.now(dt.UTC):%Y-%m-%dT%H}"
    await QueueMessage(messages, request.app.state.templates)(new, key)
    return asked
