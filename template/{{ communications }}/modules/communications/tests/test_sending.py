"""What is due is sent at most once, unless twice does no harm; and what was told is acted on."""

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.problems import OutcomeUnknown, Unavailable
from chassis.webhooks import ActOnEvents
from chassis_communications.declared import Template
from chassis_communications.message_events import DueMessageEvent, NewMessageEvent
from chassis_communications.messages import MessageState, StoredMessageRead
from chassis_communications.providers import NotSent, Outgoing, Taken
from chassis_communications.sending import Settings
from chassis_communications.sending.decisions import decisions, quiet_until, zone_of
from chassis_communications.sending.following import FollowEvent
from chassis_communications.sending.sending import EndAttempts, SendMessages
from chassis_communications.suppressions import NewSuppression
from chassis_communications.templates import Templates
from chassis_communications.testing.kept import Kept

type Queue = Callable[..., Any]

AWAY = Unavailable("The data service is away.")


class Post:
    """A provider that does as it is told, once for each message."""

    name, address = "post", "post.example.com"
    taken = Taken("its name")

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.answers: list[Exception] = []

    async def send(self, message: Outgoing) -> Taken:
        self.sent.append(message)
        if self.answers:
            raise self.answers.pop(0)
        return self.taken

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def settings() -> Settings:
    return Settings(messages_retry_delay=100, messages_attempts=3)


@pytest.fixture
def send(kept: Kept, templates: Templates, post: Post, settings: Settings) -> SendMessages:
    return SendMessages(
        kept,  # type: ignore[arg-type]
        templates,
        {"email": post, "sms": post},
        decisions(kept, settings),  # type: ignore[arg-type]
        settings,
        pause=0,
    )


@pytest.fixture
def end(kept: Kept, templates: Templates, settings: Settings) -> EndAttempts:
    return EndAttempts(kept, templates, settings)  # type: ignore[arg-type]


def only(kept: Kept) -> tuple[str, str | None, int]:
    (message,) = kept.messages.values()
    return message.state, message.reason, message.attempts


def make_due(kept: Kept) -> None:
    """Let the time come for whatever waits."""
    for key, one in kept.messages.items():
        kept.messages[key] = one.model_copy(update={"due_at": one.created_at})


async def test_what_is_due_is_sent_once(
    send: SendMessages, kept: Kept, queue: Queue, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    message = await queue()

    assert [await send(), await send()] == [1, 0]

    assert [(one.id, one.recipient, one.content.subject) for one in post.sent] == [
        (message.id, "ann@example.com", "Hello Ann")
    ]
    assert kept.states == ["sending", "sent"]
    assert kept.messages[message.id].provider_id == "its name"
    assert "ann@" not in caplog.text
    assert str(message.id) in caplog.text


async def test_what_was_not_recorded_before_is_not_attempted(
    send: SendMessages, kept: Kept, queue: Queue, post: Post
) -> None:
    await queue()
    kept.failures = [AWAY]

    await send()

    assert (post.sent, only(kept)) == ([], ("queued", None, 0))


@pytest.mark.parametrize(("lost", "state", "sent"), [(1, "sent", 1), (7, "sending", 0)])
async def test_an_attempt_whose_record_was_not_confirmed_is_made_once(  # noqa: PLR0913
    send: SendMessages,
    kept: Kept,
    queue: Queue,
    post: Post,
    *,
    lost: int,
    state: str,
    sent: int,
) -> None:
    await queue()
    kept.unconfirmed = lost

    await send()

    assert (only(kept)[0], only(kept)[2], len(post.sent)) == (state, 1, sent)
    assert kept.states.count("sending") == 1


async def test_what_cannot_be_read_holds_up_no_other(
    send: SendMessages, end: EndAttempts, kept: Kept, queue: Queue, post: Post
) -> None:
    kept.unreadable = {(await queue()).id for _ in range(110)}
    message = await queue()

    await send()
    assert [one.id for one in post.sent] == [message.id]

    for one in kept.messages.values():
        begun = {"state": "sending", "updated_at": dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)}
        kept.messages[one.id] = one.model_copy(update=begun)
    assert await end() == 1


async def test_two_workers_send_it_once(
    send: SendMessages, kept: Kept, queue: Queue, post: Post
) -> None:
    message = await queue()
    seen = await kept.get(message.id)
    await send()

    await send._send(seen)  # another one saw it while it was queued

    assert len(post.sent) == 1


@pytest.mark.parametrize("template", ["hello", "again"])
async def test_what_nobody_knows_is_repeated_only_where_twice_does_no_harm(
    send: SendMessages, kept: Kept, queue: Queue, post: Post, template: str
) -> None:
    state, times = ("queued", 2) if template == "again" else ("unknown", 1)
    await queue(template)
    post.answers = [OutcomeUnknown("No answer.")]

    await send()
    assert only(kept) == (state, "No answer.", 1)

    make_due(kept)
    await send()
    assert len(post.sent) == times


@pytest.mark.parametrize("template", ["newer", "bare"])
async def test_what_only_another_version_has_a_template_for_waits_for_that(
    send: SendMessages, kept: Kept, queue: Queue, post: Post, template: str
) -> None:
    message = await queue(template)
    await send()

    reason = "There is no such template." if template == "newer" else "This template has no text"
    assert only(kept)[0] == "queued"
    assert str(only(kept)[1]).startswith(reason)
    due_in = kept.messages[message.id].due_at - dt.datetime.now(dt.UTC)
    assert dt.timedelta(0) < due_in <= dt.timedelta(minutes=1)

    send.templates.declare("newer", Template())  # the next version takes over
    send.templates._environment.loader.mapping |= {  # type: ignore[union-attr]
        f"{template}/{part}": "Hello" for part in ("subject.txt", "email.txt", "email.html")
    }
    make_due(kept)
    await send()
    assert (only(kept)[0], len(post.sent)) == ("sent", 1)


async def test_what_no_version_has_a_template_for_fails(
    send: SendMessages, kept: Kept, queue: Queue
) -> None:
    message = await queue("gone")
    old = dt.datetime.now(dt.UTC) - dt.timedelta(days=1, minutes=1)
    kept.messages[message.id] = message.model_copy(update={"created_at": old, "due_at": old})

    await send()

    assert only(kept) == ("failed", "There is no such template.", 0)


@pytest.mark.parametrize(("template", "state"), [("hello", "unknown"), ("again", "queued")])
async def test_a_worker_that_died_leaves_it_unknown(
    end: EndAttempts, kept: Kept, queue: Queue, template: str, state: str
) -> None:
    message = await queue(template)
    begun = MessageState(state="sending", attempt=uuid4(), provider="post")
    await kept.set_state(message.id, begun)

    assert await end() == 0  # it may still be under way
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    kept.messages[message.id] = (await kept.get(message.id)).model_copy(
        update={"updated_at": long_ago}
    )
    told: list[str] = []
    end.hooks.observers.append(lambda _message, to: told.append(to.state))
    assert await end() == 1

    assert only(kept) == (state, "Nobody knows.", 1)
    assert told == [state]


async def test_a_template_that_is_gone_ends_too(
    kept: Kept, templates: Templates, queue: Queue
) -> None:
    message = await queue("gone")
    await kept.set_state(message.id, MessageState(state="sending", attempt=uuid4()))
    at_once = Settings(messages_unknown_after=1e-9)

    await EndAttempts(kept, templates, at_once)()  # type: ignore[arg-type]

    assert only(kept)[0] == "unknown"


async def test_an_attempt_that_was_ended_meanwhile_is_left_alone(
    kept: Kept, templates: Templates, queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    message = await queue()
    await kept.set_state(message.id, MessageState(state="sending", attempt=uuid4()))
    seen = await kept.get(message.id)
    await kept.set_state(message.id, MessageState(state="delivered"))

    class Late(Kept):
        async def list(self, _query: object) -> object:  # type: ignore[override]
            return type("Page", (), {"items": [seen]})

    late = Late()
    late.messages = kept.messages
    await EndAttempts(late, templates, Settings())()  # type: ignore[arg-type]

    assert only(kept)[0] == "delivered"


async def test_what_came_of_it_is_recorded_once_the_data_service_is_back(
    send: SendMessages, kept: Kept, queue: Queue, post: Post
) -> None:
    await queue()

    class Failing(Post):
        async def send(self, message: Outgoing) -> Taken:
            kept.failures = [AWAY, AWAY]
            return await post.send(message)

    object.__setattr__(send, "providers", {"email": Failing()})
    await send()

    assert only(kept) == ("sent", None, 1)


async def test_what_is_never_recorded_is_not_sent_again(
    send: SendMessages, kept: Kept, queue: Queue, post: Post
) -> None:
    await queue()

    class Failing(Post):
        async def send(self, message: Outgoing) -> Taken:
            kept.failures = [AWAY] * 9
            return await post.send(message)

    object.__setattr__(send, "providers", {"email": Failing()})
    await send()
    kept.failures = []
    make_due(kept)
    await send()

    assert (len(post.sent), only(kept)[0]) == (1, "sending")


async def test_what_was_surely_not_sent_is_tried_again_a_few_times(
    send: SendMessages, kept: Kept, queue: Queue, post: Post
) -> None:
    message = await queue()
    post.answers = [NotSent("Busy.", again=True, after=900) for _ in range(3)]

    await send()
    waits = (await kept.get(message.id)).due_at - dt.datetime.now(dt.UTC)
    assert dt.timedelta(seconds=890) < waits < dt.timedelta(seconds=910)
    assert await send() == 0  # not before
    for _ in range(2):
        make_due(kept)
        await send()

    assert only(kept) == ("failed", "Busy.", 3)


async def test_what_is_refused_for_good_is_not_tried_again(
    send: SendMessages, kept: Kept, queue: Queue, post: Post
) -> None:
    await queue()
    await queue()
    post.answers = [NotSent("No such user.", again=False, cause="bounce")]

    await send()
    make_due(kept)
    await send()

    assert [one.cause for one in kept.suppressed.values()] == ["bounce"]
    assert [one.state for one in kept.messages.values()] == ["failed", "withheld"]


@pytest.mark.parametrize(
    ("answer", "cost"),
    [
        (Taken("its name", segments=2), 20_000),  # by the price of a segment
        (Taken("its name", segments=2, price=9000), 9000),  # what the provider says counts more
        (OutcomeUnknown("No answer."), 10_000),
        (NotSent("Busy.", again=True), 0),
        (NotSent("No such user.", again=False), 0),
    ],
)
async def test_it_is_recorded_what_a_message_costs(
    kept: Kept, templates: Templates, queue: Queue, answer: Taken | Exception, cost: int
) -> None:
    settings, post = Settings(sms_price=0.01), Post()
    if isinstance(answer, Exception):
        post.answers = [answer]
    else:
        post.taken = answer
    message = await queue(channel="sms", recipient="+447700900123")
    send = SendMessages(kept, templates, {"sms": post}, [], settings, pause=0)  # type: ignore[arg-type]

    await send()

    assert kept.messages[message.id].cost == cost


@pytest.mark.parametrize(("price", "state"), [(0.08, "sent"), (0.081, "withheld"), (0, "sent")])
async def test_an_sms_that_costs_more_than_one_may_is_not_sent(
    kept: Kept, templates: Templates, queue: Queue, price: float, state: str
) -> None:
    limited = Settings(sms_price=price, sms_max_price=0.16)
    await queue(channel="sms", recipient="+447700900123", data={"person": "x" * 160})
    send = SendMessages(kept, templates, {"sms": Post()}, [], limited, pause=0)  # type: ignore[arg-type]

    await send()

    assert only(kept)[0] == state


async def test_what_is_sent_again_costs_again(
    kept: Kept, templates: Templates, queue: Queue, post: Post
) -> None:
    settings = Settings(email_price=0.001)
    message = await queue("again")
    send = SendMessages(kept, templates, {"email": post}, [], settings, pause=0)  # type: ignore[arg-type]
    post.answers = [OutcomeUnknown("No answer.")]

    for _ in range(2):
        await send()
        make_due(kept)

    assert (len(post.sent), kept.messages[message.id].cost) == (2, 2000)


async def test_a_fault_of_one_message_ends_no_other(
    send: SendMessages, kept: Kept, queue: Queue, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        await queue()
    post.answers = [ZeroDivisionError("a bug")]

    await send()

    assert sorted(one.state for one in kept.messages.values()) == ["sending", "sent", "sent"]
    assert "a bug" in caplog.text


async def test_what_no_header_can_hold_fails(
    send: SendMessages, kept: Kept, queue: Queue, post: Post
) -> None:
    await queue()
    post.answers = [ValueError("newline")]

    await send()

    assert only(kept) == ("failed", "It cannot be written as an email.", 1)


async def test_a_variable_that_misses_fails_it_before_any_attempt(
    send: SendMessages, kept: Kept, queue: Queue, post: Post
) -> None:
    await queue(data={})

    await send()

    assert (post.sent, only(kept)[0], only(kept)[2]) == ([], "failed", 0)


async def test_nothing_is_sent_to_a_suppressed_address(
    send: SendMessages, kept: Kept, queue: Queue, post: Post
) -> None:
    await queue()
    ann = NewSuppression(channel="email", recipient="ann@example.com", cause="complaint")
    await kept.suppress(ann)

    await send()

    assert (post.sent, only(kept)) == (
        [],
        ("withheld", "Nothing is sent to this address: complaint.", 0),
    )


async def test_no_address_is_flooded(
    kept: Kept, templates: Templates, queue: Queue, post: Post
) -> None:
    few = Settings(messages_a_day=2)
    send = SendMessages(kept, templates, {"email": post}, decisions(kept, few), few)  # type: ignore[arg-type]
    for _ in range(3):
        await queue()
        await send()
    await queue(recipient="bob@example.com")
    await send()

    assert [one.state for one in kept.messages.values()] == ["sent", "sent", "withheld", "sent"]


@pytest.fixture
def at_night(kept: Kept, templates: Templates, post: Post) -> SendMessages:
    """Have it be night in the east, but for a minute of the day."""
    night = Settings(messages_quiet_hours="00:00-23:59", messages_time_zone="Etc/GMT-14")
    return SendMessages(kept, templates, {"email": post}, decisions(kept, night), night)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("template", "state"), [("hello", "queued"), ("again", "queued"), ("alarm", "sent")]
)
async def test_nobody_is_woken_but_for_security(
    at_night: SendMessages, kept: Kept, queue: Queue, template: str, state: str
) -> None:
    await queue(template, time_zone="nowhere" if template == "again" else "Etc/GMT+12")

    await at_night()

    assert only(kept)[0] == state


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        ("22:00-07:00", "2026-01-31T21:59", None),
        ("22:00-07:00", "2026-01-31T22:00", "2026-02-01T06:00"),
        ("22:00-07:00", "2026-02-01T06:59", "2026-02-01T06:00"),
        ("22:00-07:00", "2026-02-01T07:00", None),
        ("12:00-14:00", "2026-02-01T13:00", "2026-02-01T13:00"),
        ("12:00-14:00", "2026-02-01T14:00", None),
        # The night in which clocks go forward: it is seven an hour earlier.
        ("22:00-07:00", "2026-03-28T23:00", "2026-03-29T05:00"),
    ],
)
def test_quiet_hours_are_those_of_the_recipient(hours: str, now: str, until: str | None) -> None:
    moment = dt.datetime.fromisoformat(now).replace(tzinfo=zone_of("Europe/Berlin"))

    found = quiet_until(hours, moment)

    assert found == (dt.datetime.fromisoformat(f"{until}:00+00:00") if until else None)


@pytest.mark.parametrize("given", [{"messages_quiet_hours": "22-7"}, {"messages_time_zone": "X/Y"}])
def test_settings_that_cannot_be_meant_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="messages_"):
        Settings.model_validate(given)


def following(kept: Kept) -> ActOnEvents[DueMessageEvent]:
    return ActOnEvents(kept, FollowEvent(kept))  # type: ignore[arg-type]


def told(message: UUID, *states: str) -> Sequence[NewMessageEvent]:
    return [
        NewMessageEvent(
            provider="sendgrid", event_id=f"{message}{state}", message=message, told=state
        )
        for state in states
    ]


@pytest.mark.parametrize(
    ("states", "last"),
    [
        (["sent", "delivered"], "delivered"),
        (["delivered", "sent"], "delivered"),
        (["delivered", "bounced"], "bounced"),
        (["bounced", "delivered", "sent"], "bounced"),
    ],
)
async def test_a_bounce_wins_in_whatever_order_they_come(
    send: SendMessages, kept: Kept, queue: Queue, states: list[str], last: str
) -> None:
    message = await queue()
    await send()
    follow = following(kept)
    for event in told(message.id, *states):
        await kept.take([event, event])
        await follow()

    assert only(kept)[0] == last
    assert await follow() == 0


async def test_the_provider_may_be_faster_than_the_worker(
    send: SendMessages, kept: Kept, queue: Queue, post: Post
) -> None:
    message = await queue()

    class Fast(Post):
        async def send(self, outgoing: Outgoing) -> Taken:
            await kept.take(told(message.id, "delivered"))
            await following(kept)()
            return await post.send(outgoing)

    object.__setattr__(send, "providers", {"email": Fast()})
    await send()

    assert only(kept)[0] == "delivered"
    assert kept.messages[message.id].provider_id == "its name"
    assert kept.states == ["sending", "delivered"]


async def test_what_is_told_settles_what_nobody_knew(
    send: SendMessages, kept: Kept, queue: Queue, post: Post
) -> None:
    message = await queue()
    post.answers = [OutcomeUnknown("No answer.")]
    await send()
    await kept.take(told(message.id, "delivered"))

    await following(kept)()

    assert only(kept)[0] == "delivered"


async def test_a_complaint_suppresses_and_a_stranger_does_nothing(
    send: SendMessages, kept: Kept, queue: Queue
) -> None:
    message = await queue()
    await send()
    complaint = NewMessageEvent(
        provider="ses", event_id="1", message=message.id, told="complained", cause="complaint"
    )
    opted_out = NewMessageEvent(provider="ses", event_id="2", message=uuid4(), cause="opt_out")
    await kept.take([complaint, opted_out])

    assert await following(kept)() == 2

    assert [one.cause for one in kept.suppressed.values()] == ["complaint"]
    assert [one.error for one in kept.ended.values()] == [None, None]


async def test_what_a_provider_says_is_kept_as_one_line(
    kept: Kept, queue: Queue, post: Post, send: SendMessages
) -> None:
    post.answers = [NotSent("451 Try\r\nlater\x1b", again=True)]
    post.taken = Taken("Ok\r\nqueued\0")
    message = await queue()
    await send()
    assert only(kept) == ("queued", "451 Try later", 1)

    await kept.set_state(message.id, MessageState(state="queued", due_at=message.due_at))
    await send()

    assert only(kept)[0] == "sent"
    assert kept.messages[message.id].provider_id == "Ok queued"


async def test_one_that_fails_whatever_is_done_holds_up_no_other(
    kept: Kept, queue: Queue, post: Post, send: SendMessages
) -> None:
    for _ in range(10):  # as many as are sent at once
        await queue("alarm")
    last = await queue()

    async def decide(_message: StoredMessageRead, template: Template) -> None:
        if template.category == "security":
            raise RuntimeError("of the project")

    send.hooks.decisions.append(decide)
    for _ in range(2):
        await send()

    assert [one.id for one in post.sent] == [last.id]
    assert {one.state for one in kept.messages.values()} == {"queued", "sent"}


async def test_one_address_gets_no_more_than_it_may_however_many_are_due(
    kept: Kept, queue: Queue, post: Post, send: SendMessages, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent_to = kept.sent_to

    async def late(*asked: Any) -> int:  # as a data service answers
        number = await sent_to(*asked)
        await asyncio.sleep(0.01)
        return number

    monkeypatch.setattr(kept, "sent_to", late)
    monkeypatch.setattr(send.settings, "messages_a_day", 1)
    for _ in range(3):
        await queue()

    await send()

    assert len(post.sent) == 1


async def test_no_sms_is_longer_than_any_can_be(
    kept: Kept, queue: Queue, post: Post, send: SendMessages
) -> None:
    await queue(channel="sms", recipient="+447700900123", data={"person": "x" * 1600})

    await send()

    assert only(kept)[0] == "failed"
    assert not post.sent


async def test_who_was_erased_and_complains_gets_nothing_more(kept: Kept, queue: Queue) -> None:
    message = await queue()
    kept.messages[message.id] = message.model_copy(update={"recipient": "erased", "data": {}})
    told = NewMessageEvent(provider="ses", event_id="1", message=message.id, cause="complaint")
    await kept.take([told])

    await ActOnEvents(kept, FollowEvent(kept))()  # type: ignore[arg-type]

    assert [outcome.error for outcome in kept.ended.values()] == [None]
    assert await kept.suppression_of("email", message.address_hash)


async def test_a_domain_in_other_letters_is_sent_to_as_relays_know_it(
    kept: Kept, queue: Queue, post: Post, send: SendMessages
) -> None:
    await queue(recipient="ann@bücher.de")

    await send()

    assert [one.recipient for one in post.sent] == ["ann@xn--bcher-kva.de"]
    assert [one.recipient for one in kept.messages.values()] == ["ann@bücher.de"]
