"""What routes take from a request."""

from typing import Annotated, cast

from fastapi import Depends
from fastapi.requests import HTTPConnection

from chassis.identity import Principal, current
from chassis.problems import NotFound
from chassis_accounts.errors import NO_ACCOUNT, NOT_ALLOWED, Forbidden
from chassis_accounts.login.counter import Counter

LONGEST_CLIENT = 200


async def _counter(connection: HTTPConnection) -> Counter:
    return cast("Counter", connection.app.state.login)


async def _owner() -> Principal:
    principal = current()
    if principal is None:
        raise NotFound(NO_ACCOUNT)
    return principal


async def _administrator(connection: HTTPConnection) -> None:
    """Let nobody manage accounts whom the guard has let pass only to report it."""
    rules, principal = connection.app.state.rules, current()
    permission = rules.permission_of(connection.scope)
    if principal is None or not rules.allows(principal, permission):
        raise Forbidden(NOT_ALLOWED)


ADMINISTRATORS = [Depends(_administrator)]
CounterDep = Annotated[Counter, Depends(_counter)]
Owner = Annotated[Principal, Depends(_owner)]


def client_of(connection: HTTPConnection) -> str:
    """Name the program that asks, for the list of sessions."""
    told = connection.headers.get("user-agent", "")
    return "".join(filter(str.isprintable, told))[:LONGEST_CLIENT]
