"""What routes take from a request."""

from dataclasses import replace
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


def owner(principal: Principal, counter: Counter) -> Principal:
    """Give who asks as these accounts know it: for those of another issuer, one that has none.

    Whatever id the other issuer has given somebody, it is that of no account here.
    """
    if principal.issuer in {None, counter.settings.accounts_issuer}:
        return principal
    return replace(principal, identity="", session=None)


async def _owner(connection: HTTPConnection) -> Principal:
    principal = current()
    if principal is None:
        raise NotFound(NO_ACCOUNT)
    return owner(principal, await _counter(connection))


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
