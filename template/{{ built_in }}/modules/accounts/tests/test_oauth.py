"""Programs get tokens for their secrets, and ask about tokens, as the RFCs say."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from fakeredis import FakeServer
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient, BasicAuth, Response

from chassis.identity import KeysUnknown, Principal
from chassis_accounts.settings import Settings

CLIENTS = "/api/v1/auth/clients"
METADATA = "/.well-known/oauth-authorization-server"
GRANT = {"grant_type": "client_credentials"}


@pytest.fixture
async def root(app: FastAPI, ask_as: Any) -> AsyncIterator[AsyncClient]:
    """Call the garden from its root; it believes in no session longer than a moment."""
    ask_as(None)
    app.state.tokens._own._believed = 0
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://garden") as client:
        yield client


@pytest.fixture
async def program(root: AsyncClient, admin: dict[str, str]) -> dict[str, Any]:
    """A client that may read, with its secret."""
    answer = await root.post(CLIENTS, json={"name": "Nightly", "roles": ["reader"]}, headers=admin)
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    made: dict[str, Any] = answer.json()
    return made


def basic(program: Mapping[str, Any]) -> BasicAuth:
    return BasicAuth(program["id"], program["client_secret"])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def got(root: AsyncClient, program: Mapping[str, Any]) -> str:
    answer = await root.post("/oauth2/token", data=GRANT, auth=basic(program))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


async def status_with(root: AsyncClient, token: str) -> int:
    return (await root.get("/api/v1/beds", headers=bearer(token))).status_code


def refused(answer: Response, status: int, error: str) -> None:
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["cache-control"] == "no-store"


async def test_a_client_gets_a_token_for_what_its_roles_allow(
    root: AsyncClient, program: dict[str, Any], own: Settings
) -> None:
    in_form = {"client_id": program["id"], "client_secret": program["client_secret"]}
    answer = await root.post("/oauth2/token", data={**GRANT, **in_form})
    token = answer.json().pop("access_token")

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert {"refresh_token"}.isdisjoint(answer.json())
    assert answer.json()["expires_in"] == own.access_token_life
    assert await status_with(root, token) == 200
    assert (await root.post("/api/v1/beds", headers=bearer(token))).status_code == 403
    assert await status_with(root, await got(root, program)) == 200


@pytest.mark.parametrize("change", [{"disabled": True}, {"new_secret": True}, {"roles": []}])
async def test_a_client_that_is_changed_meanwhile_gets_no_token(
    root: AsyncClient,
    program: dict[str, Any],
    admin: dict[str, str],
    meanwhile: Any,
    change: dict[str, Any],
) -> None:
    meanwhile(lambda: root.patch(f"{CLIENTS}/{program['id']}", json=change, headers=admin))

    answer = await root.post("/oauth2/token", data=GRANT, auth=basic(program))

    refused(answer, 401, "invalid_client")


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        pytest.param({}, 400, "invalid_request", id="nothing"),
        pytest.param({"grant_type": "password"}, 400, "unsupported_grant_type", id="password"),
        pytest.param(GRANT, 401, "invalid_client", id="no client"),
        pytest.param({**GRANT, "client_id": "x"}, 401, "invalid_client", id="no id"),
        pytest.param(
            {"grant_type": "refresh_token", "refresh_token": "x"},
            400,
            "invalid_grant",
            id="refresh",
        ),
    ],
)
async def test_what_is_refused_is_refused_as_the_rfc_says(
    root: AsyncClient, form: dict[str, str], status: int, error: str
) -> None:
    refused(await root.post("/oauth2/token", data=form), status, error)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"grant_type=client_credentials&grant_type=refresh_token", id="twice"),
        pytest.param(b'{"grant_type": "client_credentials"}', id="json"),
        pytest.param(b"\xff=\xff", id="no text"),
        pytest.param(b"&".join(b"a%d=1" % n for n in range(21)), id="too many fields"),
    ],
)
async def test_what_is_no_form_is_refused(root: AsyncClient, body: bytes) -> None:
    refused(await root.post("/oauth2/token", content=body), 400, "invalid_request")


@pytest.mark.parametrize("header", ["Basic", "Basic ???", "Basic /w==", "Basic Og==", "Digest x"])
async def test_what_is_no_basic_is_no_client(root: AsyncClient, header: str) -> None:
    answer = await root.post("/oauth2/token", data=GRANT, headers={"Authorization": header})

    refused(answer, 401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic")


async def test_another_secret_ends_the_one_before_and_its_tokens(
    root: AsyncClient, program: dict[str, Any], admin: dict[str, str]
) -> None:
    token = await got(root, program)
    url = f"{CLIENTS}/{program['id']}"
    changed = (await root.patch(url, json={"new_secret": True}, headers=admin)).json()

    refused(
        await root.post("/oauth2/token", data=GRANT, auth=basic(program)), 401, "invalid_client"
    )
    assert await status_with(root, token) == 401
    assert await status_with(root, await got(root, changed)) == 200


async def test_a_client_that_is_disabled_or_gone_gets_nothing(
    root: AsyncClient, program: dict[str, Any], admin: dict[str, str]
) -> None:
    url = f"{CLIENTS}/{program['id']}"
    await root.patch(url, json={"disabled": True}, headers=admin)
    refused(
        await root.post("/oauth2/token", data=GRANT, auth=basic(program)), 401, "invalid_client"
    )
    await root.patch(url, json={"disabled": False}, headers=admin)
    token = await got(root, program)

    assert (await root.delete(url, headers=admin)).status_code == 204
    assert await status_with(root, token) == 401
    refused(
        await root.post("/oauth2/token", data=GRANT, auth=basic(program)), 401, "invalid_client"
    )


async def test_a_secret_is_shown_once(
    root: AsyncClient, program: dict[str, Any], admin: dict[str, str]
) -> None:
    answer = await root.get(CLIENTS, headers=admin)
    same = await root.patch(f"{CLIENTS}/{program['id']}", json={}, headers=admin)

    (shown,) = answer.json()["items"]
    assert shown["name"] == "Nightly"
    assert shown["client_secret"] is same.json()["client_secret"] is None
    assert program["client_secret"] not in answer.text
    assert "secret_hash" not in answer.text


async def test_only_administrators_manage_clients(
    root: AsyncClient, program: dict[str, Any], anna: dict[str, Any]
) -> None:
    for headers in (bearer(anna["access_token"]), bearer(await got(root, program))):
        assert (await root.get(CLIENTS, headers=headers)).status_code == 403
    unknown = {"name": "Other", "roles": ["nobody-has-this"]}
    assert (await root.post(CLIENTS, json=unknown)).status_code == 401


async def test_a_role_that_no_policy_names_is_refused(
    root: AsyncClient, admin: dict[str, str]
) -> None:
    answer = await root.post(CLIENTS, json={"name": "x", "roles": ["raeder"]}, headers=admin)

    assert answer.status_code == 422
    assert "raeder" in answer.text


async def test_a_session_is_refreshed_once(root: AsyncClient, anna: dict[str, Any]) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": anna["refresh_token"]}
    answer = await root.post("/oauth2/token", data=form)

    assert answer.status_code == 200
    assert answer.json()["refresh_token"] != anna["refresh_token"]
    assert await status_with(root, answer.json()["access_token"]) == 200


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_who_has_a_token_may_end_it(
    root: AsyncClient, anna: dict[str, Any], kind: str
) -> None:
    for token in (anna[kind], anna[kind], "nobody made this"):  # the same answer each time
        answer = await root.post("/oauth2/revoke", data={"token": token})
        assert (answer.status_code, answer.content) == (200, b"")

    assert await status_with(root, anna["access_token"]) == 401
    refused(await root.post("/oauth2/revoke"), 400, "invalid_request")


async def test_a_client_learns_whether_a_token_is_good(
    root: AsyncClient, program: dict[str, Any], anna: dict[str, Any]
) -> None:
    async def asked(token: str) -> dict[str, Any]:
        answer = await root.post("/oauth2/introspect", data={"token": token}, auth=basic(program))
        told: dict[str, Any] = answer.json()
        return told

    told = await asked(anna["access_token"])
    assert (told["active"], told["sub"], told["roles"]) == (True, anna["id"], ["reader"])
    assert "sid" not in told
    assert (await asked(await got(root, program)))["client_id"] == program["id"]
    assert await asked("nobody made this") == {"active": False}
    await root.post("/oauth2/revoke", data={"token": anna["access_token"]})
    assert await asked(anna["access_token"]) == {"active": False}
    alone = await root.post("/oauth2/introspect", data={"token": anna["access_token"]})
    refused(alone, 401, "invalid_client")


async def test_while_no_keys_can_be_read_nobody_says_whether_a_token_is_good(
    root: AsyncClient, program: dict[str, Any], anna: dict[str, Any], app: FastAPI
) -> None:
    async def unknown(_token: str) -> Principal:
        raise KeysUnknown

    app.state.tokens.principal_of = unknown
    sent = {"token": anna["access_token"]}
    for answer in (
        await root.post("/oauth2/revoke", data=sent),
        await root.post("/oauth2/introspect", data=sent, auth=basic(program)),
    ):
        assert (answer.status_code, answer.json()["status"]) == (503, 503)
        assert answer.headers["Retry-After"] == "1"


async def test_whoever_asks_names_no_address_in_the_metadata(root: AsyncClient) -> None:
    answer = await root.get(METADATA, headers={"Host": "elsewhere.example"})

    assert answer.status_code == 404
    assert "elsewhere" not in answer.text


async def test_the_metadata_say_where_everything_is(
    root: AsyncClient, app: FastAPI, own: Settings
) -> None:
    app.state.login.settings.accounts_issuer = "http://garden"
    told = (await root.get(METADATA)).json()

    assert told["issuer"] == own.accounts_issuer
    for name in ("token_endpoint", "revocation_endpoint", "introspection_endpoint"):
        assert (await root.post(told[name])).status_code == 400
    assert (await root.get(told["jwks_uri"])).status_code == 200


async def test_without_redis_no_client_gets_a_token(
    root: AsyncClient, program: dict[str, Any], server: FakeServer
) -> None:
    server.connected = False

    answer = await root.post("/oauth2/token", data=GRANT, auth=basic(program))

    assert answer.status_code == 503


async def test_without_redis_a_client_stays_as_it_is(
    root: AsyncClient, program: dict[str, Any], admin: dict[str, str], server: FakeServer
) -> None:
    url = f"{CLIENTS}/{program['id']}"
    server.connected = False

    changed = await root.patch(url, json={"disabled": True}, headers=admin)
    removed = await root.delete(url, headers=admin)

    assert (changed.status_code, removed.status_code) == (503, 503)
    assert not (await root.get(url, headers=admin)).json()["disabled"]


async def test_a_client_is_changed_and_removed_by_its_version(
    root: AsyncClient, program: dict[str, Any], admin: dict[str, str]
) -> None:
    url = f"{CLIENTS}/{program['id']}"
    first = (await root.get(url, headers=admin)).headers["ETag"]

    changed = await root.patch(url, json={"roles": []}, headers={**admin, "If-Match": first})
    late = await root.patch(url, json={"roles": []}, headers={**admin, "If-Match": first})
    too_late = await root.delete(url, headers={**admin, "If-Match": first})
    unchanged = await root.patch(url, json={}, headers=admin)
    now = {**admin, "If-Match": changed.headers["ETag"]}

    assert (late.status_code, too_late.status_code) == (412, 412)
    assert unchanged.headers["ETag"] == changed.headers["ETag"] != first
    assert (await root.delete(url, headers=now)).status_code == 204


@pytest.mark.parametrize(
    "name", [" Nightly", "Night\u200bly", "Nightly\n", "e\u0301", "\u00a0", "Night\0ly"]
)
async def test_a_name_of_a_client_has_one_way_to_be_written(
    root: AsyncClient, admin: dict[str, str], name: str
) -> None:
    answer = await root.post(CLIENTS, json={"name": name}, headers=admin)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "name"
