"""Devices as the data service keeps them: one of each address and collection, for some time."""

import datetime as dt
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID, uuid4

import pytest
from httpx2 import ASGITransport, AsyncClient

from chassis.database.app import build_data_app
from chassis.database.engine import Change
from chassis.database.features import DataSettings
from chassis.problems import Conflict, NotFound
from chassis.schemas import ListQuery, Page
from chassis.testing.memory import MemoryRecords
from chassis_realtime.data.push_devices.repository import PushDevices
from chassis_realtime.data.push_devices.routes import push_devices
from chassis_realtime.devices import PATH, PushDeviceRead

if TYPE_CHECKING:
    from fastapi import FastAPI

    from chassis.database import Database

ADDRESS = "ab" * 32
FILTERS = {"account", "audience", "kind", "address_hash"}


class MemoryDevices(MemoryRecords[PushDeviceRead], PushDevices):
    """Devices in memory; the accounts that are named in `gone` are no more."""

    def __init__(self) -> None:
        super().__init__(PushDeviceRead)
        self.now = dt.datetime.now(dt.UTC)
        self._clock = lambda: self.now
        self.gone = set[str]()
        self.may = self.is_there

    async def is_there(self, account: str, _roles: list[str]) -> bool:
        return account not in self.gone

    async def list(self, query: ListQuery) -> Page[PushDeviceRead]:
        asked = query.model_dump(include=FILTERS, exclude_none=True)
        found = [await self.get(one) for one in self._kept]
        return Page(items=[one for one in found if asked.items() <= one.model_dump().items()])


@pytest.fixture
def devices() -> MemoryDevices:
    return MemoryDevices()


@pytest.fixture
async def client(devices: MemoryDevices) -> AsyncIterator[AsyncClient]:
    settings = DataSettings(database_url="postgresql://nobody@127.0.0.1:1/none")
    app: FastAPI = build_data_app("Garden data", [], settings)
    app.dependency_overrides[push_devices] = devices.given
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://data") as client:
        yield client


async def register(client: AsyncClient, devices: MemoryDevices, **other: Any) -> dict[str, Any]:
    """Register a device for a minute."""
    ends_at = (devices.now + dt.timedelta(minutes=1)).isoformat()
    body = {"account": "anna", "audience": "beds", "kind": "apns", "address": ADDRESS, "roles": []}
    answer = await client.put(PATH, json={**body, "ends_at": ends_at, **other})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def kept(client: AsyncClient, **asked: str) -> list[str]:
    listed = await client.get(PATH, params=asked)
    return [one["id"] for one in listed.json()["items"]]


async def test_again_is_the_same_device_for_longer(
    client: AsyncClient, devices: MemoryDevices
) -> None:
    first = await register(client, devices)
    devices.now += dt.timedelta(seconds=30)

    again = await register(client, devices)

    assert again["id"] == first["id"]
    assert again["ends_at"] > first["ends_at"]
    assert await kept(client) == [first["id"]]


async def test_a_device_is_another_one_for_each_collection(
    client: AsyncClient, devices: MemoryDevices
) -> None:
    one, other = await register(client, devices), await register(client, devices, audience="paths")

    assert one["id"] != other["id"]
    assert await kept(client, audience="paths") == [other["id"]]


async def test_who_registers_a_device_last_has_it(
    client: AsyncClient, devices: MemoryDevices
) -> None:
    before = await register(client, devices)
    after = await register(client, devices, account="ben")

    assert after["id"] == before["id"]
    assert await kept(client, account="anna") == []
    assert await kept(client, account="ben") == [after["id"]]


async def test_a_device_that_has_ended_is_told_nothing_and_forgotten(
    client: AsyncClient, devices: MemoryDevices
) -> None:
    url = f"{PATH}/{(await register(client, devices))['id']}"
    assert (await client.delete(f"{url}/ended")).status_code == 204
    assert (await client.get(url)).json()["address"] == ADDRESS

    devices.now += dt.timedelta(minutes=2)

    assert (await client.get(url)).status_code == 404
    assert len(await kept(client)) == 1, "reading changes nothing"
    for _ in range(2):
        assert (await client.delete(f"{url}/ended")).status_code == 204
    assert await kept(client) == []


async def test_a_device_of_an_account_that_is_no_more_is_told_nothing(
    client: AsyncClient, devices: MemoryDevices
) -> None:
    device = await register(client, devices)
    devices.gone.add("anna")

    assert (await client.get(f"{PATH}/{device['id']}")).status_code == 404
    assert (await client.delete(f"{PATH}/{device['id']}/ended")).status_code == 204
    assert await kept(client) == []
    body = {**device, "ends_at": device["ends_at"]}
    new = {name: body[name] for name in ("account", "audience", "kind", "address", "roles")}
    answer = await client.put(PATH, json={**new, "ends_at": body["ends_at"]})
    assert answer.status_code == 409


async def test_a_device_is_forgotten_by_whose_it_is(
    client: AsyncClient, devices: MemoryDevices
) -> None:
    url = f"{PATH}/{(await register(client, devices))['id']}"

    assert (await client.delete(url, params={"account": "ben"})).status_code == 404
    assert (await client.delete(url, params={"account": "anna"})).status_code == 204
    assert (await client.delete(url)).status_code == 404


async def test_what_is_forgotten_at_the_same_moment_is_kept_anew(
    client: AsyncClient, devices: MemoryDevices, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await register(client, devices)
    change = devices.change

    async def late(record_id: UUID, *given: Any) -> PushDeviceRead:
        await devices.remove(record_id)
        return await change(record_id, *given)

    monkeypatch.setattr(devices, "change", late)

    assert (await register(client, devices))["id"] != first["id"]
    with pytest.raises(NotFound):
        await devices.due(uuid4())


async def test_what_is_registered_at_the_same_moment_is_one_device(
    client: AsyncClient, devices: MemoryDevices, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = devices.add

    async def taken(values: Any) -> PushDeviceRead:
        await add(values)
        raise Conflict("It is there already.")

    monkeypatch.setattr(devices, "add", taken)

    assert [(await register(client, devices))["id"]] == await kept(client)


@pytest.mark.parametrize("ends", ["ended", "end"])
async def test_what_is_registered_again_while_it_is_forgotten_stays(
    ends: str, client: AsyncClient, devices: MemoryDevices, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = UUID((await register(client, devices))["id"])
    devices.now += dt.timedelta(minutes=2)
    remove = devices.remove

    async def late(*given: Any) -> None:
        monkeypatch.setattr(devices, "remove", remove)
        await register(client, devices, account="ben")
        await remove(*given)

    monkeypatch.setattr(devices, "remove", late)

    if ends == "ended":
        await devices.forget_ended(device)
    else:
        with pytest.raises(NotFound):
            await devices.end(device, "anna")
    assert await kept(client, account="ben") == [str(device)]


async def test_what_two_forget_at_the_same_moment_is_forgotten(
    client: AsyncClient, devices: MemoryDevices, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = UUID((await register(client, devices))["id"])
    devices.now += dt.timedelta(minutes=2)
    remove = devices.remove

    async def twice(*given: Any) -> None:
        await remove(*given)
        await remove(*given)

    monkeypatch.setattr(devices, "remove", twice)

    await devices.forget_ended(device)

    assert await kept(client) == []


async def test_others_learn_that_a_device_changes_and_not_how_it_is_reached() -> None:
    told: list[Change] = []

    async def note(_connection: Any, change: Change) -> None:
        told.append(change)

    class Noting:
        recorders = (note,)

    reached = dict.fromkeys(("address", "address_hash", "p256dh", "auth"), "secret")
    written = {"account": "anna", **reached}
    change = Change("add", "push_devices", uuid4(), written, written)
    await PushDevices(cast("Database", Noting())).recorded(cast("Any", None), change)

    (one,) = told
    assert one.values == {"account": "anna", **dict.fromkeys(reached)}
    assert one.stored == {"account": "anna"}
