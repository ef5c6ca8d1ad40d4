"""What providers told is acted on: states go forward only, and bad addresses get nothing more."""

import logging
from dataclasses import dataclass, field

from chassis.problems import Conflict, NotFound
from chassis_communications.kept_messages import KeptMessages
from chassis_communications.message_events import DueMessageEvent
from chassis_communications.messages import MessageState
from chassis_communications.sending.hooks import Hooks

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FollowEvent:
    """Act on one event; to do so twice does no harm."""

    kept: KeptMessages
    hooks: Hooks = field(default_factory=Hooks)

    async def __call__(self, event: DueMessageEvent) -> None:
        """Raise Unavailable when the data service is away."""
        try:
            message = await self.kept.get(event.message)
        except NotFound:
            logger.warning(
                "%s tells of message %s, which is unknown", event.provider, event.message
            )
            return
        if event.cause:
            # Also if the address itself was erased meanwhile.
            await self.kept.suppress_known(message.channel, message.address_hash, event.cause)
        if event.told:
            try:
                state = MessageState(state=event.told, reason=event.reason)
                await self.kept.set_state(message.id, state)
                self.hooks.tell(message, state)
            except Conflict as late:
                logger.info("Message %s: %s", message.id, late.detail)
