from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from chassis.problems import responses
from chassis.webhooks import ANY_BODY, body_of
from chassis_communications.message_api.routes import KeptDep
from chassis_communications.webhooks import sendgrid, sns, twilio
from chassis_communications.webhooks.settings import Settings

WEBHOOKS = "/api/v1/message-webhooks"

router = APIRouter(prefix=WEBHOOKS, tags=["webhooks of messages"], responses=responses(400))


async def webhook_settings(request: Request) -> Settings:
    """Reach what providers prove themselves with."""
    settings: Settings = request.app.state.settings
    return settings


async def topic(request: Request) -> sns.Sns:
    """Reach what takes the topic of SES."""
    taken: sns.Sns = request.app.state.sns
    return taken


SettingsDep = Annotated[Settings, Depends(webhook_settings)]
TopicDep = Annotated[sns.Sns, Depends(topic)]


@router.post("/sendgrid", status_code=204, openapi_extra=ANY_BODY)
async def told_by_sendgrid(request: Request, settings: SettingsDep, kept: KeptDep) -> None:
    """Take what SendGrid tells of messages."""
    body = await body_of(request)
    sendgrid.check(settings.sendgrid_webhook_key, request.headers, body)
    await kept.take(list(sendgrid.events(body)))


@router.post("/ses", status_code=204, openapi_extra=ANY_BODY)
async def told_by_ses(request: Request, taken: TopicDep, kept: KeptDep) -> None:
    """Take what SES tells of messages, through SNS."""
    told = await taken.read(await body_of(request))
    await kept.take(list(sns.events(told)))


@router.post("/twilio/{message_id}", status_code=204, openapi_extra=ANY_BODY)
async def told_by_twilio(
    message_id: UUID, request: Request, settings: SettingsDep, kept: KeptDep
) -> None:
    """Take what Twilio tells of a message."""
    sent = twilio.form_of(await body_of(request))
    token = settings.twilio_token.get_secret_value() if settings.twilio_token else ""
    # The address that Twilio was given: what this service sees is that of a gateway.
    url = f"{settings.public_url.rstrip('/')}{WEBHOOKS}/twilio/{message_id}"
    twilio.check(token, url, sent, request.headers.get(twilio.SIGNATURE, ""))
    told = twilio.event(message_id, sent)
    await kept.take([told] if told else [])
