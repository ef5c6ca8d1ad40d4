"""What providers tell: believed if they signed it, kept once, matched by our id."""

import json
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import httpx2
import pytest

from chassis.problems import Unavailable
from chassis.webhooks import Forged
from chassis_communications.bounded import client_of
from chassis_communications.message_events import NewMessageEvent
from chassis_communications.testing.kept import Kept
from chassis_communications.testing.sendgrid import SendGrid, event
from chassis_communications.testing.sns import CERTIFICATE, SUBSCRIBE, TOPIC, Topic
from chassis_communications.testing.twilio import Twilio
from chassis_communications.webhooks import sendgrid as sendgrid_webhook
from chassis_communications.webhooks import twilio as twilio_webhook
from chassis_communications.webhooks.routes import WEBHOOKS
from chassis_communications.webhooks.sns import HEADER, Sns

MESSAGE = UUID(int=7)
BUCKET = "https://evil.s3.amazonaws.com/sns.eu-west-1.amazonaws.com.pem"
TWILIO = f"{WEBHOOKS}/twilio/{MESSAGE}"
PUBLIC = f"https://api.example.com{TWILIO}"


def told(kept: Kept) -> list[tuple[str | None, str | None]]:
    """Give the states and causes that were told of the message."""
    return [(one.told, one.cause) for one in kept.told.values() if one.message == MESSAGE]


async def post(http: httpx2.AsyncClient, provider: str, body: bytes, **headers: str) -> int:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await http.post(f"{WEBHOOKS}/{provider}", content=body, headers=sent)
    return answer.status_code


async def test_sendgrid_is_believed_and_each_event_kept_once(
    http: httpx2.AsyncClient, kept: Kept, sendgrid: SendGrid
) -> None:
    events = [
        event("processed", MESSAGE),
        event("delivered", MESSAGE),
        event(
            "bounce",
            MESSAGE,
            type="bounce",
            status="5.1.1",
            reason="550 <ann@example.com>: \x1b\0no",
        ),
        event("bounce", MESSAGE, type="blocked"),
        event("dropped", MESSAGE),
        event("spamreport", MESSAGE),
        event("unsubscribe", MESSAGE),
        event("open", MESSAGE),
        event("delivered", "somebody else's"),
        {"event": "delivered", "sg_event_id": "x"},
    ]
    body, headers = sendgrid.tells(*events)

    for _ in range(2):
        assert (await http.post(f"{WEBHOOKS}/sendgrid", content=body, headers=headers)).is_success

    assert told(kept) == [
        ("sent", None),
        ("delivered", None),
        ("bounced", "bounce"),
        ("bounced", None),
        ("failed", None),
        ("complained", "complaint"),
        (None, "opt_out"),
    ]
    assert (
        next(one for one in kept.told.values() if one.cause).reason == "SendGrid says bounce 5.1.1"
    )


async def test_what_sendgrid_did_not_sign_is_refused(
    http: httpx2.AsyncClient, kept: Kept, sendgrid: SendGrid
) -> None:
    body, headers = sendgrid.tells(event("delivered", MESSAGE))
    signature = headers["X-Twilio-Email-Event-Webhook-Signature"]
    _, foreign = SendGrid().tells(event("delivered", MESSAGE))
    forged: list[tuple[bytes, dict[str, str]]] = [
        (json.dumps(json.loads(body), indent=1).encode(), headers),  # the same, written otherwise
        (body, {**headers, "X-Twilio-Email-Event-Webhook-Timestamp": "1"}),
        (body, {**headers, "X-Twilio-Email-Event-Webhook-Signature": f"{signature}?"}),
        (body, foreign),
        (body, {}),
        sendgrid.tells(event("delivered", MESSAGE), before_s=31 * 24 * 3600),
    ]

    for content, sent in forged:
        answer = await http.post(f"{WEBHOOKS}/sendgrid", content=content, headers=sent)
        assert answer.status_code == 400
    strange = [(name.encode(), b"\xe9" if "Sig" in name else b"1") for name in headers]
    answer = await http.post(f"{WEBHOOKS}/sendgrid", content=body, headers=strange)
    assert answer.status_code == 400
    assert not kept.told


@pytest.mark.parametrize("told_instead", [{}, 5, None])
async def test_what_is_no_event_spoils_no_other(
    http: httpx2.AsyncClient, kept: Kept, sendgrid: SendGrid, told_instead: Any
) -> None:
    odd: Any
    for odd in (5, ["x"], event("delivered", MESSAGE, sg_event_id=told_instead), {"event": []}):
        body, headers = sendgrid.tells(odd, event("delivered", MESSAGE))
        assert (await http.post(f"{WEBHOOKS}/sendgrid", content=body, headers=headers)).is_success

    assert len(kept.told) == 4


@pytest.mark.parametrize("body", ["{}", "5", "[", "[" * 100_000])
def test_what_is_signed_and_tells_of_nothing_is_refused(body: str) -> None:
    with pytest.raises(Forged):
        list(sendgrid_webhook.events(body.encode()))


async def test_twilio_is_believed_by_the_address_that_it_was_given(
    http: httpx2.AsyncClient, kept: Kept
) -> None:
    twilio = Twilio()
    for status, more in (
        ("queued", {}),
        ("delivered", {}),
        ("undelivered", {"ErrorCode": "30003"}),
        ("canceled", {}),
        ("failed", {"ErrorCode": "21610", "Empty": ""}),
    ):
        form, headers = twilio.tells(PUBLIC, status, **more)
        for _ in range(2):
            assert (await http.post(TWILIO, data=form, headers=headers)).is_success

    assert told(kept) == [
        ("delivered", None),
        ("bounced", None),
        ("failed", None),
        ("failed", "opt_out"),
    ]


async def test_what_twilio_did_not_sign_is_refused(http: httpx2.AsyncClient, kept: Kept) -> None:
    form, headers = Twilio().tells(PUBLIC, "delivered")
    other, its = Twilio("another token").tells(PUBLIC, "delivered")
    # What this service sees of itself behind a gateway is not what Twilio called.
    _, inside = Twilio().tells(f"http://behind-a-gateway{TWILIO}", "delivered")

    for sent, signed, path in (
        ({**form, "MessageStatus": "failed"}, headers, TWILIO),
        (other, its, TWILIO),
        (form, inside, TWILIO),
        (form, headers, f"{WEBHOOKS}/twilio/{uuid4()}"),
        (form, {"X-Twilio-Signature": "\u00e9"}, TWILIO),
        (form, {}, TWILIO),
    ):
        headers_sent = [(name.encode(), value.encode("latin-1")) for name, value in signed.items()]
        answer = await http.post(path, content=urlencode(sent), headers=headers_sent)
        assert answer.status_code == 400
    assert not kept.told


def ses(kind: str, message: object = MESSAGE, **more: object) -> dict[str, object]:
    headers = [{"name": "Subject", "value": "x"}, {"name": HEADER, "value": str(message)}]
    return {"eventType": kind, "mail": {"headers": headers}, **more}


async def test_ses_is_believed_through_its_topic(
    http: httpx2.AsyncClient, kept: Kept, topic: Topic
) -> None:
    bodies = [
        topic.tells(ses("Delivery")),
        topic.tells(ses("Bounce", bounce={"bounceType": "Permanent"})),
        topic.tells(ses("Bounce", bounce={"bounceType": "Transient"}), Subject="Mail"),
        topic.tells({**ses("x"), "eventType": None, "notificationType": "Complaint"}),
        topic.tells(ses("Open")),
        topic.tells(ses("Delivery", "of a shop that uses the same account")),
    ]
    for body in [*bodies, *bodies]:
        assert await post(http, "ses", body) == 204

    assert told(kept) == [
        ("delivered", None),
        ("bounced", "bounce"),
        ("bounced", None),
        ("complained", "complaint"),
    ]
    assert topic.asked == [CERTIFICATE]


async def test_our_topic_may_tell(http: httpx2.AsyncClient, topic: Topic) -> None:
    assert await post(http, "ses", topic.asks()) == 204
    assert topic.asked == [CERTIFICATE, SUBSCRIBE]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"SigningCertURL": BUCKET}, id="a certificate in a bucket"),
        pytest.param({"SigningCertURL": CERTIFICATE.replace("https", "http")}, id="unencrypted"),
        pytest.param({"SigningCertURL": CERTIFICATE.replace(".com", ".com.evil.org")}, id="a name"),
        pytest.param({"SigningCertURL": CERTIFICATE.replace("//", "//evil.org@")}, id="a user"),
        pytest.param({"SigningCertURL": CERTIFICATE.replace(".com", ".com:8443")}, id="a port"),
        pytest.param({"SigningCertURL": CERTIFICATE.replace("sns.", "snsx")}, id="a dot"),
        pytest.param({"SigningCertURL": f"{CERTIFICATE}?1"}, id="a query"),
        pytest.param({"SigningCertURL": f"{CERTIFICATE}\x01"}, id="a control character"),
        pytest.param({"SigningCertURL": "https://sns.eu-west-1.amazonaws.com/ping"}, id="no PEM"),
        pytest.param({"TopicArn": "arn:aws:sns:eu-west-1:1:mail"}, id="another topic"),
        pytest.param({"SignatureVersion": "1"}, id="an old signature"),
    ],
)
async def test_what_is_signed_by_anybody_else_is_refused(
    http: httpx2.AsyncClient, kept: Kept, topic: Topic, other: dict[str, str]
) -> None:
    for body in (topic.tells(ses("Bounce"), **other), topic.asks(**other)):
        assert await post(http, "ses", body) == 400
    assert not kept.told
    assert not topic.asked


async def test_what_was_changed_is_refused(
    http: httpx2.AsyncClient, kept: Kept, topic: Topic
) -> None:
    body = topic.tells(ses("Delivery"))
    changed = {**json.loads(body), "Message": json.dumps(ses("Bounce"))}

    assert await post(http, "ses", json.dumps(changed).encode()) == 400
    assert await post(http, "ses", topic.asks(SubscribeURL="https://evil.org/")) == 400
    strange = json.dumps({**json.loads(body), "Signature": "\u00e9"})
    assert await post(http, "ses", strange.encode()) == 400
    assert await post(http, "ses", b"[") == 400
    assert await post(http, "ses", b"[" * 100_000) == 400
    assert not kept.told
    assert topic.asked == [CERTIFICATE]


async def test_without_a_certificate_it_is_told_again_later(
    http: httpx2.AsyncClient, kept: Kept, topic: Topic
) -> None:
    topic.away = True

    assert await post(http, "ses", topic.tells(ses("Delivery"))) == 503
    assert not kept.told


async def test_without_a_key_nothing_is_believed(kept: Kept, topic: Topic) -> None:
    async with httpx2.AsyncClient() as client:
        with pytest.raises(Forged, match="not set"):
            await Sns("", client).read(topic.tells(ses("Delivery")))
    with pytest.raises(Forged, match="not set"):
        sendgrid_webhook.check("", {}, b"[]")
    with pytest.raises(Forged, match="not set"):
        twilio_webhook.check("", PUBLIC, {}, "")
    assert not kept.told


async def test_an_event_says_what_it_is_of() -> None:
    with pytest.raises(ValueError, match="event"):
        NewMessageEvent(provider="ses", event_id="", message=MESSAGE)


@pytest.mark.parametrize(("status", "answered"), [(404, 400), (403, 400), (429, 503), (500, 503)])
async def test_a_certificate_that_is_not_there_was_never_one(
    http: httpx2.AsyncClient, kept: Kept, topic: Topic, status: int, answered: int
) -> None:
    topic.status = status

    assert await post(http, "ses", topic.tells(ses("Delivery"))) == answered
    assert not kept.told


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({"mail": {"headers": [{"name": HEADER}]}}, id="a header without a value"),
        pytest.param({"mail": {"headers": [5, {"value": "x"}, {"name": []}]}}, id="no headers"),
        pytest.param({"mail": {"headers": {}}}, id="headers that are no list"),
        pytest.param({"mail": []}, id="no mail"),
        pytest.param({"mail": None}, id="a mail that is null"),
    ],
)
async def test_what_is_signed_and_of_another_shape_is_no_error(
    http: httpx2.AsyncClient, kept: Kept, topic: Topic, odd: dict[str, Any]
) -> None:
    assert await post(http, "ses", topic.tells({**ses("Delivery"), **odd})) == 204
    assert not kept.told


@pytest.mark.parametrize("bounce", [None, [], "x", {"bounceType": []}])
async def test_a_bounce_that_does_not_say_of_which_kind_is_kept(
    http: httpx2.AsyncClient, kept: Kept, topic: Topic, bounce: Any
) -> None:
    assert await post(http, "ses", topic.tells(ses("Bounce", bounce=bounce))) == 204
    assert told(kept) == [("bounced", None)]


async def test_json_that_only_its_writer_likes_is_read(
    http: httpx2.AsyncClient, kept: Kept, topic: Topic
) -> None:
    message = json.dumps(ses("Delivery"))[:-1] + ', "a": NaN, "a": 1e400, "b": "\\ud800"}'

    assert await post(http, "ses", topic.tells(message)) == 204
    assert told(kept) == [("delivered", None)]


async def test_what_sns_says_of_itself_is_taken(
    http: httpx2.AsyncClient, kept: Kept, topic: Topic, caplog: pytest.LogCaptureFixture
) -> None:
    told_once = "Successfully validated SNS topic for Amazon SES event publishing."

    assert await post(http, "ses", topic.tells(told_once)) == 204
    assert "no event of SES" in caplog.text
    assert not kept.told


async def test_an_event_without_a_name_of_its_own_spoils_nothing(
    http: httpx2.AsyncClient, kept: Kept, topic: Topic
) -> None:
    assert await post(http, "ses", topic.tells(ses("Delivery"), MessageId="")) == 204
    form, headers = Twilio().tells(PUBLIC, "failed", ErrorCode="2\0")
    assert (await http.post(TWILIO, data=form, headers=headers)).status_code == 204
    assert not kept.told


async def test_a_form_has_no_more_fields_than_twilio_sends(http: httpx2.AsyncClient) -> None:
    form = "&".join(f"a{number}=" for number in range(100_000))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    assert (await http.post(TWILIO, content=form, headers=headers)).status_code == 400


async def test_no_more_is_read_of_a_certificate_than_a_bound(
    kept: Kept, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis_communications.bounded.MOST", 100)
    async with client_of(1, topic.transport()) as client:
        with pytest.raises(Unavailable):
            await Sns(TOPIC, client).read(topic.tells(ses("Delivery")))
    assert not kept.told


async def test_nothing_is_unpacked_that_nobody_asked_to_be_compressed(
    kept: Kept, topic: Topic
) -> None:
    packed = {"Content-Encoding": "gzip"}
    answer = httpx2.Response(200, headers=packed, stream=httpx2.ByteStream(b""))
    async with client_of(1, httpx2.MockTransport(lambda _request: answer)) as client:
        with pytest.raises(Unavailable):
            await Sns(TOPIC, client).read(topic.tells(ses("Delivery")))
    assert not kept.told
