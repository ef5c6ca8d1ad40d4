"""A message is asked for: by a client, or by a rule that follows an event."""

from dataclasses import dataclass
from uuid import UUID, uuid4, uuid5

from chassis_communications.addresses import normal
from chassis_communications.kept_messages import KeptMessages
from chassis_communications.messages import NewMessage, StoredMessageRead
from chassis_communications.templates import Templates

_KEYS = UUID("5e0b1c0a-6b0e-4a57-9d3e-1d8a3b6f2c41")
"""The name space of keys: each stands for one message."""


def message_id_of(key: str | None) -> UUID:
    """Give the id of the message that a key stands for; without a key each is another one."""
    return uuid5(_KEYS, key) if key else uuid4()


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """Queue a message that can be sent: what is wrong with it is said to who asks for it."""

    kept: KeptMessages
    templates: Templates

    async def __call__(self, new: NewMessage, key: str | None = None) -> StoredMessageRead:
        """Raise Invalid if it cannot be sent as it is, and Conflict for a key of another message."""
        recipient = normal(new.channel, new.recipient)
        self.templates.render(new.template, new.channel, new.data)
        return await self.kept.queue(
            message_id_of(key), new.model_copy(update={"recipient": recipient})
        )
