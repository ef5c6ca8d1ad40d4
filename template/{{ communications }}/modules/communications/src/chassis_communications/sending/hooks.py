"""What other features add to the sending of messages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from chassis_communications.declared import Template
from chassis_communications.messages import MessageState, StoredMessageRead
from chassis_communications.sending.decisions import Decision
from chassis_communications.templates import Rendered

type Headers = Callable[[StoredMessageRead, Template], Mapping[str, str]]
type Content = Callable[[StoredMessageRead, Template, Rendered], Rendered]
type Observer = Callable[[StoredMessageRead, MessageState], None]


@dataclass(frozen=True, slots=True)
class Hooks:
    """At ``worker.state.messages``; features that are installed later append to these."""

    decisions: list[Decision] = field(default_factory=list)
    """Asked after those that are always asked."""
    headers: list[Headers] = field(default_factory=list)
    """Give headers that an email has besides its own."""
    contents: list[Content] = field(default_factory=list)
    """Give what people read, with what it has besides."""
    observers: list[Observer] = field(default_factory=list)
    """Told of each message as it was, and of what it has come to."""

    def tell(self, message: StoredMessageRead, state: MessageState) -> None:
        """Tell the observers."""
        for told in self.observers:
            told(message, state)
