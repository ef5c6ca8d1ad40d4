"""A chat acts as an account with the roles that it has now, while it may log in."""

from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.problems import NotFound
from chassis_bot.data import link_accounts

KNOWN, DISABLED = uuid4(), uuid4()


class Accounts:
    """The accounts of the data service."""

    async def get(self, record_id: UUID) -> Any:
        if record_id not in {KNOWN, DISABLED}:
            raise NotFound("There is none.")
        return SimpleNamespace(roles=["editor"], disabled=record_id == DISABLED)


@pytest.mark.parametrize(
    ("account", "roles"),
    [
        (str(KNOWN), ["editor"]),
        (str(DISABLED), None),
        (str(uuid4()), None),
        ("anna-of-another-issuer", None),
        (f"https://id.example {KNOWN}", None),
    ],
)
async def test_an_account_may_what_it_may_now(account: str, roles: list[str] | None) -> None:
    state = SimpleNamespace(accounts=Accounts(), bot_links=SimpleNamespace())
    app: Any = SimpleNamespace(state=state)

    link_accounts.install(app, object())

    assert await state.bot_links.current(account, ["reader"]) == roles
