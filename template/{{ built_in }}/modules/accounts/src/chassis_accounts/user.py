"""Makes an account from the command line: ``python -m chassis_accounts.user --email ...``.

It runs where the business API does, with the same settings. Somebody who has an account gets
another password and, where they are given, other roles.
"""

import argparse
import asyncio
import secrets
import sys
from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from chassis.features import FeatureSettings
from chassis.http_client import HttpClient
from chassis.identity.service_tokens import ServiceTokens
from chassis.problems import ProblemError
from chassis_accounts.keeping import Accounts
from chassis_accounts.passwords import Passwords
from chassis_accounts.records import AccountCreate, Address, Roles
from chassis_accounts.sessions import Sessions
from chassis_redis import redis_client

PROGRAM = "make user"
PASSWORD_BYTES = 18
SESSIONS_GO_ON = "sessions that are open go on: Redis does not answer"

_addresses: TypeAdapter[str] = TypeAdapter(Address)
_roles: TypeAdapter[list[str]] = TypeAdapter(Roles)


class UserSettings(FeatureSettings):
    """The settings of the business API."""

    data_api_url: str = "http://127.0.0.1:8001"


def main(arguments: Sequence[str] | None = None) -> None:
    """Make an account, and print its password, which is nowhere else."""
    parser = argparse.ArgumentParser(prog="python -m chassis_accounts.user", description=__doc__)
    parser.add_argument("--email", required=True, help="whose account it is")
    parser.add_argument(
        "--roles", default="", help="what it may do: roles of policy.toml, with commas"
    )
    given = parser.parse_args(arguments)
    try:
        email = _addresses.validate_python(given.email)
        roles = _roles.validate_python(
            [one.strip() for one in given.roles.split(",") if one.strip()]
        )
    except ValidationError:
        sys.exit(
            f"{PROGRAM}: takes an e-mail address and names of roles with commas, such as"
            f" anna@example.com and reader,editor; got: {given.email!r} and {given.roles!r}"
        )
    try:
        for line in asyncio.run(make(UserSettings(), email, roles)):
            sys.stdout.write(f"{line}\n")
    except ProblemError as error:
        sys.exit(f"{PROGRAM}: {error.detail} Does the data service run, with the same SERVICE_KEY?")


async def make(settings: UserSettings, email: str, roles: list[str]) -> list[str]:
    """Make an account or renew one, and say what was done; raises ProblemError."""
    http = HttpClient(settings)
    tokens = ServiceTokens(settings.service_key.get_secret_value(), settings.clock_leeway)
    http.header_providers.append(lambda: {"Authorization": f"Bearer {tokens.made_by(PROGRAM)}"})
    try:
        accounts = Accounts(http, settings.data_api_url)
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        proof = await Passwords(settings).hashed(password)
        known = await accounts.by_email(email)
        if known is None:
            new = AccountCreate(email=email, password_hash=proof, roles=roles)
            made = await accounts.add(new)
            done = [f"{email} is made"]
        else:
            changes = {"password_hash": proof, "disabled": False, "roles": roles or known.roles}
            made = await accounts.change(known.id, changes, known.version)
            done = [f"{email} has another password", *await _ended(settings, str(made.id))]
    finally:
        await http.close()
    return [*done, f"roles: {', '.join(made.roles) or 'none'}", f"password: {password}"]


async def _ended(settings: UserSettings, account: str) -> list[str]:
    redis = redis_client.connect(settings)
    try:
        await Sessions(redis, settings.redis_namespace, settings).end_all(account)
    except redis_client.AWAY:
        return [SESSIONS_GO_ON]
    finally:
        await redis.aclose()
    return []


if __name__ == "__main__":
    main()
