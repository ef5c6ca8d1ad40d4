"""Adapters against what is as strict as the providers: what is sent, and what is known of it then."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from aiohttp.test_utils import BaseTestServer, TestServer

from chassis.problems import OutcomeUnknown
from chassis_communications.providers import (
    EmailSettings,
    NotReached,
    NotSent,
    Outgoing,
    SmsSettings,
    Taken,
    providers_of,
)
from chassis_communications.providers.sendgrid import SendGridEmail
from chassis_communications.providers.smtp import SmtpEmail
from chassis_communications.providers.twilio import TwilioSms
from chassis_communications.segments import segments_of
from chassis_communications.sending import Settings
from chassis_communications.templates import Rendered
from chassis_communications.testing import sendgrid as sendgrid_stand_in
from chassis_communications.testing.relay import Relay
from chassis_communications.testing.sendgrid import SendGrid
from chassis_communications.testing.twilio import ACCOUNT, SENDER, TOKEN, Twilio
from chassis_communications.webhooks.sns import HEADER

ANN, COPY = "ann@example.com", "archive@example.com"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@pytest.fixture
def relay() -> Relay:
    return Relay("user", "for-tests")


@pytest.fixture
async def smtp(relay: Relay) -> AsyncIterator[SmtpEmail]:
    async with relay.listening() as port:
        yield SmtpEmail(smtp_settings(port))


def smtp_settings(port: int, **other: Any) -> EmailSettings:
    given = {
        "email_url": f"smtp://127.0.0.1:{port}",
        "email_from": "Shop <shop@example.com>",
        "smtp_user": "user",
        "smtp_password": "for-tests",  # pragma: allowlist secret
        "email_copies": [COPY],
        "provider_timeout": 2,
    }
    return EmailSettings.model_validate({**given, **other})


async def test_a_relay_gets_text_and_html(
    smtp: SmtpEmail, relay: Relay, outgoing: Outgoing
) -> None:
    taken = await smtp.send(replace(outgoing, headers={"X-Extra": "1"}))

    (email,) = relay.taken
    assert taken == Taken("Ok 0102-queued")
    assert relay.envelopes == [[ANN, COPY]]
    assert (email["From"], email["To"]) == ("Shop <shop@example.com>", ANN)
    assert (email[HEADER], email["X-Extra"]) == (str(outgoing.id), "1")
    assert email["Message-ID"] == f"<{outgoing.id}@example.com>"
    assert relay.box.messages[0].text.startswith("Dear Ann")
    assert relay.box.messages[0].html.startswith("<p>")


@pytest.mark.parametrize("breaks", ["before", "after"])
async def test_a_connection_lost_in_the_middle_of_data_leaves_it_unknown(
    smtp: SmtpEmail, relay: Relay, outgoing: Outgoing, breaks: str
) -> None:
    relay.cuts[ANN] = breaks

    with pytest.raises(OutcomeUnknown):
        await smtp.send(outgoing)
    assert len(relay.taken) == (breaks == "after")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("450 Busy", (True, None)),
        ("550 5.1.1 No such user", (False, "bounce")),
        ("550-5.1.1 No such\r\n550 5.1.1 user", (False, "bounce")),
        # None of these is the fault of an address.
        ("552 5.2.2 Mailbox full", (False, None)),
        ("550 relay not permitted", (False, None)),
        ("550 5.7.1 Relaying denied", (True, None)),
        ("554 5.7.1 Blocked: ann@example.com", (True, None)),
    ],
)
async def test_a_recipient_is_refused_before_anything_is_sent(
    smtp: SmtpEmail,
    relay: Relay,
    outgoing: Outgoing,
    answer: str,
    expected: tuple[bool, str | None],
) -> None:
    relay.refused[ANN] = answer

    with pytest.raises(NotSent) as refusal:
        await smtp.send(outgoing)

    assert (refusal.value.again, refusal.value.cause) == expected
    assert not relay.taken
    assert ANN not in str(refusal.value)


async def test_an_answer_of_several_lines_is_one(
    smtp: SmtpEmail, relay: Relay, outgoing: Outgoing
) -> None:
    relay.answer = "250-2.0.0 Ok\r\n250 queued"

    assert await smtp.send(outgoing) == Taken("2.0.0 Ok queued")


async def test_a_refused_copy_is_no_refusal(
    smtp: SmtpEmail, relay: Relay, outgoing: Outgoing
) -> None:
    relay.refused[COPY] = "550 No"

    await smtp.send(outgoing)

    assert relay.envelopes == [[ANN]]


@pytest.mark.parametrize("breaks", ["cuts", "hangs", "refused"])
async def test_a_relay_that_breaks_off_while_a_copy_is_named_has_sent_nothing(
    relay: Relay, outgoing: Outgoing, breaks: str
) -> None:
    getattr(relay, breaks)[COPY] = "421 4.3.2 Closing" if breaks == "refused" else "RCPT"

    async with relay.listening() as port:
        with pytest.raises(NotReached):
            await SmtpEmail(smtp_settings(port, provider_timeout=0.3)).send(outgoing)

    assert not relay.taken


@pytest.mark.parametrize(("answer", "again"), [("452 Full", True), ("554 Spam", False)])
async def test_a_text_is_refused(
    smtp: SmtpEmail, relay: Relay, outgoing: Outgoing, answer: str, *, again: bool
) -> None:
    relay.answer = answer

    with pytest.raises(NotSent) as refusal:
        await smtp.send(outgoing)

    assert (refusal.value.again, refusal.value.cause) == (again, None)


async def test_who_is_not_let_in_has_sent_nothing(relay: Relay, outgoing: Outgoing) -> None:
    async with relay.listening() as port:
        with pytest.raises(NotSent, match="refuses") as refusal:
            await SmtpEmail(smtp_settings(port, smtp_user="stranger")).send(outgoing)

    assert refusal.value.again
    assert not relay.taken


async def test_a_relay_that_is_away_has_sent_nothing(outgoing: Outgoing) -> None:
    with pytest.raises(NotSent) as refusal:
        await SmtpEmail(smtp_settings(free_port())).send(outgoing)

    assert refusal.value.again


async def test_encryption_is_demanded_of_any_other_machine() -> None:
    far = SmtpEmail(EmailSettings(email_url="smtp://relay.example.com"))
    near = SmtpEmail(EmailSettings(email_url="smtp://localhost:25"))

    assert (far._start_tls, near._start_tls) == (True, None)
    assert SmtpEmail(EmailSettings(email_url="smtps://relay.example.com"))._port == 465


async def test_no_header_can_be_smuggled_in(smtp: SmtpEmail, outgoing: Outgoing) -> None:
    content = Rendered(text="x", subject="x\r\nBcc: all@example.com", html="x")

    with pytest.raises(ValueError, match=r"newline|linefeed"):
        await smtp.send(replace(outgoing, content=content))


@pytest.fixture
async def sending(sendgrid: SendGrid) -> AsyncIterator[SendGridEmail]:
    async with TestServer(sendgrid.application()) as server:
        email = SendGridEmail(sendgrid_settings(server))
        yield email
        await email.close()


def sendgrid_settings(server: BaseTestServer, key: str = sendgrid_stand_in.KEY) -> EmailSettings:
    return EmailSettings.model_validate(
        {
            "email_url": str(server.make_url("")),
            "email_from": "Shop <shop@example.com>",
            "sendgrid_key": key,
        }
    )


async def test_sendgrid_gets_our_id(
    sending: SendGridEmail, sendgrid: SendGrid, outgoing: Outgoing
) -> None:
    taken = await sending.send(replace(outgoing, headers={"X-Extra": "1"}))

    (body,) = sendgrid.taken
    assert taken.name
    assert body["personalizations"][0]["custom_args"] == {"message": str(outgoing.id)}
    assert body["from"] == {"email": "shop@example.com", "name": "Shop"}
    assert body["headers"] == {"X-Extra": "1"}


async def test_sendgrid_refuses_what_has_no_shape(
    sending: SendGridEmail, outgoing: Outgoing
) -> None:
    with pytest.raises(NotSent, match="400") as refusal:
        await sending.send(replace(outgoing, content=Rendered(text="x", html="x")))

    assert not refusal.value.again


async def test_sendgrid_wants_to_be_left_alone(
    sending: SendGridEmail, sendgrid: SendGrid, outgoing: Outgoing
) -> None:
    sendgrid.busy_for = 30

    with pytest.raises(NotSent) as refusal:
        await sending.send(outgoing)

    assert (refusal.value.again, refusal.value.after) == (True, 30)


async def test_what_sendgrid_took_and_did_not_confirm_is_unknown(
    sending: SendGridEmail, sendgrid: SendGrid, outgoing: Outgoing
) -> None:
    sendgrid.failure = 500

    with pytest.raises(OutcomeUnknown):
        await sending.send(outgoing)
    assert len(sendgrid.taken) == 1


async def test_sendgrid_does_not_know_this_key(sendgrid: SendGrid, outgoing: Outgoing) -> None:
    async with TestServer(sendgrid.application()) as server:
        email = SendGridEmail(sendgrid_settings(server, "wrong"))
        with pytest.raises(NotSent, match="credentials") as refusal:
            await email.send(outgoing)
        await email.close()

    assert refusal.value.again


@pytest.fixture
def twilio() -> Twilio:
    return Twilio()


@pytest.fixture
async def sms(twilio: Twilio) -> AsyncIterator[TwilioSms]:
    async with TestServer(twilio.application()) as server:
        sms = TwilioSms(twilio_settings(str(server.make_url(""))))
        yield sms
        await sms.close()


def twilio_settings(url: str, **other: Any) -> SmsSettings:
    given = {
        "sms_url": url,
        "twilio_account": ACCOUNT,
        "twilio_token": TOKEN,
        "sms_from": SENDER,
        "public_url": "https://api.example.com/",
        "provider_timeout": 2,
    }
    return SmsSettings.model_validate({**given, **other})


NUMBER = "+447700900123"


async def test_twilio_is_told_where_to_call_back(
    sms: TwilioSms, twilio: Twilio, outgoing: Outgoing
) -> None:
    taken = await sms.send(replace(outgoing, recipient=NUMBER))

    (form,) = twilio.taken
    assert taken.name is not None
    assert taken.name.startswith("SM")
    assert (taken.segments, taken.price) == (1, None)
    assert (form["Body"], form["ValidityPeriod"], form["RiskCheck"]) == (
        "Dear Ann",
        "3600",
        "enable",
    )
    assert form["StatusCallback"] == (
        f"https://api.example.com/api/v1/message-webhooks/twilio/{outgoing.id}"
    )


@pytest.mark.parametrize(
    ("recipient", "cause"), [("+447700900999", "opt_out"), ("+0", "bounce"), ("", None)]
)
async def test_twilio_refuses_a_number(
    sms: TwilioSms, twilio: Twilio, outgoing: Outgoing, recipient: str, cause: str | None
) -> None:
    twilio.opted_out.add("+447700900999")

    with pytest.raises(NotSent) as refusal:
        await sms.send(replace(outgoing, recipient=recipient))

    assert (refusal.value.again, refusal.value.cause) == (False, cause)
    assert not twilio.taken


async def test_twilio_is_busy_or_does_not_confirm(
    sms: TwilioSms, twilio: Twilio, outgoing: Outgoing
) -> None:
    message = replace(outgoing, recipient=NUMBER)
    twilio.busy = True
    with pytest.raises(NotSent) as refusal:
        await sms.send(message)
    assert refusal.value.again

    twilio.busy, twilio.failure = False, 503
    with pytest.raises(OutcomeUnknown):
        await sms.send(message)

    twilio.failure = 302
    with pytest.raises(OutcomeUnknown):
        await sms.send(message)

    # It took the message, and says nothing of it.
    twilio.failure = 204
    assert await sms.send(message) == Taken()


async def test_twilio_says_what_it_bills(
    sms: TwilioSms, twilio: Twilio, outgoing: Outgoing
) -> None:
    twilio.price = "-0.01500"
    long = Rendered(text="x" * 161)

    taken = await sms.send(replace(outgoing, recipient=NUMBER, content=long))

    assert (taken.segments, taken.price) == (2, 15_000)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 1),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("€" * 80, 1),  # two places each
        ("€" * 81, 2),
        ("я" * 70, 1),
        ("я" * 71, 2),
        ("я" * 135, 3),
        ("\N{WAVING HAND SIGN}" * 35, 1),  # of two halves each
        ("\N{WAVING HAND SIGN}" * 36, 2),
        ("x" * 70 + "я", 2),
    ],
)
def test_a_text_is_so_many_sms(text: str, number: int) -> None:
    assert segments_of(text) == number


async def test_twilio_is_away(outgoing: Outgoing) -> None:
    sms = TwilioSms(twilio_settings(f"http://127.0.0.1:{free_port()}", public_url=""))

    with pytest.raises(NotSent) as refusal:
        await sms.send(outgoing)
    await sms.close()

    assert refusal.value.again


async def test_a_provider_that_hangs_up_leaves_it_unknown(outgoing: Outgoing) -> None:
    async def hang_up(_reader: Any, writer: Any) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        sms = TwilioSms(twilio_settings(f"http://127.0.0.1:{port}"))
        with pytest.raises(OutcomeUnknown):
            await sms.send(outgoing)
        await sms.close()


async def test_the_page_shows_what_was_caught(outgoing: Outgoing) -> None:
    async with TestServer(Twilio("").application()) as server:
        sms = TwilioSms(twilio_settings(str(server.make_url("")), twilio_account=""))
        await sms.send(replace(outgoing, recipient=NUMBER))
        await sms.close()
        async with httpx2.AsyncClient(base_url=str(server.make_url(""))) as reader:
            assert NUMBER in (await reader.get("/")).text
            assert (await reader.get("/messages")).json()[0]["text"] == "Dear Ann"


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, {}),
        ({"email_url": "smtp://127.0.0.1"}, {"email": "smtp"}),
        (
            {"email_url": "https://api.sendgrid.com", "sms_url": "https://api.twilio.com"},
            {"email": "sendgrid", "sms": "twilio"},
        ),
    ],
)
def test_the_address_says_which_provider_it_is(
    given: dict[str, str], found: dict[str, str]
) -> None:
    providers = providers_of(Settings.model_validate(given))

    assert {channel: one.name for channel, one in providers.items()} == found


def test_another_address_is_none() -> None:
    with pytest.raises(ValueError, match="must look like"):
        EmailSettings(email_url="relay.example.com")
