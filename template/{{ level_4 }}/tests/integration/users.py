"""Users of the running system: with an account where it has its own, else of the issuer of the tests."""

from uuid import uuid4

import httpx2
from tools.dev import identity
from tools.dev.system import base_environment

from tests.integration.system import ROOT, Started, document, system

ACCOUNTS = "/api/v1/auth/users"
SESSIONS = "/api/v1/auth/sessions"
TIMEOUT_S = 20


def logged_in(public: Started, *roles: str) -> tuple[str, dict[str, str]]:
    """Have somebody new log in at a service that users call; give the id, and what is sent with it.

    Accounts are made by who asks in tests, who may do so.
    """
    if ACCOUNTS not in document(public.service.name)["paths"]:
        who = f"anna-{uuid4().hex}"
        known = base_environment(ROOT, (), system().stand_ins)
        return who, _sent(identity.token_of(ROOT, who, roles, known))
    shown = {"email": f"{uuid4().hex}@example.com", "password": uuid4().hex}
    with httpx2.Client(base_url=public.url, timeout=TIMEOUT_S) as http:
        made = http.post(ACCOUNTS, json={**shown, "roles": roles})
        assert made.status_code == httpx2.codes.CREATED, made.text
        tokens = http.post(SESSIONS, json=shown)
        assert tokens.status_code == httpx2.codes.CREATED, tokens.text
    return str(made.json()["id"]), _sent(tokens.json()["access_token"])


def _sent(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
