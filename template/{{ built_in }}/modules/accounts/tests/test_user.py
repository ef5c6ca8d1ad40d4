"""Accounts from the command line."""

from typing import Any

import pytest
from fakeredis import FakeServer

from chassis_accounts import user
from chassis_accounts.passwords import Passwords
from chassis_accounts.user import SESSIONS_GO_ON, UserSettings, main, make

EMAIL = "anna@example.com"


@pytest.fixture
def given(accounts: Any, server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> UserSettings:
    """Settings, and accounts in memory."""
    monkeypatch.setattr(user, "Accounts", lambda *_: accounts)
    key = "k" * 32
    return UserSettings(service_key=key, accounts_key=key, password_memory=32, password_rounds=1)


async def test_an_account_is_made_and_renewed(given: UserSettings, accounts: Any) -> None:
    told = await make(given, EMAIL, ["reader"])
    assert told[:2] == [f"{EMAIL} is made", "roles: reader"]
    first = await accounts.by_email(EMAIL)
    password = told[-1].removeprefix("password: ")
    assert await Passwords(given).check(password, first.password_hash) == (True, None)

    again = await make(given, EMAIL, [])
    second = await accounts.by_email(EMAIL)
    assert again[:2] == [f"{EMAIL} has another password", "roles: reader"]
    assert await Passwords(given).check(password, second.password_hash) == (False, None)


async def test_it_says_that_sessions_go_on_where_redis_is_away(
    given: UserSettings, server: FakeServer
) -> None:
    await make(given, EMAIL, [])
    server.connected = False

    assert SESSIONS_GO_ON in await make(given, EMAIL, ["admin"])


@pytest.mark.parametrize(("email", "roles"), [("nobody", ""), (EMAIL, "two words"), ("", "reader")])
def test_what_cannot_be_meant_is_one_line(email: str, roles: str) -> None:
    with pytest.raises(SystemExit, match="takes an e-mail address") as refused:
        main(["--email", email, "--roles", roles])
    assert "\n" not in str(refused.value)


def test_a_service_that_does_not_answer_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_API_URL", "http://127.0.0.1:1")
    with pytest.raises(SystemExit, match="Does the data service run"):
        main(["--email", EMAIL])
