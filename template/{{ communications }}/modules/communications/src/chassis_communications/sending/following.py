"""What providers told is acted on: states go forward only, and bad addresses get nothing more."""

import logging
from dataclasses import dataclass, field

from chassis.problems import Conflict, NotFound
from chassis_communications.kept_messages import KeptMessages
from chassis_communications.message_events import MessageEventQuery, MessageEventRead
from chassis_communications.messages import MessageState
from chassis_communications.sending.hooks import Hooks
from chassis_communications.suppressions import NewSuppression

logger = logging.getLogger(__name__)

AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class FollowEvents:
    """Act on each event; to do so twice does no harm, so it is marked afterwards."""

    kept: KeptMessages
    hooks: Hooks = field(default_factory=Hooks)

    async def __call__(self) -> int:
        """Say how many there were; raises Unavailable when the data service is away."""
        query = MessageEventQuery(handled=False, limit=AT_ONCE)
        events = (await self.kept.events(query)).items
        for event in events:
            await self._follow(event)
            await self.kept.handled(event.id)
        return len(events)

    async def _follow(self, event: MessageEventRead) -> None:
        try:
            message = await self.kept.get(event.message)
        except NotFound:
            logger.warning(
                "%s tells of message %s, which is unknown", event.provider, event.message
            )
            return
        if event.cause:
            suppressed = NewSuppression(
                channel=message.channel, recipient=message.recipient, cause=event.cause
            )
            await self.kept.suppress(suppressed)
        if event.state:
            try:
                state = MessageState(state=event.state, reason=event.reason)
                await self.kept.set_state(message.id, state)
                self.hooks.tell(message, state)
            except Conflict as late:
                logger.info("Message %s: %s", message.id, late.detail)
