"""Consent, the way out and erasure over HTTP: links show, buttons act."""

import re
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx2
import pytest

from chassis import methods, problems
from chassis.app import assemble
from chassis.features import FeatureSettings
from chassis.identity import PUBLIC
from chassis_communications import consent_api, message_api
from chassis_communications.consent_api.dependencies import kept_preferences
from chassis_communications.links import CONFIRMATIONS, UNSUBSCRIBES, link
from chassis_communications.message_api.routes import kept_messages
from chassis_communications.testing.kept import Kept
from chassis_communications.testing.wanted import Wanted
from chassis_communications.webhooks.routes import WEBHOOKS

if TYPE_CHECKING:
    from fastapi import FastAPI

KEY = "a key of the tests, which is long enough"
BASE = "http://shop"
ANN = {"channel": "email", "recipient": "ann@example.com"}


@pytest.fixture
def wanted() -> Wanted:
    return Wanted()


def application(kept: Kept, wanted: Wanted, **settings: Any) -> "FastAPI":
    given = FeatureSettings.model_validate(settings)
    app = assemble("Shop", [], given, [problems, methods, message_api, consent_api])
    app.dependency_overrides[kept_messages] = lambda: kept
    app.dependency_overrides[kept_preferences] = lambda: wanted
    return app


@pytest.fixture
async def shop(kept: Kept, wanted: Wanted) -> AsyncIterator[httpx2.AsyncClient]:
    app = application(kept, wanted, messages_key=KEY, public_url=BASE)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url=BASE) as http:
        yield http


def consent_of(wanted: Wanted) -> str | None:
    (one,) = wanted.kept.values()
    return one.consent


async def test_consent_is_given_where_the_mail_arrived(
    shop: httpx2.AsyncClient, kept: Kept, wanted: Wanted
) -> None:
    asked = await shop.post("/api/v1/consents", json=ANN)
    (message,) = kept.messages.values()
    url = message.data["confirm_url"]

    assert (asked.status_code, consent_of(wanted)) == (202, "asked")
    # A scanner of mail follows every link, in every way that it has.
    for method in ("GET", "HEAD", "OPTIONS"):
        await shop.request(method, url)
    page = await shop.get(url)
    assert 'method="post"' in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert consent_of(wanted) == "asked"
    for _ in range(2):
        assert (await shop.post(url)).is_success
    assert consent_of(wanted) == "given"
    assert (await shop.post("/api/v1/consents", json=ANN)).json()["consent"] == "given"
    assert len(kept.messages) == 1


async def test_who_asks_cannot_confirm(shop: httpx2.AsyncClient, wanted: Wanted) -> None:
    await shop.post("/api/v1/consents", json=ANN)

    for path in ("messages", "preferences"):
        assert "confirmations" not in (await shop.get(f"/api/v1/{path}")).text
    assert consent_of(wanted) == "asked"


async def test_nobody_is_asked_again_and_again(shop: httpx2.AsyncClient, kept: Kept) -> None:
    for _ in range(5):
        assert (await shop.post("/api/v1/consents", json=ANN)).status_code == 202

    assert len(kept.messages) <= 2  # one an hour


async def test_who_was_erased_can_still_unsubscribe(
    shop: httpx2.AsyncClient, kept: Kept, wanted: Wanted, queue: Any
) -> None:
    message = await queue()
    kept.messages[message.id] = message.model_copy(update={"recipient": "erased"})

    assert (await shop.post(link(BASE, KEY, UNSUBSCRIBES, message.id))).is_success

    said = await wanted.of("email", message.address_hash)
    assert said
    assert said.consent == "withdrawn"


async def test_consent_that_was_taken_back_is_not_confirmed_by_an_old_link(
    shop: httpx2.AsyncClient, kept: Kept, wanted: Wanted
) -> None:
    await shop.post("/api/v1/consents", json=ANN)
    (message,) = kept.messages.values()
    await shop.put("/api/v1/preferences", json={**ANN, "consent": "withdrawn"})

    await shop.post(message.data["confirm_url"])

    assert consent_of(wanted) == "withdrawn"


async def test_nobody_gives_consent_for_somebody_else(
    shop: httpx2.AsyncClient, wanted: Wanted
) -> None:
    for said in ("asked", "given"):
        answer = await shop.put("/api/v1/preferences", json={**ANN, "consent": said})
        assert answer.status_code == 422
    put = await shop.put("/api/v1/preferences", json={**ANN, "a_day": 2})

    assert (await shop.get("/api/v1/preferences")).json()["items"] == [put.json()]
    assert consent_of(wanted) is None


async def test_a_scanner_that_follows_every_link_unsubscribes_nobody(
    shop: httpx2.AsyncClient, kept: Kept, wanted: Wanted, queue: Any
) -> None:
    message = await queue()
    url = link(BASE, KEY, UNSUBSCRIBES, message.id)

    for method in ("GET", "HEAD", "OPTIONS", "GET"):
        await shop.request(method, url)
    assert not wanted.kept

    form = {"List-Unsubscribe": "One-Click"}
    for _ in range(2):
        assert (await shop.post(url, data=form)).is_success
    assert consent_of(wanted) == "withdrawn"
    assert kept.messages


@pytest.mark.parametrize("path", [UNSUBSCRIBES, CONFIRMATIONS])
async def test_a_link_that_was_not_given_out_is_none(
    shop: httpx2.AsyncClient, wanted: Wanted, path: str
) -> None:
    forged = link(BASE, "another key", path, uuid4())

    for answer in (await shop.get(forged), await shop.post(forged)):
        assert answer.status_code == 404
    assert not wanted.kept


async def test_somebody_is_erased(shop: httpx2.AsyncClient, wanted: Wanted) -> None:
    answer = await shop.put("/api/v1/erasures", json=ANN)

    assert answer.json() == {"messages": 1}
    assert [one.recipient for one in wanted.erased] == ["ann@example.com"]


async def test_nobody_is_asked_without_a_way_to_answer(kept: Kept, wanted: Wanted) -> None:
    transport = httpx2.ASGITransport(app=application(kept, wanted))
    async with httpx2.AsyncClient(transport=transport, base_url=BASE) as http:
        answer = await http.post("/api/v1/consents", json=ANN)

    assert (answer.status_code, kept.messages) == (503, {})


def test_what_is_signed_takes_no_token(kept: Kept, wanted: Wanted) -> None:
    app = application(kept, wanted)

    opened = app.state.route_permissions
    assert set(opened.values()) == {PUBLIC}
    assert all(re.search(f"{WEBHOOKS}|{UNSUBSCRIBES}|{CONFIRMATIONS}", route) for route in opened)
    assert len(opened) == 7
