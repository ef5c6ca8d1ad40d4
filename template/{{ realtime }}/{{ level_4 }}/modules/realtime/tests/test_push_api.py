"""Who is logged in has devices told of what it may read, sees them without their addresses, and ends that."""

import datetime as dt
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import pytest
from httpx2 import ASGITransport, AsyncClient

from chassis.access.policy import Policy
from chassis.access.rules import PolicyRules
from chassis.app import build_app
from chassis.features import FeatureSettings
from chassis.identity import Principal
from chassis.problems import Conflict, NotFound
from chassis.testing.http import RecordedHttp
from chassis_realtime.devices import PATH, PushDeviceNew, PushDeviceQuery, hash_of
from chassis_realtime.kept_devices import KeptDevices
from chassis_realtime.push_api import OWN_ROUTES
from chassis_realtime.testing.push_devices import MemoryDevices
from chassis_realtime.testing.push_services import PushServices

if TYPE_CHECKING:
    from fastapi import FastAPI

ADDRESS = "ab" * 32
PHONE = {"collection": "beds", "kind": "apns", "address": ADDRESS}
ROLES = {"gardener": frozenset({"beds:read"}), "guest": frozenset({"paths:read"})}
ANNA = Principal("anna", frozenset({"gardener", "guest"}))
BEN = Principal("ben", frozenset({"admin"}))

type AskAs = Callable[[Principal | None], None]


@pytest.fixture
def devices() -> MemoryDevices:
    return MemoryDevices()


@pytest.fixture
def settings() -> FeatureSettings:
    given = PushServices(address="http://127.0.0.1:9").settings()
    key = given["push_vapid_public_key"]
    return FeatureSettings(
        push_providers=["apns", "web_push"],
        push_vapid_public_key=key,
        push_devices_an_account=2,
    )


@pytest.fixture
async def client(settings: FeatureSettings, devices: MemoryDevices) -> AsyncIterator[AsyncClient]:
    app: FastAPI = build_app("Garden", [], settings)
    app.state.kept_devices = devices
    allowed = {**ROLES, "admin": frozenset({"*"})}
    routes = dict.fromkeys(OWN_ROUTES, "signed_in")
    app.state.rules = PolicyRules(app, Policy(allowed, routes))
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://garden") as client:
        yield client


async def test_a_device_is_of_who_asks_and_its_address_is_shown_to_nobody(
    client: AsyncClient, devices: MemoryDevices, ask_as: AskAs
) -> None:
    ask_as(ANNA)
    answer = await client.put(PATH, json=PHONE)

    assert answer.status_code == 200, answer.text
    assert answer.json()["fingerprint"] == hash_of(ADDRESS)[:12]
    (kept,) = devices.kept.values()
    assert (kept.account, kept.audience, kept.address) == ("anna", "beds", ADDRESS)
    assert kept.roles == ["gardener"], "not the one by which it may not read it"
    listed = await client.get(PATH)
    assert [one["collection"] for one in listed.json()["items"]] == ["beds"]
    assert ADDRESS not in answer.text + listed.text
    assert ADDRESS not in repr(kept)


async def test_a_page_subscribes_with_the_key_of_this_system(
    client: AsyncClient, settings: FeatureSettings, ask_as: AskAs
) -> None:
    ask_as(ANNA)

    assert (await client.get(f"{PATH}/key")).json() == {"key": settings.push_vapid_public_key}


async def test_without_web_push_there_is_no_key(
    client: AsyncClient, settings: FeatureSettings, ask_as: AskAs
) -> None:
    ask_as(ANNA)
    settings.push_providers = frozenset()

    assert (await client.get(f"{PATH}/key")).status_code == 404
    answer = await client.put(PATH, json=PHONE)
    assert answer.status_code == 422
    assert "pushes by: nothing" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"kind": "fcm"}, "kind"),
        ({"kind": "pigeon"}, "kind"),
        ({"address": "../1"}, "address"),
        ({"kind": "web_push", "address": "https://127.0.0.1/"}, "address"),
        ({"account": "ben"}, "account"),
    ],
)
async def test_what_cannot_be_pushed_to_is_refused(
    other: dict[str, str], field: str, client: AsyncClient, devices: MemoryDevices, ask_as: AskAs
) -> None:
    ask_as(ANNA)
    answer = await client.put(PATH, json={**PHONE, **other})

    assert answer.status_code == 422
    assert field in answer.text
    assert not devices.kept


@pytest.mark.parametrize("who", [Principal("carl", frozenset({"guest"})), Principal("dora")])
async def test_who_may_not_read_a_collection_is_told_nothing_of_it(
    who: Principal, client: AsyncClient, devices: MemoryDevices, ask_as: AskAs
) -> None:
    ask_as(who)

    assert (await client.put(PATH, json=PHONE)).status_code == 404
    assert (await client.put(PATH, json={**PHONE, "collection": "none"})).status_code == 404
    assert not devices.kept


async def test_what_everybody_may_follow_takes_no_role(
    client: AsyncClient, devices: MemoryDevices, ask_as: AskAs
) -> None:
    app: Any = cast("Any", client._transport).app
    open_ = {"GET /api/v1/beds/live/events": "public", f"PUT {PATH}": "signed_in"}
    app.state.rules = PolicyRules(app, Policy({}, open_))
    ask_as(Principal("dora"))

    assert (await client.put(PATH, json=PHONE)).status_code == 200
    assert [one.roles for one in devices.kept.values()] == [[]]


async def test_an_account_has_no_more_than_it_may_have(
    client: AsyncClient, devices: MemoryDevices, ask_as: AskAs
) -> None:
    ask_as(ANNA)
    for _ in range(2):
        for token in ("ab" * 32, "cd" * 32):
            assert (await client.put(PATH, json={**PHONE, "address": token})).status_code == 200

    assert (await client.put(PATH, json={**PHONE, "address": "ef" * 32})).status_code == 409
    assert len(devices.kept) == 2


async def test_a_device_that_has_ended_counts_no_more(
    client: AsyncClient, devices: MemoryDevices, ask_as: AskAs
) -> None:
    ask_as(ANNA)
    for token in ("ab" * 32, "cd" * 32):
        await client.put(PATH, json={**PHONE, "address": token})
    ended, other = devices.kept
    now = dt.datetime.now(dt.UTC)
    devices.kept[ended] = devices.kept[ended].model_copy(update={"ends_at": now})

    assert (await client.put(PATH, json={**PHONE, "address": "ef" * 32})).status_code == 200
    assert ended not in devices.kept
    assert other in devices.kept


async def test_everybody_ends_the_own_and_who_may_those_of_others(
    client: AsyncClient, devices: MemoryDevices, ask_as: AskAs
) -> None:
    ask_as(BEN)
    device = (await client.put(PATH, json=PHONE)).json()["id"]
    ask_as(ANNA)
    own = (await client.put(PATH, json={**PHONE, "address": "cd" * 32})).json()["id"]

    assert (await client.get(PATH, params={"account": "ben"})).status_code == 404
    assert (await client.delete(f"{PATH}/{device}")).status_code == 404
    assert (await client.delete(f"{PATH}/{own}")).status_code == 204
    ask_as(BEN)
    assert len((await client.get(PATH, params={"account": "ben"})).json()["items"]) == 1
    assert (await client.delete(f"{PATH}/{device}")).status_code == 204


async def test_a_service_registers_nothing_for_whom_it_asks(
    client: AsyncClient, devices: MemoryDevices, ask_as: AskAs
) -> None:
    ask_as(Principal("anna", frozenset({"gardener"}), "garden_bot"))

    assert (await client.put(PATH, json=PHONE)).status_code == 409
    assert not devices.kept


async def test_nobody_has_no_devices(client: AsyncClient, ask_as: AskAs) -> None:
    ask_as(None)

    assert (await client.put(PATH, json=PHONE)).status_code == 401
    assert (await client.get(f"{PATH}/key")).status_code == 401


async def test_without_identity_there_is_nobody_to_tell(
    devices: MemoryDevices, ask_as: AskAs
) -> None:
    ask_as(None)
    app = build_app("Garden", [], FeatureSettings(auth_mode="report", push_providers=["apns"]))
    app.state.kept_devices = devices
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://garden") as client:
        assert (await client.put(PATH, json=PHONE)).status_code == 404
        assert (await client.get(PATH)).status_code == 404
        assert (await client.delete(f"{PATH}/{uuid4()}")).status_code == 404


def test_web_push_without_its_key_is_refused_in_a_line() -> None:
    with pytest.raises(SystemExit, match="PUSH_VAPID_PUBLIC_KEY must be set"):
        build_app("Garden", [], FeatureSettings(push_providers=["web_push"]))


def test_a_key_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="make push-key"):
        FeatureSettings(push_vapid_public_key="none")


def new() -> PushDeviceNew:
    return PushDeviceNew.model_validate(
        {
            "account": "anna & ben",
            "audience": "beds",
            "kind": "apns",
            "address": ADDRESS,
            "roles": [],
            "ends_at": "2030-01-01T00:00:00Z",
        }
    )


async def test_devices_are_kept_by_the_data_service() -> None:
    kept = await MemoryDevices().register(new())
    http = RecordedHttp(200, kept.model_dump(mode="json"))
    devices = KeptDevices(http, "http://data/")

    assert await devices.register(new()) == await devices.due(kept.id) == kept
    await devices.end(kept.id, "anna & ben")
    await devices.end(kept.id)
    await devices.forget_ended(kept.id)

    url = f"http://data{PATH}"
    assert [(method, to) for method, to, _ in http.sent] == [
        ("PUT", url),
        ("GET", f"{url}/{kept.id}"),
        ("DELETE", f"{url}/{kept.id}?account=anna+%26+ben"),
        ("DELETE", f"{url}/{kept.id}"),
        ("DELETE", f"{url}/{kept.id}/ended"),
    ]
    assert http.headers[1] == {"Cache-Control": "no-cache"}, "no cache keeps an address"


async def test_what_the_data_service_says_is_passed_on() -> None:
    refusing = KeptDevices(RecordedHttp(409, {"detail": "no"}), "http://data")
    missing = KeptDevices(RecordedHttp(404, {"detail": "no"}), "http://data")
    empty = KeptDevices(RecordedHttp(200, {"items": [], "next_cursor": None}), "http://data")

    with pytest.raises(Conflict):
        await refusing.register(new())
    with pytest.raises(NotFound):
        await missing.end(uuid4())
    assert await missing.due(uuid4()) is None
    assert (await empty.list(PushDeviceQuery(account="anna"))).items == []
