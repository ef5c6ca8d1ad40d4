"""Messages that are due are sent: at most once, unless their template says that twice does no harm."""

import asyncio
import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from chassis.problems import Conflict, Invalid, OutcomeUnknown, ProblemError
from chassis_communications.addresses import Channel, deliverable
from chassis_communications.declared import Template
from chassis_communications.kept_messages import KeptMessages
from chassis_communications.messages import (
    MessageState,
    StoredMessageQuery,
    StoredMessageRead,
    line,
)
from chassis_communications.providers import NotSent, Outgoing, Provider, Taken
from chassis_communications.segments import segments_of
from chassis_communications.sending.decisions import Decision, PutOff, Withheld
from chassis_communications.sending.hooks import Hooks
from chassis_communications.sending.settings import Settings
from chassis_communications.templates import NotKnown, Rendered, Templates

logger = logging.getLogger(__name__)

AT_ONCE = 10
BEGINNING_TRIES = 7
"""Half a minute: a data service that is replaced is back by then, and nobody else ends the attempt before."""
RECORDING_TRIES = 4
RECORDING_PAUSE_S = 0.5
MILLION = 1_000_000
WAIT = dt.timedelta(minutes=15)
NEXT_LOOK = dt.timedelta(minutes=1)
VERSIONS_DIFFER = dt.timedelta(days=1)
"""So long another version may have queued what this one does not know: during a deployment, or after a rollback."""
TOO_DEAR = "It is so long that it costs more than one SMS may."
LONGEST_SMS = 1600
TOO_LONG = f"It has more than {LONGEST_SMS} characters, which no SMS has."
WRONG = "Something is wrong with it: the log says what."


@dataclass(frozen=True)
class SendMessages:
    """Send what is due; one that cannot be recorded before is not attempted."""

    kept: KeptMessages
    templates: Templates
    providers: Mapping[Channel | str, Provider]
    decisions: Sequence[Decision]
    settings: Settings
    hooks: Hooks = field(default_factory=Hooks)
    pause: float = field(default=RECORDING_PAUSE_S)

    async def __call__(self) -> int:
        """Say how many were taken in hand; raises Unavailable when the data service is away."""
        taken = 0
        for channel in self.providers:
            query = StoredMessageQuery(
                state="queued",
                channel=channel,
                due_at_max=dt.datetime.now(dt.UTC),
                sort="due_at",
                limit=AT_ONCE,
            )
            due = await self.kept.first(query)
            taken += len(due)
            by_address = defaultdict(list)
            for message in due:
                by_address[message.address_hash].append(message)
            async with asyncio.TaskGroup() as group:
                for messages in by_address.values():
                    group.create_task(self._send_in_turn(messages))
        return taken

    async def _send_in_turn(self, messages: Sequence[StoredMessageRead]) -> None:
        """Send what goes to one address: each counts before the next one is decided."""
        for message in messages:
            await self._send(message)

    async def _send(self, message: StoredMessageRead) -> None:
        try:
            await self._decided(message)
        except Conflict:
            logger.info("Message %s is another worker's", message.id)
        except ProblemError as error:
            logger.warning("Message %s waits: %s", message.id, error.detail)
        except Exception:  # of one message: others are under way
            logger.exception("Message %s waits", message.id)

    async def _decided(self, message: StoredMessageRead) -> None:
        try:
            template = self.templates.of(message.template)
            content = self.templates.render(message.template, message.channel, message.data)
            for decide in (*self.decisions, *self.hooks.decisions):
                await decide(message, template)
            outgoing = self._outgoing(message, template, content)
            self._is_affordable(message, outgoing)
        except NotKnown as error:
            await self._note(message, _not_known(message, error.detail))
        except Invalid as error:
            await self._note(message, MessageState(state="failed", reason=error.detail[:200]))
        except Withheld as withheld:
            await self._note(message, MessageState(state="withheld", reason=str(withheld)))
        except PutOff as later:
            waits = MessageState(state="queued", reason=str(later), due_at=later.until)
            await self._note(message, waits)
        except ProblemError:
            raise
        except Exception:  # others must not wait with it
            logger.exception("Message %s waits", message.id)
            due = dt.datetime.now(dt.UTC) + WAIT
            await self._note(message, MessageState(state="queued", reason=WRONG, due_at=due))
        else:
            await self._attempt(message, template, outgoing)

    async def _attempt(
        self, message: StoredMessageRead, template: Template, outgoing: Outgoing
    ) -> None:
        """Record the attempt, make it, and record what came of it."""
        provider, attempt = self.providers[message.channel], uuid4()
        segments = segments_of(outgoing.content.text.strip()) if message.channel == "sms" else 1
        begun = MessageState(
            state="sending",
            attempt=attempt,
            provider=provider.name,
            segments=segments,
            cost=self._cost(message, Taken(segments=segments)),  # it counts before it is spent
        )
        attempted = await self._begin(message, begun)
        try:
            taken = await provider.send(outgoing)
        except NotSent as refusal:
            outcome = self._refused(attempted, refusal).model_copy(
                update={"cost": message.cost or 0}
            )
            if refusal.cause:
                await self.kept.suppress_known(message.channel, message.address_hash, refusal.cause)
        except OutcomeUnknown as unknown:
            outcome = unknown_outcome(attempted, template, self.settings, unknown.detail)
            outcome = outcome.model_copy(update={"cost": begun.cost})
        except ValueError as error:  # a header that no email can have
            logger.warning("Message %s cannot be written: %s", message.id, type(error).__name__)
            reason, cost = "It cannot be written as an email.", message.cost or 0
            outcome = MessageState(state="failed", reason=reason, cost=cost)
        else:
            outcome = MessageState(
                state="sent",
                provider_id=line(taken.name or "") or None,
                segments=taken.segments,
                cost=self._cost(message, taken),
            )
        await self._record(message, outcome.model_copy(update={"attempt": attempt}))

    async def _begin(self, message: StoredMessageRead, begun: MessageState) -> StoredMessageRead:
        """Record an attempt; while nobody knows whether it is recorded, the same one is recorded again."""
        tries, in_doubt = 0, False
        while True:
            try:
                return await self.kept.set_state(message.id, begun)
            except Conflict:
                raise
            except ProblemError as error:
                tries, in_doubt = tries + 1, in_doubt or isinstance(error, OutcomeUnknown)
                if not in_doubt or tries == BEGINNING_TRIES:
                    raise
                logger.warning("Message %s may be begun: %s", message.id, error.detail)
            await asyncio.sleep(self.pause * 2 ** (tries - 1))

    def _outgoing(
        self, message: StoredMessageRead, template: Template, content: Rendered
    ) -> Outgoing:
        headers = {
            name: value
            for given in self.hooks.headers
            for name, value in given(message, template).items()
        }
        for add in self.hooks.contents:
            content = add(message, template, content)
        return Outgoing(message.id, deliverable(message.recipient), content, headers)

    def _is_affordable(self, message: StoredMessageRead, outgoing: Outgoing) -> None:
        """Raise Withheld for an SMS that costs more than one may, and Invalid for one that is too long."""
        if message.channel != "sms":
            return
        text, limit = outgoing.content.text.strip(), self.settings.sms_max_price
        if len(text) > LONGEST_SMS:
            raise Invalid(TOO_LONG)
        if limit and segments_of(text) * self.settings.sms_price > limit:
            raise Withheld(TOO_DEAR)

    def _cost(self, message: StoredMessageRead, taken: Taken) -> int:
        """Say what a message costs with one more attempt."""
        settings = self.settings
        unit = settings.sms_price if message.channel == "sms" else settings.email_price
        price = round(unit * MILLION) * taken.segments if taken.price is None else taken.price
        return (message.cost or 0) + price

    def _refused(self, message: StoredMessageRead, refusal: NotSent) -> MessageState:
        if not refusal.again or message.attempts >= self.settings.messages_attempts:
            return MessageState(state="failed", reason=line(refusal))
        wait = max(refusal.after, delay(message.attempts, self.settings))
        due = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=wait)
        return MessageState(state="queued", reason=line(refusal), due_at=due)

    async def _record(self, message: StoredMessageRead, outcome: MessageState) -> None:
        """Keep what came of it; if that cannot be done, it is unknown, and not tried again."""
        for number in range(RECORDING_TRIES):
            try:
                await self._note(message, outcome)
            except Conflict:
                logger.info("Message %s: the provider was faster", message.id)
            except ProblemError as error:
                logger.warning("Message %s is not recorded: %s", message.id, error.detail)
                await asyncio.sleep(self.pause * 2**number)
                continue
            return

    async def _note(self, message: StoredMessageRead, state: MessageState) -> None:
        await self.kept.set_state(message.id, state)
        self.hooks.tell(message, state)
        reason = state.reason or "-"
        logger.info(
            "Message %s to %s is %s: %s", message.id, message.address_hash[:12], state.state, reason
        )


@dataclass(frozen=True)
class EndAttempts:
    """What nobody ended, because a worker died, is known to be unknown."""

    kept: KeptMessages
    templates: Templates
    settings: Settings
    hooks: Hooks = field(default_factory=Hooks)

    async def __call__(self) -> int:
        """Say how many there were; raises Unavailable when the data service is away."""
        before = dt.datetime.now(dt.UTC) - dt.timedelta(
            seconds=self.settings.messages_unknown_after
        )
        query = StoredMessageQuery(state="sending", updated_at_max=before, limit=100)
        left = await self.kept.first(query)
        for message in left:
            try:
                template = self.templates.of(message.template)
            except Invalid:
                template = Template()
            outcome = unknown_outcome(message, template, self.settings, "Nobody knows.")
            try:
                ended = outcome.model_copy(update={"attempt": message.attempt})
                await self.kept.set_state(message.id, ended)
                self.hooks.tell(message, ended)
            except Conflict:
                logger.info("Message %s was ended meanwhile", message.id)
        return len(left)


def _not_known(message: StoredMessageRead, reason: str) -> MessageState:
    """Say what becomes of a message without a template: it waits for whoever has it, and not for ever."""
    now = dt.datetime.now(dt.UTC)
    if now - message.created_at > VERSIONS_DIFFER:
        return MessageState(state="failed", reason=reason)
    return MessageState(state="queued", reason=reason, due_at=now + NEXT_LOOK)


def unknown_outcome(
    message: StoredMessageRead, template: Template, settings: Settings, reason: str
) -> MessageState:
    """Say what comes after an attempt of which nobody knows: nothing, unless twice does no harm."""
    if not template.repeatable or message.attempts >= settings.messages_attempts:
        return MessageState(state="unknown", reason=reason)
    wait = dt.timedelta(seconds=delay(message.attempts, settings))
    return MessageState(state="queued", reason=reason, due_at=dt.datetime.now(dt.UTC) + wait)


def delay(attempts: int, settings: Settings) -> float:
    """Give the seconds until the next attempt."""
    return float(settings.messages_retry_delay * 2 ** (max(attempts, 1) - 1))
