"""Who is let in, who is not, and what each of them is told."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
from fakeredis import FakeServer
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.app import build_app
from chassis.environment import Name
from chassis.features import FeatureSettings
from chassis.identity import Principal
from chassis.problems import Unavailable
from chassis.testing.issuer import NAME, Issuer
from chassis_accounts import login
from chassis_accounts.errors import CODE_NEEDED, WRONG

ADMIN = {
    "email": "admin@example.com",
    "password": "a password that only tests have",  # pragma: allowlist secret
}
ANNA = {
    "email": "anna@example.com",
    "password": "violet tractor hums nineteen",  # pragma: allowlist secret
}
OTHER = "nineteen tractors hum in violet"
LOGIN = "/auth/sessions"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_the_policy_says_what_somebody_may_who_has_logged_in(
    client: AsyncClient, anna: dict[str, Any]
) -> None:
    mine = bearer(anna["access_token"])

    assert (await client.get("/beds")).status_code == 401
    assert (await client.get("/beds", headers=mine)).status_code == 200
    assert (await client.post("/beds", headers=mine)).status_code == 403
    assert (await client.get("/auth/users", headers=mine)).status_code == 403
    assert (await client.get("/auth/me", headers=mine)).json()["email"] == ANNA["email"]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"password": OTHER}, id="wrong password"),
        pytest.param({"email": "nobody@example.com"}, id="unknown account"),
        pytest.param({"email": "nobody@example.com", "code": "123456"}, id="unknown, with a code"),
    ],
)
async def test_nobody_learns_what_was_wrong(
    client: AsyncClient, anna: dict[str, Any], given: dict[str, str]
) -> None:
    answer = await client.post(LOGIN, json={**ANNA, **given})

    assert (answer.status_code, answer.json()["detail"]) == (401, WRONG)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_an_unknown_account_takes_as_much_work_as_a_known_one(
    app: FastAPI, client: AsyncClient, anna: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords = app.state.login.passwords
    compared: list[str] = []

    def noting(name: str) -> Any:
        work = getattr(passwords._hash, name)

        def noted(*given: str) -> Any:
            compared.append(name)
            return work(*given)

        return noted

    for name in ("verify", "verify_and_update"):
        monkeypatch.setattr(passwords._hash, name, noting(name))

    await client.post(LOGIN, json={**ANNA, "password": OTHER})
    await client.post(LOGIN, json={**ANNA, "email": "nobody@example.com"})

    assert compared == ["verify_and_update", "verify"]


async def test_a_disabled_account_is_out_at_once(
    client: AsyncClient, admin: dict[str, str], anna: dict[str, Any]
) -> None:
    url = f"/auth/users/{anna['id']}"
    assert (await client.patch(url, json={"disabled": True}, headers=admin)).status_code == 200

    assert (await client.post(LOGIN, json=ANNA)).status_code == 401
    sent = {"refresh_token": anna["refresh_token"]}
    assert (await client.post("/auth/sessions/refresh", json=sent)).status_code == 401
    assert (await client.get("/beds", headers=bearer(anna["access_token"]))).status_code == 401


async def test_attempts_are_counted_by_account_and_address(
    client: AsyncClient, anna: dict[str, Any], settings: FeatureSettings
) -> None:
    wrong = {**ANNA, "password": OTHER}
    answers = await asyncio.gather(*(client.post(LOGIN, json=wrong) for _ in range(9)))

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [401] * settings.login_attempts + [429] * (9 - settings.login_attempts)
    late = await client.post(LOGIN, json=ANNA)
    assert late.status_code == 429
    assert 0 < int(late.headers["Retry-After"]) <= settings.login_window
    assert (await client.post(LOGIN, json=ADMIN)).status_code == 201


async def test_a_login_forgets_the_attempts_before_it(
    client: AsyncClient, anna: dict[str, Any], settings: FeatureSettings
) -> None:
    for _ in range(2):
        for _ in range(settings.login_attempts - 1):
            await client.post(LOGIN, json={**ANNA, "password": OTHER})
        assert (await client.post(LOGIN, json=ANNA)).status_code == 201


async def test_the_first_administrator_is_made_once(
    client: AsyncClient, admin: dict[str, str]
) -> None:
    everybody = (await client.get("/auth/users", headers=admin)).json()["items"]
    assert [(one["email"], one["roles"]) for one in everybody] == [(ADMIN["email"], ["admin"])]

    new = {**ANNA, "roles": ["admin"]}
    await client.post("/auth/users", json=new, headers=admin)
    gone = await client.delete(f"/auth/users/{everybody[0]['id']}", headers=admin)
    assert gone.status_code == 204
    assert (await client.post(LOGIN, json=ADMIN)).status_code == 401  # there is an account


async def second_factor(client: AsyncClient, anna: dict[str, Any]) -> tuple[pyotp.TOTP, list[str]]:
    mine, proof = bearer(anna["access_token"]), {"password": ANNA["password"]}
    made = (await client.post("/auth/me/second-factor", json=proof, headers=mine)).json()
    totp = pyotp.TOTP(made["secret"])
    code = {"code": totp.at(time.time() - 30)}  # the clock of a telephone is late
    answer = await client.put("/auth/me/second-factor", json=code, headers=mine)
    assert answer.status_code == 200, answer.text
    return totp, answer.json()["recovery_codes"]


async def test_a_second_factor_is_asked_for_and_each_code_is_good_once(
    client: AsyncClient, anna: dict[str, Any]
) -> None:
    totp, _ = await second_factor(client, anna)
    code = totp.now()

    missing = await client.post(LOGIN, json=ANNA)
    assert (missing.status_code, missing.json()["detail"]) == (401, CODE_NEEDED)
    told = [
        (await client.post(LOGIN, json={**ANNA, "code": one})).status_code
        for one in ("000000", code, code)
    ]
    assert told == [401, 201, 401]


async def test_without_the_password_nobody_learns_of_a_second_factor(
    client: AsyncClient, anna: dict[str, Any]
) -> None:
    await second_factor(client, anna)

    answer = await client.post(LOGIN, json={**ANNA, "password": OTHER})
    assert answer.json()["detail"] == WRONG


@pytest.mark.parametrize(
    "change", [{"disabled": True}, {"password": OTHER}], ids=["disabled", "another password"]
)
async def test_a_login_that_began_before_all_sessions_were_ended_gives_none(
    client: AsyncClient,
    anna: dict[str, Any],
    admin: dict[str, str],
    meanwhile: Any,
    change: dict[str, Any],
) -> None:
    meanwhile(lambda: client.patch(f"/auth/users/{anna['id']}", json=change, headers=admin))

    answer = await client.post(LOGIN, json=ANNA)

    assert (answer.status_code, answer.json()["detail"]) == (401, WRONG)
    found = await client.get(f"/auth/users/{anna['id']}/sessions", headers=admin)
    assert found.json() == {"items": []}


async def test_a_login_has_the_roles_of_now(
    client: AsyncClient, anna: dict[str, Any], admin: dict[str, str], meanwhile: Any
) -> None:
    change: dict[str, Any] = {"roles": []}
    meanwhile(lambda: client.patch(f"/auth/users/{anna['id']}", json=change, headers=admin))

    token = (await client.post(LOGIN, json=ANNA)).json()["access_token"]

    assert (await client.get("/beds", headers=bearer(token))).status_code == 403


async def test_of_two_changes_at_the_same_time_one_counts(
    app: FastAPI, client: AsyncClient, anna: dict[str, Any]
) -> None:
    url, mine = "/auth/me/password", bearer(anna["access_token"])
    changes = [{"password": ANNA["password"], "new_password": f"{OTHER} {one}"} for one in "ab"]

    answers = await asyncio.gather(*(client.put(url, json=one, headers=mine) for one in changes))

    assert sorted(answer.status_code for answer in answers) == [204, 412]
    assert "412" in app.openapi()["paths"][f"/api/v1{url}"]["put"]["responses"]


async def test_a_recovery_code_is_good_once(client: AsyncClient, anna: dict[str, Any]) -> None:
    _, (first, second, *_) = await second_factor(client, anna)

    told = [
        (await client.post(LOGIN, json={**ANNA, "code": one})).status_code
        for one in (first, first, second.upper())
    ]
    assert told == [201, 401, 201]


async def test_what_the_gateway_says_last_counts(
    app: FastAPI, client: AsyncClient, settings: FeatureSettings
) -> None:
    object.__setattr__(app.state.login.settings, "client_address_header", "X-Forwarded-For")
    statuses = []
    for number in range(settings.login_attempts + 1):
        made_up = [("X-Forwarded-For", f"198.51.100.{number}")]
        headers = [*made_up, ("X-Forwarded-For", f"2001:db8::{number}")]
        answer = await client.post(LOGIN, json=ANNA, headers=headers)
        statuses.append(answer.status_code)

    assert (statuses[0], statuses[-1]) == (401, 429)


async def test_codes_are_counted_wherever_they_come_from(
    app: FastAPI, client: AsyncClient, anna: dict[str, Any], settings: FeatureSettings
) -> None:
    await second_factor(client, anna)
    object.__setattr__(app.state.login.settings, "client_address_header", "X-Forwarded-For")

    statuses = []
    for number in range(2 * settings.login_attempts + 1):
        sent = {**ANNA, "code": "000000"}
        headers = {"X-Forwarded-For": f"198.51.100.{number}"}
        statuses.append((await client.post(LOGIN, json=sent, headers=headers)).status_code)
    assert (statuses[0], statuses[-1]) == (401, 429)


async def test_a_code_that_was_never_confirmed_is_not_asked_for(
    client: AsyncClient, anna: dict[str, Any]
) -> None:
    mine, proof = bearer(anna["access_token"]), {"password": ANNA["password"]}
    await client.post("/auth/me/second-factor", json=proof, headers=mine)

    wrong = await client.put("/auth/me/second-factor", json={"code": "000000"}, headers=mine)
    assert wrong.status_code == 422
    assert (await client.post(LOGIN, json=ANNA)).status_code == 201


async def test_a_second_factor_goes_for_a_password_and_a_code_or_by_an_administrator(
    client: AsyncClient, anna: dict[str, Any], admin: dict[str, str]
) -> None:
    mine = bearer(anna["access_token"])
    for by_admin in (False, True):
        _, codes = await second_factor(client, anna)
        removal = "/auth/me/second-factor/removal"
        alone = await client.post(removal, json={"password": ANNA["password"]}, headers=mine)
        assert alone.status_code == 401
        if by_admin:
            url, changes = f"/auth/users/{anna['id']}", {"second_factor": False}
            await client.patch(url, json=changes, headers=admin)
        else:
            proof = {"password": ANNA["password"], "code": codes[0]}
            assert (await client.post(removal, json=proof, headers=mine)).status_code == 204
            await client.delete("/auth/sessions", headers=mine)
        assert (await client.post(LOGIN, json=ANNA)).status_code == 201
        if not by_admin:
            break


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short", "must have 15 characters or more"),
        ("passwordpassword", "is easily guessed"),
        ("anna@example.com", "is easily guessed"),
        ("aaaaaaaaaaaaaaaaaaaa", "is easily guessed"),
    ],
)
async def test_a_password_that_is_easily_guessed_is_refused(
    client: AsyncClient, admin: dict[str, str], password: str, said: str
) -> None:
    new = {"email": ANNA["email"], "password": password}
    answer = await client.post("/auth/users", json=new, headers=admin)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "password"
    assert said in answer.json()["errors"][0]["detail"]
    assert password not in answer.text


async def test_another_password_ends_every_other_session(
    client: AsyncClient, anna: dict[str, Any]
) -> None:
    elsewhere = (await client.post(LOGIN, json=ANNA)).json()
    mine = bearer(anna["access_token"])
    change = {"password": ANNA["password"], "new_password": OTHER}

    wrong = await client.put("/auth/me/password", json={**change, "password": OTHER}, headers=mine)
    right = await client.put("/auth/me/password", json=change, headers=mine)

    assert (wrong.status_code, right.status_code) == (401, 204)
    assert (await client.get("/beds", headers=mine)).status_code == 200
    assert (await client.get("/beds", headers=bearer(elsewhere["access_token"]))).status_code == 401
    assert (await client.post(LOGIN, json=ANNA)).status_code == 401
    assert (await client.post(LOGIN, json={**ANNA, "password": OTHER})).status_code == 201


async def test_other_roles_count_at_once(
    client: AsyncClient, admin: dict[str, str], anna: dict[str, Any]
) -> None:
    url = f"/auth/users/{anna['id']}"
    misspelt = await client.patch(url, json={"roles": ["redaer"]}, headers=admin)
    assert "redaer is no role of policy.toml" in misspelt.text
    await client.patch(url, json={"roles": ["admin"]}, headers=admin)

    assert (await client.get("/beds", headers=bearer(anna["access_token"]))).status_code == 401
    again = (await client.post(LOGIN, json=ANNA)).json()
    assert (await client.post("/beds", headers=bearer(again["access_token"]))).status_code == 201


async def test_nothing_that_proves_an_account_is_shown(
    client: AsyncClient, admin: dict[str, str], anna: dict[str, Any]
) -> None:
    await second_factor(client, anna)
    shown = (await client.get("/auth/users", headers=admin)).text

    assert "argon2" not in shown
    assert "recovery" not in shown
    assert "secret" not in shown


async def test_report_mode_opens_no_account(
    settings: FeatureSettings, client: AsyncClient, app: FastAPI, admin: dict[str, str]
) -> None:
    layer: Any = app.middleware_stack
    while not hasattr(layer, "_reports"):
        layer = layer.app
    layer._reports = True

    assert (await client.get("/beds")).status_code == 200
    assert (await client.get("/auth/users")).status_code == 403
    assert (await client.post("/auth/users", json=ANNA)).status_code == 403
    assert (await client.delete("/auth/keys")).status_code == 403
    assert (await client.get("/auth/me")).status_code == 404
    assert (await client.get("/auth/users", headers=admin)).status_code == 200


async def test_without_redis_nobody_gets_in_and_who_is_in_stays(
    client: AsyncClient, anna: dict[str, Any], server: FakeServer
) -> None:
    mine = bearer(anna["access_token"])
    server.connected = False

    assert (await client.post(LOGIN, json=ANNA)).status_code == 503
    sent = {"refresh_token": anna["refresh_token"]}
    assert (await client.post("/auth/sessions/refresh", json=sent)).status_code == 503
    assert (await client.get("/beds", headers=mine)).status_code == 200

    server.connected = True
    assert (await client.post("/auth/sessions/refresh", json=sent)).status_code == 200


async def test_a_refresh_that_fails_uses_no_token_up(
    client: AsyncClient,
    app: FastAPI,
    accounts: Any,
    anna: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def away(*_: Any) -> None:
        raise Unavailable("away")

    sent = {"refresh_token": anna["refresh_token"]}
    with monkeypatch.context() as patch:
        patch.setattr(accounts, "current", away)
        assert (await client.post("/auth/sessions/refresh", json=sent)).status_code == 503
    answer = await client.post("/auth/sessions/refresh", json=sent)
    assert answer.status_code == 200
    assert answer.json()["refresh_token"] != anna["refresh_token"]


async def test_somebody_of_another_issuer_has_no_account(client: AsyncClient, ask_as: Any) -> None:
    ask_as(Principal("of-another-issuer", frozenset({"reader"})))

    assert (await client.get("/auth/me")).status_code == 404
    assert (await client.get("/auth/sessions")).json() == {"items": []}


OTHERS = Issuer()
"""Who signs tokens for users that have no account here."""


@pytest.fixture
async def both(
    settings: FeatureSettings, accounts: Any, kept_keys: Any, build: Any, tmp_path: Path
) -> AsyncIterator[AsyncClient]:
    """Call an instance that takes the tokens of another issuer, too."""
    keys = tmp_path / "keys.json"
    keys.write_bytes(OTHERS.published)
    told = {"oidc_issuer": NAME, "oidc_keys_url": keys.as_uri()}
    app = build(settings.model_copy(update=told), accounts, kept_keys)
    async with build.calling(app) as client:
        yield client


async def test_a_token_of_another_issuer_reaches_no_session_of_an_account_whose_id_it_has(
    client: AsyncClient, both: AsyncClient, anna: dict[str, Any]
) -> None:
    hers = bearer(anna["access_token"])
    (session,) = (await client.get(LOGIN, headers=hers)).json()["items"]
    foreign = OTHERS.token(sub=anna["id"], sid=session["id"], roles=["admin"])
    both.headers.update(bearer(foreign))

    assert (await both.get("/beds")).status_code == 200
    assert (await both.get("/auth/me")).status_code == 404
    assert (await both.get(LOGIN)).json() == {"items": []}
    await both.delete(f"{LOGIN}/current")
    assert (await both.delete(f"{LOGIN}/{session['id']}")).status_code == 404
    await both.delete(LOGIN)
    await both.post("http://garden/oauth2/revoke", data={"token": foreign})

    assert (await client.get(LOGIN, headers=hers)).json()["items"] == [session]


async def test_nothing_that_is_kept_for_an_account_is_reached_from_another_issuer(
    client: AsyncClient, both: AsyncClient, anna: dict[str, Any]
) -> None:
    mine = (await client.get("/beds/mine", headers=bearer(anna["access_token"]))).json()
    both.headers.update(bearer(OTHERS.token(sub=anna["id"], roles=["reader"])))

    assert mine == anna["id"]
    assert (await both.get("/beds/mine")).json() == f"{NAME} {anna['id']}"


async def test_the_routes_are_documented_with_what_they_take(app: FastAPI) -> None:
    paths = app.openapi()["paths"]

    assert "security" not in paths["/api/v1/auth/sessions"]["post"]
    assert "security" not in paths["/api/v1/auth/keys"]["get"]
    assert paths["/api/v1/auth/me"]["get"]["security"]
    assert paths["/api/v1/auth/users"]["post"]["security"]


@pytest.mark.parametrize(
    ("environment", "key", "told"),
    [("local", "", []), ("production", "k" * 32, []), ("production", "", [login.CLOSED])],
)
async def test_production_without_a_key_says_that_nobody_can_log_in(
    environment: Name, key: str, told: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    settings = FeatureSettings(app_env=environment, accounts_key=key)
    app = build_app("Garden", [], settings)

    async with login.lifespan(app, settings):
        assert caplog.messages == told


async def test_without_redis_an_account_stays_as_it_is(
    client: AsyncClient, admin: dict[str, str], anna: dict[str, Any], server: FakeServer
) -> None:
    url, mine = f"/auth/users/{anna['id']}", bearer(anna["access_token"])
    server.connected = False

    answers = [
        await client.patch(url, json={"disabled": True}, headers=admin),
        await client.delete(url, headers=admin),
        await client.put(
            "/auth/me/password",
            json={"password": ANNA["password"], "new_password": OTHER},
            headers=mine,
        ),
    ]

    assert [answer.status_code for answer in answers] == [503, 503, 503]
    server.connected = True
    assert (await client.get(url, headers=admin)).json()["version"] == anna["version"]
    assert (await client.post(LOGIN, json=ANNA)).status_code == 201


@pytest.fixture
def redis_leaves(app: FastAPI, server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take Redis away with the next write of an account."""
    kept = app.state.login.accounts

    def taking_redis_away(write: Any) -> Any:
        async def written(*given: Any) -> Any:
            server.connected = False
            return await write(*given)

        return written

    for name in ("change", "remove"):
        monkeypatch.setattr(kept, name, taking_redis_away(getattr(kept, name)))


@pytest.mark.usefixtures("redis_leaves")
@pytest.mark.parametrize(("method", "sent"), [("PATCH", {"disabled": True}), ("DELETE", None)])
async def test_if_redis_goes_meanwhile_nobody_is_told_that_nothing_was_done(
    client: AsyncClient, admin: dict[str, str], anna: dict[str, Any], method: str, sent: Any
) -> None:
    url = f"/auth/users/{anna['id']}"

    answer = await client.request(method, url, headers=admin, json=sent)

    assert answer.status_code == 504
    assert "Retry-After" not in answer.headers


async def test_the_sessions_of_an_account_that_is_gone_can_be_ended_again(
    client: AsyncClient, admin: dict[str, str], anna: dict[str, Any], app: FastAPI
) -> None:
    url, sessions = f"/auth/users/{anna['id']}", app.state.login.sessions
    assert (await client.delete(url, headers=admin)).status_code == 204
    session, _ = await sessions.begin(anna["id"], "late")

    assert (await client.delete(url, headers=admin)).status_code == 404
    assert not await sessions.goes_on(session)


async def test_an_account_is_changed_and_removed_by_its_version(
    client: AsyncClient, admin: dict[str, str], anna: dict[str, Any], app: FastAPI
) -> None:
    url = f"/auth/users/{anna['id']}"
    first = (await client.get(url, headers=admin)).headers["ETag"]

    changed = await client.patch(url, json={"roles": []}, headers={**admin, "If-Match": first})
    late = await client.patch(url, json={"roles": []}, headers={**admin, "If-Match": first})
    too_late = await client.delete(url, headers={**admin, "If-Match": first})
    unchanged = await client.patch(url, json={}, headers=admin)
    app.state.require_if_match = True
    without = await client.delete(url, headers=admin)
    now = {**admin, "If-Match": changed.headers["ETag"]}

    assert (late.status_code, too_late.status_code, without.status_code) == (412, 412, 428)
    assert unchanged.headers["ETag"] == changed.headers["ETag"] != first
    assert (await client.delete(url, headers=now)).status_code == 204
