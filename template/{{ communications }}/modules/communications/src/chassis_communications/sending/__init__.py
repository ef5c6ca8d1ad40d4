"""Sending: a worker sends what is due, acts on what providers tell, and ends what nobody ended."""

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from chassis.background import Again, repeating
from chassis.webhooks import ActOnEvents
from chassis_communications.declared import DeclaredError, declared
from chassis_communications.providers import providers_of
from chassis_communications.sending.decisions import decisions
from chassis_communications.sending.following import FollowEvent
from chassis_communications.sending.hooks import Hooks
from chassis_communications.sending.rules import consumer_of, kept_messages
from chassis_communications.sending.sending import EndAttempts, SendMessages
from chassis_communications.sending.settings import Settings
from chassis_communications.templates import project_templates
from chassis_workers.process import Worker

__all__ = ["Settings", "install", "lifespan"]

logger = logging.getLogger(__name__)


def install(worker: Worker, settings: Settings) -> None:
    """Have the worker follow the rules of channels that there are; what is wrong is told at the start."""
    try:
        worker.state.templates = project_templates()
        rules = declared().rules
    except DeclaredError as error:
        sys.exit(str(error))
    worker.state.messages = Hooks()
    providers = worker.state.message_providers = providers_of(settings)
    for rule in rules:
        if rule.channel in providers:
            worker.subscriptions.consume(consumer_of(rule), worker)


@asynccontextmanager
async def lifespan(worker: Worker, settings: Settings) -> AsyncIterator[None]:
    """Send until the worker stops; what is under way then is ended."""
    state = worker.state
    if not state.message_providers:
        logger.warning(
            "Neither EMAIL_URL nor SMS_URL is set: no message is sent, and none follows an event"
        )
        yield
        return
    kept, templates = kept_messages(worker), state.templates
    hooks: Hooks = state.messages
    always = decisions(kept, settings)
    send = SendMessages(kept, templates, state.message_providers, always, settings, hooks)
    works = (
        Again(send, settings.messages_interval),
        Again(ActOnEvents(kept, FollowEvent(kept, hooks)), settings.messages_interval),
        Again(EndAttempts(kept, templates, settings, hooks), settings.messages_sweep_interval),
    )
    async with AsyncExitStack() as stack:
        for provider in state.message_providers.values():
            stack.push_async_callback(provider.close)
        await stack.enter_async_context(repeating(*works, waits="Messages wait", patience=None))
        yield
