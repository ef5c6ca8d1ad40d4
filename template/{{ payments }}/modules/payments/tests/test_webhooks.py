"""Webhooks are believed if their provider has signed them, each provider in its own way."""

import asyncio
import json
import time
import zlib
from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from chassis_payments import settling
from chassis_payments.providers.stripe_webhooks import TOLERANCE_S
from chassis_payments.testing.books import Books
from chassis_payments.testing.paypal import CERTIFICATE, forged_tail
from chassis_payments.testing.stand_in import Sent
from chassis_payments.testing.stripe import signed

NEVER = [(0,)]
EVENTS = "SELECT count(*) FROM provider_events"


async def paid_at_stripe(books: Books) -> Sent:
    books.stripe.pay((await books.opened()).reference)
    return books.stripe.sent[0]


async def approved_at_paypal(books: Books) -> Sent:
    books.paypal.approve((await books.opened(provider="paypal")).reference)
    return books.paypal.sent[0]


async def test_a_provider_that_is_slow_holds_up_no_other(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await books.deliver(await paid_at_stripe(books))
    told, untold = [await books.opened(provider="paypal") for _ in range(2)]
    for payment in (told, untold):
        books.paypal.approve(payment.reference)
    await books.age(hours=1)
    await books.deliver(books.paypal.sent[0], "paypal")

    async def mute(*_: object) -> None:
        await asyncio.Event().wait()

    for act in ("see", "find"):
        monkeypatch.setattr(books.providers.known["stripe"], act, mute)
    settings = settling.Settings(payments_events_interval=0.05, payments_settle_interval=0.05)
    known = books.shop.state
    worker: Any = SimpleNamespace(state=SimpleNamespace(http=known.http, settings=known.settings))
    settling.install(worker, settings)
    worker.state.payment_providers = books.providers

    async with asyncio.timeout(5), settling.lifespan(worker, settings):
        states: set[str] = set()
        while states != {"completed"}:
            states = {(await books.payments.get(one.id)).state for one in (told, untold)}
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Stripe-Signature": "t=1,v1="},
        {"Stripe-Signature": "t=now,v1=00"},
        {"Stripe-Signature": f"t={'9' * 5000},v1=00"},
        {"Stripe-Signature": "v1=00"},
    ],
)
async def test_what_stripe_has_not_signed_is_forged(
    books: Books, headers: Mapping[str, str]
) -> None:
    sent = await paid_at_stripe(books)

    assert (await books.deliver(replace(sent, headers=headers))).status_code == 400
    assert await books.sql(EVENTS) == NEVER


async def test_stripe_signs_the_bytes_and_the_time(books: Books) -> None:
    sent = await paid_at_stripe(books)
    again = json.dumps(json.loads(sent.body), separators=(",", ":")).encode()
    now = time.time()

    for forged in (
        replace(sent, body=again),  # the same JSON, written anew
        replace(sent, body=sent.body + b" "),
        replace(sent, headers=signed(sent.body, None, "whsec_another")),
        replace(sent, headers=signed(sent.body, now - TOLERANCE_S - 2)),
        replace(sent, headers=signed(sent.body, now + TOLERANCE_S + 2)),
    ):
        assert (await books.deliver(forged)).status_code == 400
    assert await books.sql(EVENTS) == NEVER
    assert (await books.deliver(sent)).status_code == 204


async def test_a_secret_can_be_replaced_while_both_sign(books: Books) -> None:
    sent = await paid_at_stripe(books)
    own = signed(sent.body)["Stripe-Signature"]
    both = {"Stripe-Signature": f"{own},v1={'0' * 64},v0=1"}

    assert (await books.deliver(replace(sent, headers=both))).status_code == 204


async def test_what_paypal_has_not_signed_is_forged(books: Books) -> None:
    sent = await approved_at_paypal(books)
    theirs = f"http://evil.example{CERTIFICATE}"
    elsewhere = f"https://api.paypal.com.evil.example{CERTIFICATE}"
    user = f"https://api.paypal.com@evil.example{CERTIFICATE}"

    for changed in (
        {"PAYPAL-TRANSMISSION-SIG": "AAAA"},
        {"PAYPAL-TRANSMISSION-SIG": "no base64"},
        {"PAYPAL-TRANSMISSION-ID": "another"},
        {"PAYPAL-AUTH-ALGO": "none"},
        {"PAYPAL-CERT-URL": theirs},
        {"PAYPAL-CERT-URL": elsewhere},
        {"PAYPAL-CERT-URL": user},
        {"PAYPAL-CERT-URL": "https://api.paypal.com:99999/v1/notifications/certs/x"},
        {"PAYPAL-CERT-URL": f"{books.paypal.address}/v1/notifications/certs/../oauth2/token"},
        {"PAYPAL-CERT-URL": f"{books.paypal.address}/v1/notifications/certs/missing"},
        {"PAYPAL-CERT-URL": f"{books.paypal.address}{CERTIFICATE}\x01"},
        {"PAYPAL-CERT-URL": f"{books.paypal.address}{CERTIFICATE}{'x' * 70_000}"},
        {"PAYPAL-CERT-URL": f"https://api-m.sandbox.paypal.com{CERTIFICATE}"},
    ):
        forged = replace(sent, headers={**sent.headers, **changed})
        assert (await books.deliver(forged, "paypal")).status_code == 400, changed
    assert (await books.deliver(replace(sent, body=sent.body + b" "), "paypal")).status_code == 400
    assert await books.sql(EVENTS) == NEVER
    assert (await books.deliver(sent, "paypal")).status_code == 204


async def test_a_body_of_the_same_checksum_makes_nobody_believe_anything(books: Books) -> None:
    payment = await books.opened(provider="paypal")
    books.paypal.void((await books.opened(provider="paypal")).reference)
    real = books.paypal.sent[-1]
    lie = {
        "id": "WH-LIE",
        "event_type": "PAYMENT.CAPTURE.COMPLETED",
        "resource": {"id": "CAPTURE-LIE", "custom_id": str(payment.id), "status": "COMPLETED"},
    }
    body = json.dumps(lie)[:-1].encode() + b', "x": "'
    tail = b'"}'
    for salt in range(10_000):  # four bytes that are text as well
        begin = body + str(salt).encode()
        middle = _middle(begin, tail, zlib.crc32(real.body))
        if middle.isascii() and not set(middle) & {*b'"\\', *range(32)}:
            break
    forged = replace(real, body=begin + middle + tail)
    assert zlib.crc32(forged.body) == zlib.crc32(real.body)

    assert (await books.deliver(forged, "paypal")).status_code == 204  # PayPal's own weakness
    await books.act()

    assert (await books.payments.get(payment.id)).state == "pending"
    assert await books.moved(payment.id) == []


def _middle(begin: bytes, tail: bytes, wanted: int) -> bytes:
    """Give four bytes between a beginning and an end that lend the whole a checksum."""
    table = [_shifted(one) for one in range(256)]
    tops = {value >> 24: index for index, value in enumerate(table)}
    state = wanted ^ 0xFFFFFFFF
    for byte in reversed(tail):
        index = tops[state >> 24]
        state = (((state ^ table[index]) << 8) | (index ^ byte)) & 0xFFFFFFFF
    return forged_tail(begin, state ^ 0xFFFFFFFF)


def _shifted(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (0xEDB88320 if value & 1 else 0)
    return value


def event(**changed: object) -> bytes:
    """Write what is an event of either provider, but for what is changed."""
    data = {"type": "x", "data": {"object": {}}, "event_type": "x", "resource": {}}
    return json.dumps({"id": "E-1", **data, **changed}).encode()


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b'{"id": "x"}', b"\xff", b"[" * 100_000),
        *(event(id=name) for name in ("", "../due", "a?b", "a#b", "x" * 300, 5, None)),
        event(type="a\0", event_type="a\0"),
    ],
)
async def test_what_is_signed_and_no_event_is_refused(books: Books, body: bytes) -> None:
    assert (await books.deliver(Sent(body, signed(body)))).status_code == 400
    await approved_at_paypal(books)
    headers = books.paypal.signed(body)
    assert (await books.deliver(Sent(body, headers), "paypal")).status_code == 400


async def test_what_others_put_into_an_event_is_no_name_of_a_payment(books: Books) -> None:
    await approved_at_paypal(books)
    odd = {"id": "x" * 300, "metadata": {"payment": "z" * 400}, "custom_id": "of a shop"}
    body = event(data={"object": odd}, resource=odd)

    assert (await books.deliver(Sent(body, signed(body)))).status_code == 204
    answer = await books.deliver(Sent(body, books.paypal.signed(body)), "paypal")

    assert answer.status_code == 204
    assert await books.sql("SELECT DISTINCT subjects FROM provider_events") == [([],)]


async def test_what_is_done_for_long_is_forgotten(books: Books) -> None:
    sent = await paid_at_stripe(books)
    for state, days in (("done", 91), ("done", 89), ("failed", 91)):
        of = "(provider, event_id, kind, subjects, state, created_at)"
        values = (
            f"'stripe', '{state}-{days}', 'x', '{{}}', '{state}', now() - interval '{days} days'"
        )
        await books.sql(f"INSERT INTO provider_events {of} VALUES ({values})")  # noqa: S608

    await books.deliver(sent)

    left = await books.sql("SELECT event_id FROM provider_events WHERE kind = 'x' ORDER BY 1")
    assert left == [("done-89",), ("failed-91",)]


async def test_an_event_about_no_payment_is_done(books: Books) -> None:
    sent = await paid_at_stripe(books)
    await books.deliver(sent)
    await books.sql("TRUNCATE provider_payments CASCADE")

    assert await books.act() == 1
    assert await books.sql("SELECT state FROM provider_events") == [("done",)]


async def test_an_event_that_cannot_be_acted_on_is_tried_later_and_later(books: Books) -> None:
    sent = await paid_at_stripe(books)
    await books.deliver(sent)
    books.stripe.sessions.clear()  # what it is about cannot be fetched

    pauses = []
    for _ in range(3):
        await books.sql("UPDATE provider_events SET due_at = now() - interval '1 second'")
        await books.act()
        ((pause,),) = await books.sql(
            "SELECT round(extract(epoch FROM due_at - now())) FROM provider_events"
        )
        pauses.append(int(pause))

    assert pauses == [5, 10, 20]
    await books.sql("UPDATE provider_events SET attempts = 30, due_at = now() - interval '1 s'")
    await books.act()
    assert await books.sql("SELECT state FROM provider_events") == [("failed",)]


async def test_an_event_is_not_refused_for_its_json(books: Books) -> None:
    await approved_at_paypal(books)
    body = (
        event()[:-1] + b', "a": 0.1000000000000000055511151231257827, "b": 1e400, "b": "\\ud800"}'
    )
    json_type = {"Content-Type": "application/json"}

    stripe = await books.deliver(Sent(body, {**signed(body), **json_type}))
    paypal = await books.deliver(Sent(body, {**books.paypal.signed(body), **json_type}), "paypal")

    assert (stripe.status_code, paypal.status_code) == (204, 204)
