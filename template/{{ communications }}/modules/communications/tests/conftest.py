"""A business API with messages, whose data service is in memory; and templates of its own."""

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx2
import pytest
from jinja2 import DictLoader

from chassis import methods, problems
from chassis.app import assemble
from chassis.features import FeatureSettings
from chassis_communications import message_api, webhooks
from chassis_communications.declared import Declared, Template
from chassis_communications.message_api.routes import kept_messages
from chassis_communications.messages import NewMessage, StoredMessageRead
from chassis_communications.providers import Outgoing
from chassis_communications.templates import Rendered, Templates
from chassis_communications.testing.kept import Kept
from chassis_communications.testing.sendgrid import SendGrid
from chassis_communications.testing.sns import TOPIC, Topic
from chassis_communications.testing.twilio import TOKEN
from chassis_communications.webhooks.sns import Sns

if TYPE_CHECKING:
    from fastapi import FastAPI

PUBLIC = "https://api.example.com"
PARTS = {
    "subject.txt": "Hello {{ person }}",
    "email.txt": "Dear {{ person }}",
    "email.html": "<p>Dear {{ person }}</p>",
    "sms.txt": "Hi {{ person }}",
}
NAMES = ("hello", "again", "alarm")

type Queue = Callable[..., Any]


@pytest.fixture
def templates() -> Templates:
    """Three templates of one text: `again` may be repeated, `alarm` is of security."""
    texts = {f"{name}/{part}": text for name in NAMES for part, text in PARTS.items()}
    texts["bare/sms.txt"] = "Hi"
    declared = Declared(
        templates={
            "hello": Template(sample={"person": "Ann"}),
            "again": Template(repeatable=True),
            "alarm": Template(category="security"),
            "bare": Template(),
        }
    )
    return Templates(declared, DictLoader(texts))


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def queue(kept: Kept) -> Queue:
    """Queue a message."""

    async def queue(template: str = "hello", **other: Any) -> StoredMessageRead:
        asked = {"channel": "email", "recipient": "ann@example.com", "data": {"person": "Ann"}}
        return await kept.queue(uuid4(), NewMessage(template=template, **{**asked, **other}))

    return queue


@pytest.fixture
def sendgrid() -> SendGrid:
    return SendGrid()


@pytest.fixture
def topic() -> Topic:
    return Topic()


@pytest.fixture
def outgoing() -> Outgoing:
    content = Rendered(text="Dear Ann\n", subject="Hello Ann", html="<p>Dear Ann</p>\n")
    return Outgoing(uuid4(), "ann@example.com", content)


@pytest.fixture
async def http(
    kept: Kept, templates: Templates, sendgrid: SendGrid, topic: Topic
) -> AsyncIterator[httpx2.AsyncClient]:
    settings = FeatureSettings(
        public_url=PUBLIC,
        twilio_token=TOKEN,
        ses_topic=TOPIC,
        sendgrid_webhook_key=sendgrid.public_key,
    )
    app: FastAPI = assemble("Shop", [], settings, [problems, methods, message_api, webhooks])
    app.dependency_overrides[kept_messages] = lambda: kept
    app.state.templates = templates
    transport = httpx2.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://behind-a-gateway") as http,
        httpx2.AsyncClient(transport=topic.transport()) as asking,
    ):
        app.state.sns = Sns(TOPIC, asking)
        yield http
