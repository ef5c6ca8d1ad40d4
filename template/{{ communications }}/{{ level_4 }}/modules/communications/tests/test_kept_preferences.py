"""What the data service knows of what people want, over HTTP."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from httpx2 import ASGITransport, AsyncClient

from chassis.database.app import build_data_app
from chassis.database.features import DataSettings
from chassis.problems import NotFound
from chassis_communications.data.preferences.routes import preferences
from chassis_communications.kept_preferences import KeptPreferences
from chassis_communications.preferences import Address, NewPreference, PreferenceQuery
from chassis_communications.testing.over import Over
from chassis_communications.testing.wanted import Wanted

if TYPE_CHECKING:
    from fastapi import FastAPI


@pytest.fixture
async def kept() -> AsyncIterator[KeptPreferences]:
    wanted = Wanted()

    async def erase(whose: Address) -> int:
        return (await wanted.erase(whose)).messages

    served: Any = SimpleNamespace(
        put=wanted.put,
        put_known=wanted.put_known,
        get=wanted.get,
        say=wanted.say,
        list=wanted.list,
        erase=erase,
    )
    settings = DataSettings(database_url="postgresql://nobody@127.0.0.1:1/none")
    app: FastAPI = build_data_app("Garden data", [], settings)
    app.dependency_overrides[preferences] = lambda: served
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://data") as http:
        yield KeptPreferences(Over(http), "http://data/")


async def test_what_somebody_wants_is_kept_and_erased(kept: KeptPreferences) -> None:
    new = NewPreference(channel="sms", recipient="+447700900123", quiet_hours="22:00-07:00")

    put = await kept.put(new)

    assert (put.quiet_hours, put.consent) == ("22:00-07:00", None)
    assert await kept.of("sms", put.address_hash) == put
    assert (await kept.list(PreferenceQuery(consent="given"))).items == [put]
    assert (await kept.say(put.id, "given")).consent == "given"
    assert (await kept.get(put.id)).consent == "given"
    assert (await kept.say_known("sms", put.address_hash, "withdrawn")).id == put.id
    assert (await kept.get(put.id)).consent == "withdrawn"
    with pytest.raises(NotFound):
        await kept.get(uuid4())
    whose = Address(channel="sms", recipient="+447700900123")
    assert (await kept.erase(whose)).messages == 1
