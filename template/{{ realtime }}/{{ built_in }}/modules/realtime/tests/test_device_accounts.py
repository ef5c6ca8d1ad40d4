"""A device is told what its account may read now; it goes with the account."""

from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from chassis.database.engine import Change
from chassis.problems import NotFound
from chassis_realtime.data import device_accounts

KNOWN, DISABLED = uuid4(), uuid4()


class Accounts:
    """The accounts of the data service."""

    async def get(self, record_id: UUID) -> Any:
        if record_id not in {KNOWN, DISABLED}:
            raise NotFound("There is none.")
        return SimpleNamespace(roles=["reader", "editor"], disabled=record_id == DISABLED)


@pytest.fixture
def state() -> Any:
    recorders: list[object] = []
    devices, database = SimpleNamespace(), SimpleNamespace(recorders=recorders)
    state = SimpleNamespace(accounts=Accounts(), push_devices=devices, database=database)
    device_accounts.install(cast("Any", SimpleNamespace(state=state)), object())
    return state


@pytest.mark.parametrize(
    ("account", "roles", "told"),
    [
        (str(KNOWN), ["reader"], True),
        (str(KNOWN), [], True),
        (str(KNOWN), ["auditor"], False),
        (str(DISABLED), ["reader"], False),
        (str(uuid4()), [], False),
        ("anna-of-another-issuer", [], False),
    ],
)
async def test_an_account_is_told_what_it_may_read_now(
    account: str, roles: list[str], *, told: bool, state: Any
) -> None:
    assert await state.push_devices.may(account, roles) is told


async def test_devices_go_with_their_account(state: Any) -> None:
    done: list[Any] = []

    class Connection:
        async def execute(self, statement: Any) -> None:
            done.append(statement.compile())

    (recorder,) = state.database.recorders
    for kind, table in (("remove", "auth_users"), ("change", "auth_users"), ("remove", "beds")):
        await recorder(Connection(), Change(cast("Any", kind), table, KNOWN, {}, {}))

    (statement,) = done
    assert str(statement).startswith("DELETE FROM push_devices")
    assert list(statement.params.values()) == [str(KNOWN)]
