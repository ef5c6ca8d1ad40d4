"""What other features add to the sending of messages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from chassis_communications.declared import Template
from chassis_communications.messages import MessageState, StoredMessageRead
from chassis_communications.sending.decisions import Decision

type Headers = Callable[[StoredMessageRead, Template], Mapping[str, str]]
type Observer = Callable[[StoredMessageRead, MessageState], None]


@dataclass(frozen=True, slots=True)
class Hooks:
    """At ``worker.state.messages``; features that are installed later append to these."""

    decisions: list[Decision] = field(default_factory=list)
    """Asked after those that are always asked."""
    headers: list[Headers] = field(default_factory=list)
    """Give headers that an email has besides its own."""
    observers: list[Observer] = field(default_factory=list)
    """Told of each message, and of what it has come to."""
